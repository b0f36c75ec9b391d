import Core
import Jobs

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
    _ command: String, _ goal: IngressRun.Goal, _ names: [String] = [], all: Bool = false,
    choosing: ((Workspace) throws(SyncError) -> [String])? = nil,
    keepingPosition: Bool = false, standardDeadline: Duration? = nil
  ) async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      for name in names { try workspace.job(name) }  // before any of them runs
      let chosen = try choosing?(workspace) ?? (all ? workspace.folder.jobs.map(\.name) : names)
      let events = workspace.egressJobs.filter { chosen.contains($0.name) }
      let names = workspace.folder.inLinkOrder(chosen).flatMap(\.self)
        .filter { name in !events.contains { $0.name == name } }
      let deadline = work.deadline ?? standardDeadline
      let linked = Set(names.filter { workspace.folder.isLinked($0, among: names) })
      var results: [JobResult] = []
      for name in names where !StopFlag.isUp {
        results.append(
          await run(
            command, goal, name, in: workspace, keepingPosition: keepingPosition, deadline,
            linked.contains(name)))
      }
      for name in names.reversed() where linked.contains(name) && !StopFlag.isUp {
        guard let index = results.firstIndex(where: { $0.job == name && $0.waitsToDelete }) else {
          continue
        }
        let deletes = await run(command, .job(.deletes), name, in: workspace, deadline, false)
        results[index] = results[index].followed(by: deletes)
      }
      results += await bring(events, command, goal, in: workspace, deadline)
      try Report.print(results, json: work.json, quiet: common.quiet)
    }
  }

  /// The egress jobs, all at once: none waits for another.
  private func bring(
    _ jobs: [EgressSettings], _ command: String, _ goal: IngressRun.Goal, in workspace: Workspace,
    _ deadline: Duration?
  ) async -> [JobResult] {
    if StopFlag.isUp { return [] }
    return await withTaskGroup(of: JobResult.self) { group in
      for settings in jobs {
        group.addTask {
          do throws(SyncError) {
            guard case .egress = try workspace.built(settings.name),
              let goal = EgressJob.Goal(goal)
            else { throw .notForEgress(command, settings.name) }
            let run = EgressRun(
              settings, workspace, command: command, goal: goal, options: work,
              deadline: deadline, drawingProgress: jobs.count == 1)
            return await run.perform()
          } catch {
            return JobResult(
              job: settings.name, outcome: .failed, says: error.reason, failure: error)
          }
        }
      }
      var results: [JobResult] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.job < $1.job }
    }
  }

  /// - Parameter leavesDeletes: a second pass deletes, children before parents.
  private func run(
    _ command: String, _ goal: IngressRun.Goal, _ name: String, in workspace: Workspace,
    keepingPosition: Bool = false, _ deadline: Duration?, _ leavesDeletes: Bool
  ) async -> JobResult {
    do throws(SyncError) {
      let run = IngressRun(
        try workspace.ingress(name), workspace, command: command, goal: goal, options: work,
        keepingPosition: keepingPosition, deadline: deadline, leavesDeletes: leavesDeletes)
      return await run.perform()
    } catch {
      return JobResult(job: name, outcome: .failed, says: error.reason, failure: error)
    }
  }
}

extension EgressJob.Goal {
  /// Nil for what only ingress jobs do.
  fileprivate init?(_ goal: IngressRun.Goal) {
    switch goal {
    case .job(.next): self = .next
    case .job(.retry): self = .retry
    default: return nil
    }
  }
}

extension SyncError {
  fileprivate static func notForEgress(_ command: String, _ job: String) -> SyncError {
    SyncError(
      .configuration, "\(command) \(job)", "this command works on ingress jobs",
      code: SyncError.usageCode, next: "campaign-sync run \(job)")
  }
}
