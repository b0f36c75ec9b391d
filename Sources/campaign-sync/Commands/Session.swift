import Core

/// What the commands that work on jobs have in common.
struct Session {
  let common: CommonOptions
  let work: WorkOptions

  init(_ common: CommonOptions, _ work: WorkOptions) {
    self.common = common
    self.work = work
  }

  /// Runs the jobs one after the other, parents before children; deletions go the other way.
  ///
  /// One failing job does not stop the others.
  func perform(
    _ command: String, _ goal: IngressRun.Goal, _ names: [String], all: Bool = false,
    standardDeadline: Duration? = nil
  ) async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      for name in names { try workspace.job(name) }  // before any of them runs
      let names = workspace.folder.inLinkOrder(all ? workspace.folder.jobs.map(\.name) : names)
        .flatMap(\.self)
      let deadline = work.deadline ?? standardDeadline
      let linked = Set(names.filter { workspace.folder.isLinked($0, among: names) })
      var results: [JobResult] = []
      for name in names where !StopFlag.isUp {
        results.append(
          await run(command, goal, name, in: workspace, deadline, linked.contains(name)))
      }
      for name in names.reversed() where linked.contains(name) && !StopFlag.isUp {
        guard let index = results.firstIndex(where: { $0.job == name && $0.waitsToDelete }) else {
          continue
        }
        let deletes = await run(command, .job(.deletes), name, in: workspace, deadline, false)
        results[index] = results[index].followed(by: deletes)
      }
      try Report.print(results, json: work.json, quiet: common.quiet)
    }
  }

  /// - Parameter leavesDeletes: a second pass deletes, children before parents.
  private func run(
    _ command: String, _ goal: IngressRun.Goal, _ name: String, in workspace: Workspace,
    _ deadline: Duration?, _ leavesDeletes: Bool
  ) async -> JobResult {
    do throws(SyncError) {
      let run = IngressRun(
        try workspace.ingress(name), workspace, command: command, goal: goal, options: work,
        deadline: deadline, leavesDeletes: leavesDeletes)
      return await run.perform()
    } catch {
      return JobResult(job: name, outcome: .failed, says: error.reason, failure: error)
    }
  }
}
