/// A workflow of Campaign that loads staged files when its signal activity is triggered.
package protocol ImportWorkflow: Sendable {
  func describe(workflow: String, signal: String) async throws(SyncError) -> WorkflowDescription
  /// Triggers the signal activity once; never repeats.
  func trigger(
    workflow: String, signal: String, source: String, parameters: [String: String]
  ) async throws(SyncError) -> TriggerOutcome
}

package struct WorkflowDescription: Sendable, Equatable {
  package enum Status: String, Sendable { case editing, started, finished, warning, error, unknown }
  package var status: Status
  /// Declared parameters of the signal, where the instance shows them: name -> type.
  package var parameters: [String: String]?
  package var hasSignal: Bool

  package init(status: Status, parameters: [String: String]?, hasSignal: Bool) {
    self.status = status
    self.parameters = parameters
    self.hasSignal = hasSignal
  }
}

package enum TriggerOutcome: Sendable, Equatable {
  case triggered
  /// Not JSON: the ten minutes since the last signal are not over, or the workflow does not wait.
  case notNow
  /// Refused for what was sent: an undeclared parameter, for example.
  case refused(code: String)
  case unknown
}
