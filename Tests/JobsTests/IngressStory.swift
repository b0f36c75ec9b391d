import Core
import Gzip
import TestSupport

@testable import Jobs

/// What happens to a job over some days, told again and again under other weather.
enum IngressStory: String, CaseIterable, Sendable {
  case byFile, byAPI, byCron, expired, replayed, replayedByAPI, changesByFile
  /// The first load, and a replay, by ranges.
  case byRanges

  enum Step {
    case run(IngressJob.Goal)
    case change
    /// More of the same, of which the token will tell nothing.
    case changeUnseen
    case replay
  }

  private var isByAPI: Bool { [.byAPI, .replayedByAPI].contains(self) }

  /// Records that it leaves in Campaign.
  ///
  /// Of 66 rows 1 is never mapped, 3 are removed, 2 filtered out; of what the token does not tell, 4
  /// more are removed, 2 come, 1 leaves the filter and 1 comes back to it.
  var leaves: Int { steps.contains { $0.isUnseen } ? 58 : 60 }

  var steps: [Step] {
    switch self {
    case .byFile: [.run(.initial), .change, .run(.delta), .run(.delta)]
    case .byAPI: [.run(.initial), .change, .run(.delta), .run(.delta)]
    case .expired:
      [.run(.initial), .change, .run(.delta), .changeUnseen, .run(.delta), .run(.next)]
    case .replayed, .byRanges:
      [.run(.initial), .change, .run(.delta), .changeUnseen, .replay, .run(.initial), .run(.delta)]
    case .replayedByAPI:
      [.run(.initial), .change, .run(.delta), .changeUnseen, .replay, .run(.next), .run(.delta)]
    case .changesByFile: [.run(.initial), .change, .run(.next), .run(.delta)]
    case .byCron: [.run(.next), .run(.next), .change, .run(.next), .run(.delta)]
    }
  }

  func bench(_ world: World, breach: Breach? = nil) throws -> IngressBench {
    let bench = try IngressBench(world, breach: breach) { settings in
      if isByAPI { settings.initial = .api }
      if self == .changesByFile {
        settings.delta = .file
        for index in settings.fields.indices { settings.fields[index].applyUpdates = true }
      }
      settings.deletes.apply = true
      settings.filter = Contacts.filter(.delete)
    }
    if self == .byRanges { bench.wish { $0.partitionFrom = 20 } }
    Contacts.fill(bench.table, 60)
    if !isByAPI { bench.workflow.dislike(Contacts.key(17)) }
    return bench
  }

  /// Plays all steps, each again until it ends well, and looks at what is left.
  func play(_ world: World, breach: Breach? = nil) throws -> IngressEnd {
    let bench = try bench(world, breach: breach)
    for step in steps {
      switch step {
      case .change: change(bench.table)
      case .changeUnseen: changeUnseen(bench.table)
      case .replay: bench.replay()
      case .run(let goal):
        if let problem = bench.persist(goal) { return IngressEnd(bench, problem: problem) }
      }
    }
    world.clearUp()
    var end = IngressEnd(bench, problem: bench.persist(.delta))
    end.isByRanges = self == .byRanges
    return end
  }

  private func change(_ table: MemoryTable) {
    for number in [3, 8, 13, 21, 34, 55] {
      table.change(Contacts.key(number), ["firstname": .string("Changed \(number)")])
    }
    table.change(Contacts.key(5), ["firstname": Contacts.tooLong])
    for number in [2, 11, 40, 54] { table.remove(Contacts.key(number)) }
    table.put(Contacts.key(11), Contacts.row(11), leavingTombstone: true)
    for number in [25, 33] { table.change(Contacts.key(number), ["cs_tier": "left"]) }
    for number in 60..<66 { table.put(Contacts.key(number), Contacts.row(number)) }
  }
}

