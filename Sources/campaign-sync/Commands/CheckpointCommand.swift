import ArgumentParser
import Core
import Disk
import Glibc
import Jobs
import Ledger

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint", abstract: "Look at, keep or drop the memory of a job.",
    subcommands: [Show.self, Adopt.self, Clear.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Print where a job stands.")

    @Argument(help: "The job.") var name: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Report.explaining {
        let workspace = try Workspace(common)
        switch try workspace.job(name) {
        case .egress(let settings):
          let state = EgressJobState(settings, in: workspace.environment)
          return try await CheckpointText.lines(state).forEach(Standard.output)
        case .optOut(let settings):
          let state = OptOutJobState(settings, in: workspace.environment)
          return try await CheckpointText.lines(state, SystemClock()).forEach(Standard.output)
        case .ingress: break
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
        for line in try await CheckpointText.deletions(ledger, now: SystemClock().now) {
          Standard.output(line)
        }
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
        let job = try workspace.job(name)
        if !yes {
          try ask("Forget where \(name) stands, and load everything again?", "clear", of: name)
        }
        let lock = try lock(JobPlace(name, in: workspace.environment), for: "clear")
        defer { lock.release() }
        switch job {
        case .ingress(let settings):
          try JobState(settings, in: workspace.environment).clear()
          Standard.output("\(name): cleared; the next run loads everything again")
        case .egress(let settings):
          try EgressJobState(settings, in: workspace.environment).clear()
          Standard.output("\(name): cleared; the next run reads every export file again")
        case .optOut(let settings):
          try OptOutJobState(settings, in: workspace.environment).clear()
          Standard.output(
            "\(name): cleared, with its decisions; the next run reads everything again")
        }
      }
    }
  }

  struct Adopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "adopt",
      abstract: "Go on with a checkpoint under another address, or without its ledger.",
      discussion: """
        After the Dynamics environment or the Campaign instance got another address, after the
        ledger was lost, or after the state was put back from a backup. Nothing is believed any
        more: the next run reads every row, compares it with Campaign, and looks for the rows that
        are gone. Another table, resource or key cannot be adopted.
        """)

    @Argument(help: "The job.") var name: String
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Report.explaining {
        let workspace = try Workspace(common)
        let job = try workspace.job(name)
        let (place, clock) = (JobPlace(name, in: workspace.environment), SystemClock())
        guard place.hasCheckpoint else {
          return Standard.output("\(name): no checkpoint; the job has never run")
        }
        if !yes {
          try ask("Go on with the checkpoint of \(name), and compare every row?", "adopt", of: name)
        }
        let lock = try lock(place, for: "adopt")
        defer { lock.release() }
        let patience = Patience.ofRun(clock, deadline: .seconds(120))
        let dynamics = try Connections(workspace.environment, patience: patience).dynamics()
        let organization = try await dynamics.organization().id
        let says: String
        switch job {
        case .ingress(let settings):
          says = try JobState(settings, in: workspace.environment).adopt(organization: organization)
        case .egress(let settings):
          says = try EgressJobState(settings, in: workspace.environment)
            .adopt(organization: organization, now: clock.now)
        case .optOut(let settings):
          says = try OptOutJobState(settings, in: workspace.environment)
            .adopt(organization: organization, now: clock.now)
        }
        Standard.output("\(name): \(says)")
      }
    }
  }
}

private func ask(_ question: String, _ verb: String, of name: String) throws(SyncError) {
  guard Standard.inputIsTerminal else {
    throw SyncError(
      .configuration, "\(verb) \(name)", "there is no terminal to ask on",
      code: SyncError.usageCode, next: "campaign-sync checkpoint \(verb) \(name) --yes")
  }
  Standard.write("\(question) [y/N] ", to: 2)
  guard readLine()?.lowercased().hasPrefix("y") == true else { throw .stopped }
}

