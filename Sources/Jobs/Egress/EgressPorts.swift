import Core

/// What an egress job works with.
package struct EgressPorts: Sendable {
  /// The table of a job and how rows become its activities; asked for when there is an event.
  package typealias Form = @Sendable () async throws(SyncError) -> EventForm

  package var export: ExportReader
  package var activities: any ActivitySink
  package var ledger: any Ledger & ArrivedEvents
  package var form: Form
  package var patience: Patience
  /// Pending records looked at in one go.
  package var page = 1_000

  package init(
    export: ExportReader, activities: any ActivitySink, ledger: any Ledger & ArrivedEvents,
    form: @escaping Form, patience: Patience
  ) {
    self.export = export
    self.activities = activities
    self.ledger = ledger
    self.form = form
    self.patience = patience
  }
}
