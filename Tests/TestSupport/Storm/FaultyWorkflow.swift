import Core

/// Campaign's workflow in a story: a signal is taken or not, and its answer arrives or does not.
package struct FaultyWorkflow: ImportWorkflow {
  private let inner: any ImportWorkflow
  private let world: World

  package init(_ inner: any ImportWorkflow, _ world: World) {
    self.inner = inner
    self.world = world
  }

  package func describe(
    workflow: String, signal: String
  ) async throws(SyncError) -> WorkflowDescription {
    try world.point("describe workflow")
    return try await inner.describe(workflow: workflow, signal: signal)
  }

  package func trigger(
    workflow: String, signal: String, source: String, parameters: [String: String]
  ) async throws(SyncError) -> TriggerOutcome {
    try world.point("before signal")
    if world.happens(oneIn: 6) { return .unknown }
    let outcome = try await inner.trigger(
      workflow: workflow, signal: signal, source: source, parameters: parameters)
    try world.point("after signal")
    return world.happens(oneIn: 6) ? .unknown : outcome
  }
}
