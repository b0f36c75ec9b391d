import Core

/// What the commands that work on jobs have in common.
struct Session {
  let common: CommonOptions
  let work: WorkOptions

  init(_ common: CommonOptions, _ work: WorkOptions) {
    self.common = common
    self.work = work
  }

  /// Runs the jobs one after the other; one failing job does not stop the others.
  func perform(
    _ command: String, _ goal: IngressRun.Goal, _ names: [String], all: Bool = false,
    keepingPosition: Bool = false, standardDeadline: Duration? = nil
  ) async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      for name in names { try workspace.job(name) }  // before any of them runs
      var results: [JobResult] = []
      for name in all ? workspace.folder.jobs.map(\.name) : names {
        let settings: IngressSettings
        do throws(SyncError) {
          settings = try workspace.ingress(name)
        } catch {
          results.append(
            JobResult(job: name, outcome: .failed, says: error.reason, failure: error))
          continue
        }
        let run = IngressRun(
          settings, workspace, command: command, goal: goal, options: work,
          keepingPosition: keepingPosition, deadline: work.deadline ?? standardDeadline)
        results.append(await run.perform())
        if StopFlag.isUp { break }
      }
      try Report.print(results, json: work.json, quiet: common.quiet)
    }
  }
}