private func lock(_ place: JobPlace, for verb: String) throws(SyncError) -> RunLock {
  guard case .acquired(let lock) = try RunLock.attempt(in: place.folder) else {
    throw SyncError(
      .unavailable, "\(verb) \(place.name)", "a run holds its lock",
      next: "campaign-sync status \(place.name)")
  }
  return lock
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
      "exported  \(TimeText.count(state.export.writtenRows)) rows, \(state.export.pages) pages",
      "published \(state.stage.published.count) of \(state.stage.sealed.count) parts",
    ]
    if let signalled = state.load.signalled {
      lines.append("signalled \(TimeText.utc(signalled))")
    }
    if let proof = state.load.proof { lines.append("proof     \(proof.rawValue)") }
    if let token = state.delta.token ?? state.loadToken {
      lines.append(
        "token     \(TimeText.span(clock.now - token.taken)) old"
          + (token.expiry.map { ", expires \(TimeText.utc($0))" } ?? ""))
    }
    lines.append("deltas    \(state.delta.rounds)")
    if let words = state.recoveryWords { lines.append("recovery  \(words)") }
    return lines
  }

  /// How many deletions wait, and the first of them.
  static func deletions(
    _ ledger: SQLiteLedger, now: Instant
  ) async throws(SyncError) -> [String] {
    let counts = try await ledger.deletionCounts(since: now)
    let count = counts.waiting + counts.released
    if count == 0 { return [] }
    var first = try await ledger.deletions(released: true, after: nil, limit: 20)
    first += try await ledger.deletions(released: false, after: nil, limit: 20)
    let released = counts.released > 0 ? ", \(TimeText.count(counts.released)) on their way" : ""
    let more = count > 20 ? ", the first 20:" : ":"
    return ["deletions \(TimeText.count(count)) wait\(released)\(more)"]
      + first.prefix(20).map { "          \($0.key)" }
  }
}

extension IngressState {
  /// What is done beside following the changes, in words; nil where nothing is.
  var recoveryWords: String? {
    if isMarkedForReplay { return "marked for a replay: everything is loaded again" }
    if let recovery {
      let first =
        recovery.chains ?? 0 > delta.rounds ? "the changes since the old token, then " : ""
      return "\(recovery.reason.words): \(first)every row is read and compared, "
        + "\(TimeText.count(recovery.rows)) so far"
    }
    guard phase == .loaded, let absence else { return nil }
    return "known rows that were not read are looked for, \(TimeText.count(absence.checked)) so far"
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
    ]
    lines += try await waiting(state.waiting, ledger)
    return lines
  }

  private static func waiting(
    _ files: [WaitingFile], _ ledger: SQLiteLedger
  ) async throws(SyncError) -> [String] {
    var lines = ["files     \(files.count) seen and not finished"]
    for file in files {
      let mark = try await ledger.file(file.name)
      let read = mark.map { ", read to byte \(TimeText.count(Int($0.offset)))" } ?? ""
      lines.append("          \(file.name), \(TimeText.count(Int(file.size))) bytes\(read)")
    }
    return lines
  }

  /// Where an opt-out job stands.
  static func lines(
    _ job: OptOutJobState, _ clock: any Clock
  ) async throws(SyncError) -> [String] {
    guard let checkpoint = try job.checkpoints.load() else {
      return ["\(job.name): no checkpoint; the job has never run"]
    }
    let (state, identity) = (checkpoint.state, checkpoint.identity)
    let ledger = try SQLiteLedger.open(in: job.place.folder)
    var lines = [
      "table     \(identity.table) of \(identity.dynamicsHost)",
      "resource  \(identity.resource) of \(identity.campaign), key \(identity.key)",
      "rounds    \(state.rounds)",
      "due       \(TimeText.count(try await ledger.dueCount())) contacts",
      "pending   \(TimeText.count(try await ledger.pendingCount())) contacts",
    ]
    if let token = state.changes.token {
      lines.append(
        "token     \(TimeText.span(clock.now - token.taken)) old"
          + (token.expiry.map { ", expires \(TimeText.utc($0))" } ?? ""))
    }
    lines += try await waiting(state.waiting, ledger)
    return lines
  }
}
