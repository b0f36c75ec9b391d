import Core

/// What an egress job works with.
package struct EgressPorts: Sendable {
  /// The table of a job and how rows become its activities; asked for when there is an event.
  package typealias Form = @Sendable () async throws(SyncError) -> EventForm

  package var dropbox: any Dropbox
  package var activities: any ActivitySink
  package var ledger: any Ledger & ArrivedEvents
  package var form: Form
  /// Of the first bytes of a file, as text.
  package var digest: @Sendable ([UInt8]) -> String
  package var patience: Patience
  /// Something to be told that is no failure: a file that is not taken, by its name.
  package var note: @Sendable (String) -> Void
  package var sizes = Sizes()

  /// What is in memory at once.
  package struct Sizes: Sendable {
    /// Events handed to the sink in one call.
    package var slice = 4_000
    /// Bytes read from the server in one call.
    package var block = 1 << 20
    /// Bytes that are taken apart before the slice is looked at again.
    package var piece = 1 << 16
    /// Bytes of a file that a slice may pass over without an event.
    package var passed = 16 << 20
    /// Pending records looked at in one go.
    package var page = 1_000
    package init() {}
  }

  package init(
    dropbox: any Dropbox, activities: any ActivitySink, ledger: any Ledger & ArrivedEvents,
    form: @escaping Form, digest: @escaping @Sendable ([UInt8]) -> String, patience: Patience,
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.dropbox = dropbox
    self.activities = activities
    self.ledger = ledger
    self.form = form
    self.digest = digest
    self.patience = patience
    self.note = note
  }
}
