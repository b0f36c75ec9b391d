import Core

/// What a run came to: the counts of what was committed, and why it ended early, if it did.
package struct RunOutcome<State: Sendable>: Sendable {
  package var tally: Tally
  package var state: State
  package var failure: SyncError?

  package init(tally: Tally = Tally(), state: State, failure: SyncError? = nil) {
    self.tally = tally
    self.state = state
    self.failure = failure
  }
}

/// Asks the job what can run, drives it, commits, and asks again until nothing can.
package func run<J: Job>(_ job: J, through ports: CommitPorts<J.State>) async -> RunOutcome<J.State>
{
  let committer: Committer<J.State>
  do throws(SyncError) {
    committer = try Committer(start: job.start, ports: ports)
  } catch {
    return RunOutcome(tally: Tally(), state: job.start, failure: error)
  }
  var failure: SyncError?
  while failure == nil {
    let lanes = job.lanes(in: await committer.state)
    if lanes.isEmpty { break }
    let before = await committer.commits
    failure = await drive(lanes, into: committer)
    do throws(SyncError) {
      try await committer.commit()  // what was emitted is true, come what may
    } catch {
      failure = failure ?? error
    }
    if failure == nil, await committer.commits == before {
      failure = .noProgress(lanes.map(\.name))
    }
  }
  return RunOutcome(
    tally: await committer.tally, state: await committer.state, failure: failure)
}

/// One task a lane; one failure stops all.
///
/// The first failure that is not a stop is the answer.
private func drive<State: Codable & Sendable>(
  _ lanes: [Lane<State>], into committer: Committer<State>
) async -> SyncError? {
  await withTaskGroup(of: SyncError?.self) { group in
    for lane in lanes {
      group.addTask {
        do throws(SyncError) {
          try await lane.work { advance throws(SyncError) in
            try await committer.emit(advance, from: lane.name)
          }
          return nil
        } catch {
          return error
        }
      }
    }
    var failure: SyncError?
    for await error in group {
      guard let error else { continue }
      if failure == nil || (failure?.isStop == true && !error.isStop) { failure = error }
      group.cancelAll()
    }
    return failure
  }
}

extension SyncError {
  static func noProgress(_ lanes: [String]) -> SyncError {
    SyncError(
      .bug, "run " + lanes.joined(separator: ", "), "the lanes ended without a step forward",
      next: "report this with `campaign-sync history JOB` and the log")
  }
}