extension IngressStory {
  private func changeUnseen(_ table: MemoryTable) {
    for number in [4, 9, 14, 22, 35] {
      table.change(Contacts.key(number), ["firstname": .string("Unseen \(number)")])
    }
    for number in [1, 20, 41, 60] { table.remove(Contacts.key(number)) }
    for number in 70..<72 { table.put(Contacts.key(number), Contacts.row(number)) }
    table.change(Contacts.key(26), ["cs_tier": "left"])
    table.change(Contacts.key(25), ["cs_tier": "gold"])
    table.expireTokens()
  }
}

extension IngressStory.Step {
  fileprivate var isUnseen: Bool {
    if case .changeUnseen = self { return true }
    return false
  }
}

extension IngressBench {
  /// Runs one goal as a person or a crontab would: again after a death, and later where it says so.
  ///
  /// - Returns: why that led nowhere.
  func persist(_ goal: IngressJob.Goal) -> String? {
    for _ in 0..<60 {
      let outcome = life(goal)
      if world.isDead {
        restart(losingPower: world.below(2) == 0)
      } else if let failure = outcome.failure {
        guard failure.kind == .unavailable else { return "\(failure)" }
        world.pass(.seconds(failure.isLoading ? 240 : 60))
      } else if goal != .next || state?.delta.rounds ?? 0 > 0 {
        return nil
      }
    }
    return "sixty lives were not enough"
  }
}

/// How a story ended: what must be the same under any weather.
struct IngressEnd: Equatable {
  var problem: String?
  var contents: [String: [[String: String]]]
  var known: [String: KnownRow]
  var waiting: [String]
  /// Name -> the contents that ever stood under it.
  var published: [String: Set<[UInt8]>]
  var loaded: [String: [UInt8]]
  var sealed: [SealedPart]
  var phase: IngressState.Phase?
  var halfFiles: [String]
  var importProblems: [String]
  var violations: [String]

  init(_ bench: IngressBench, problem: String?) {
    self.problem = problem
    contents = bench.resource.contents
    known = Dictionary(
      uniqueKeysWithValues: bench.ledger.rows.map { ($0.key.description, $0.value) })
    waiting = bench.ledger.waiting + bench.ledger.deletions.map { "\($0) deletion" }
    published = bench.dropbox.published
    loaded = bench.workflow.loaded
    sealed = bench.state?.stage.sealed ?? []
    phase = bench.state?.phase
    halfFiles = bench.box.files.keys.filter { $0.hasSuffix(".part") }.sorted()
    importProblems = bench.workflow.problems
    violations = bench.world.violations
    writes = bench.resource.meter.writes
  }

  let writes: Int

  /// Readers share the ranges: which part a row is in is chance, and that it is in one is not.
  var isByRanges = false

  /// The lines of all loaded parts but their headers, sorted.
  var lines: [String] {
    loaded.sorted { $0.key < $1.key }.flatMap { name, file -> [String] in
      let bytes = (try? Inflater.gunzip(file, of: name, limit: 1 << 20)) ?? []
      return bytes.split(separator: 0x0A).dropFirst().map { String(decoding: $0, as: UTF8.self) }
    }.sorted()
  }

  /// What differs, by name; empty where nothing does.
  ///
  /// Counts of writes are judged elsewhere.
  func differences(from calm: IngressEnd) -> [String] {
    var names: [String] = []
    if let problem { names.append(problem) }
    if contents != calm.contents { names.append("contents of Campaign") }
    if known != calm.known { names.append("known rows") }
    if waiting != calm.waiting { names.append("pending records") }
    if isByRanges {
      if lines != calm.lines { names.append("loaded rows") }
    } else {
      if published != calm.published { names.append("published files") }
      if loaded != calm.loaded { names.append("loaded files") }
      if sealed != calm.sealed { names.append("sealed parts") }
    }
    if phase != calm.phase { names.append("phase") }
    if !halfFiles.isEmpty { names.append("half files") }
    return names + importProblems
  }
}
