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
  /// Then opt-outs are decided, and events are brought.
  ///
  /// One failing job does not stop the others; all have one deadline. A first load of profiles ends
  /// with a run of the opt-out job.
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
      let optOuts = workspace.folder.jobs.filter { job in
        if case .optOut = job { chosen.contains(job.name) } else { false }
      }.map(\.name)
      let names = workspace.folder.inLinkOrder(chosen).flatMap(\.self)
        .filter { name in workspace.folder.ingress(name) != nil }
      let end = (work.deadline ?? standardDeadline).map { SystemClock().now + $0 }
      let linked = Set(names.filter { workspace.folder.isLinked($0, among: names) })
      var results: [JobResult] = []
      for name in names where !StopFlag.isUp {
        results.append(
          await run(
            command, goal, name, in: workspace, keepingPosition: keepingPosition, until: end,
            linked.contains(name)))
      }
      for name in names.reversed() where linked.contains(name) && !StopFlag.isUp {
        guard let index = results.firstIndex(where: { $0.job == name && $0.waitsToDelete }) else {
          continue
        }
        let deletes = await run(command, .job(.deletes), name, in: workspace, until: end, false)
        results[index] = results[index].followed(by: deletes)
      }
      for name in optOuts + optOutsOfLoad(goal, results, in: workspace) where !StopFlag.isUp {
        results.append(
          await decide(name, command, goal, in: workspace, keepingPosition, until: end))
      }
      results += await bring(events, command, goal, in: workspace, until: end)
      try Report.print(results, json: work.json, quiet: common.quiet)
    }
  }

  /// The opt-out job, where `initial` has just loaded the profiles: who opted out meanwhile stays so.
  private func optOutsOfLoad(
    _ goal: IngressRun.Goal, _ results: [JobResult], in workspace: Workspace
  ) -> [String] {
    guard goal == .job(.initial), let profiles = workspace.profileJob,
      results.contains(where: { $0.job == profiles.name && $0.outcome == .done })
    else { return [] }
    return workspace.optOutJobs.map(\.name)
  }

  private func decide(
    _ name: String, _ command: String, _ goal: IngressRun.Goal, in workspace: Workspace,
    _ keepsPosition: Bool, until end: Instant?
  ) async -> JobResult {
    do throws(SyncError) {
      try begin("begin \(name)", before: end)
      guard case .optOut(let settings) = try workspace.job(name),
        let goal = OptOutJob.Goal(goal)
      else { throw .onlyForIngress(command, name) }
      let run = OptOutRun(
        settings, workspace, command: command, goal: goal, options: work,
        keepingPosition: keepsPosition, until: end)
      return await run.perform()
    } catch {
      return JobResult(job: name, outcome: .failed, says: error.reason, failure: error)
    }
  }

  /// The egress jobs, all at once: none waits for another.
  private func bring(
    _ jobs: [EgressSettings], _ command: String, _ goal: IngressRun.Goal, in workspace: Workspace,
    until end: Instant?
  ) async -> [JobResult] {
    if StopFlag.isUp { return [] }
    return await withTaskGroup(of: JobResult.self) { group in
      for settings in jobs {
        group.addTask {
          do throws(SyncError) {
            try begin("begin \(settings.name)", before: end)
            guard let goal = EgressJob.Goal(goal) else {
              throw .onlyForIngress(command, settings.name)
            }
            let run = EgressRun(
              settings, workspace, command: command, goal: goal, options: work,
              until: end, drawingProgress: jobs.count == 1)
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

  /// - Throws: where the deadline is over before it is the job's turn.
  private func begin(_ action: String, before end: Instant?) throws(SyncError) {
    guard let end, SystemClock().now >= end else { return }
    throw SyncError(
      .unavailable, action, "the deadline of the command was over before its turn",
      next: "run the same command again, with a later --deadline if this happens often")
  }

  /// - Parameter leavesDeletes: a second pass deletes, children before parents.
  private func run(
    _ command: String, _ goal: IngressRun.Goal, _ name: String, in workspace: Workspace,
    keepingPosition: Bool = false, until end: Instant?, _ leavesDeletes: Bool
  ) async -> JobResult {
    do throws(SyncError) {
      try begin(
        goal == .job(.deletes) ? "make the deletions of \(name)" : "begin \(name)", before: end)
      let run = IngressRun(
        try workspace.ingress(name), workspace, command: command, goal: goal, options: work,
        keepingPosition: keepingPosition, until: end, leavesDeletes: leavesDeletes)
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

extension OptOutJob.Goal {
  /// Nil for what only ingress jobs do; a first load ends with a run of this job.
  fileprivate init?(_ goal: IngressRun.Goal) {
    switch goal {
    case .job(.next), .job(.initial): self = .next
    case .job(.retry): self = .retry
    default: return nil
    }
  }
}

extension SyncError {
  fileprivate static func onlyForIngress(_ command: String, _ job: String) -> SyncError {
    SyncError(
      .configuration, "\(command) \(job)", "this command works on ingress jobs",
      code: SyncError.usageCode, next: "campaign-sync run \(job)")
  }
}
