import Core

extension SyncError {
  /// The code of a load that goes on without us.
  package static let loadingCode = "loading"
  package var isLoading: Bool { code == SyncError.loadingCode }

  static func loading(
    _ job: String, workflow: String, command: String
  ) -> SyncError {
    SyncError(
      .unavailable, "go on with \(job)", "LOADING: waiting for workflow \(workflow) to finish",
      code: loadingCode, next: "the next run looks again; `campaign-sync \(command) \(job)` waits")
  }

  static func importNotProven(
    _ job: String, workflow: String, command: String
  ) -> SyncError {
    SyncError(
      .unavailable, "prove the import of \(job)",
      "workflow \(workflow) gave no proof within `import.timeout`; the job is still LOADING",
      next:
        "campaign-sync \(command) \(job), or `campaign-sync confirm \(job)` when it has finished")
  }

  static func importFailed(
    _ job: String, workflow: String, command: String
  ) -> SyncError {
    SyncError(
      .rejectedData, "import \(job)", "workflow \(workflow) stopped with an error in Campaign",
      next: "mend the workflow \(workflow), restart it, then `campaign-sync \(command) \(job)`")
  }

  static func signalRefused(_ job: String, _ signal: String, code: String) -> SyncError {
    SyncError(
      .configuration, "signal the import of \(job)",
      "Campaign refused the signal \(signal): its parameters must be exactly those the workflow "
        + "declares, and the workflow must be started",
      code: code, next: "compare `import.parameters` with the activity, then run again")
  }
}
