import ArgumentParser
import Core
import Disk
import Glibc
import Jobs
import Ledger

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Look at or drop the memory of a job.",
    subcommands: [Show.self, Clear.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Print where a job stands.")

    @Argument(help: "The job.") var name: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Report.explaining {
        let workspace = try Workspace(common)
        if case .egress(let settings) = try workspace.built(name) {
          let state = EgressJobState(settings, in: workspace.environment)
          return try await CheckpointText.lines(state).forEach(Standard.output)
        }
        let state = JobState(try workspace.ingress(name), in: workspace.environment)
        guard let checkpoint = try state.checkpoints.load() else {
          return Standard.output("\(name): no checkpoint; the job has never run")
        }
        for line in CheckpointText.lines(checkpoint, clock: SystemClock()) {
          Standard.output(line)
        }
        let ledger = try SQLiteLedger.open(in: state.folder)
        Standard.output("known     \(TimeText.count(try await ledger.knownCount())) rows")
        Standard.output("pending   \(TimeText.count(try await ledger.pendingCount())) records")
      }
    }
  }

  struct Clear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "clear",
      abstract: "Forget where a job stands: its checkpoint, its ledger and its spool.",
      discussion: "The next run loads everything again. Campaign keeps what it has.")

    @Argument(help: "The job.") var name: String
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Report.explaining {
        let workspace = try Workspace(common)
        let job = try workspace.built(name)
        try ask()
        let place = JobPlace(name, in: workspace.environment)
        guard case .acquired(let lock) = try RunLock.attempt(in: place.folder) else {
          throw SyncError(
            .unavailable, "clear \(name)", "a run holds its lock",
            next: "campaign-sync status \(name)")
        }
        defer { lock.release() }
        if case .egress(let settings) = job {
          try EgressJobState(settings, in: workspace.environment).clear()
          Standard.output("\(name): cleared; the next run reads every export file again")
        } else {
          try JobState(try workspace.ingress(name), in: workspace.environment).clear()
          Standard.output("\(name): cleared; the next run loads everything again")
        }
      }
    }

    private func ask() throws(SyncError) {
      if yes { return }
      guard Standard.inputIsTerminal else {
        throw SyncError(
          .configuration, "clear \(name)", "there is no terminal to ask on",
          code: SyncError.usageCode, next: "campaign-sync checkpoint clear \(name) --yes")
      }
      Standard.write("Forget where \(name) stands, and load everything again? [y/N] ", to: 2)
      guard readLine()?.lowercased().hasPrefix("y") == true else { throw .stopped }
    }
  }
}

/// A checkpoint in words.
enum CheckpointText {
  static func lines(_ checkpoint: Checkpoint<IngressState>, clock: any Clock) -> [String] {
    let state = checkpoint.state
    let identity = checkpoint.identity
    var lines = [
      "table     \(identity.table) of \(identity.dynamicsHost)",
      "resource  \(identity.resource) of \(identity.campaign), key \(identity.key)",
      "run       \(state.run)", "phase     \(state.phase.rawValue)",
      "exported  \(TimeText.count(state.export.rows)) rows, \(state.export.pages) pages",
      "published \(state.stage.published.count) of \(state.stage.sealed.count) parts",
    ]
    if let signalled = state.load.signalled {
      lines.append("signalled \(TimeText.utc(signalled))")
    }
    if let proof = state.load.proof { lines.append("proof     \(proof.rawValue)") }
    if let token = state.delta.token {
      lines.append(
        "token     \(TimeText.span(clock.now - token.taken)) old"
          + (token.expiry.map { ", expires \(TimeText.utc($0))" } ?? ""))
    }
    lines.append("deltas    \(state.delta.rounds)")
    return lines
  }
}

extension CheckpointText {
  /// Where an egress job stands.
  static func lines(_ job: EgressJobState) async throws(SyncError) -> [String] {
    guard let checkpoint = try job.checkpoints.load() else {
      return ["\(job.settings.name): no checkpoint; the job has never run"]
    }
    let (state, identity) = (checkpoint.state, checkpoint.identity)
    let ledger = try SQLiteLedger.open(in: job.place.folder)
    var lines = [
      "event     \(identity.resource) of \(identity.campaign)",
      "table     \(identity.table) of \(identity.dynamicsHost)",
      "rounds    \(state.rounds)",
      "pending   \(TimeText.count(try await ledger.pendingCount())) events, "
        + "\(TimeText.count(try await ledger.heldCount())) of them wait for their contact",
      "files     \(state.waiting.count) seen and not finished",
    ]
    for file in state.waiting {
      let mark = try await ledger.file(file.name)
      let read = mark.map { ", read to byte \(TimeText.count(Int($0.offset)))" } ?? ""
      lines.append("          \(file.name), \(TimeText.count(Int(file.size))) bytes\(read)")
    }
    return lines
  }
}

extension DeltaToken {
  var expiry: Instant? { days.map { taken + .seconds($0 * 86_400) } }
}
