import Core
import TestSupport

@testable import Jobs

/// Weeks of people who change their minds on both sides, files that come late, and bad weather.
struct ConsentStory {
  let seed: UInt64
  let bench: ConsentBench
  let hasUnknownTimes: Bool
  private var dice: SeededGenerator
  private var people: [RowKey]
  /// Contact and attribute whose newest word was said in Campaign.
  private var saidInCampaign: Set<String> = []
  /// Those that an export with known times has shown before.
  private var observed: Set<String> = []
  private var late: [(name: String, bytes: [UInt8])] = []
  private var files = 0

  init(seed: UInt64, _ direction: OptOutSettings.Direction) {
    self.seed = seed
    dice = SeededGenerator(seed: seed &* 31 &+ 7)
    hasUnknownTimes = seed % 4 == 0
    bench = ConsentBench(
      World(seed: seed, kills: Int(seed % 4), span: 250, isLossy: seed % 3 != 0), direction)
    people = (0..<10).map(ConsentBench.contact)
  }

  private mutating func below(_ bound: Int) -> Int { dice.below(bound) }

  /// - Returns: why the story led nowhere, or what it left wrong.
  mutating func play() -> [String] {
    begin()
    if let problem = bench.settle() { return [problem] }
    for contact in people where bench.profiles.profiles[contact] != nil {
      for name in ConsentBench.attributes { observed.insert("\(contact) \(name)") }
    }
    for _ in 0..<30 {
      step()
      if below(3) == 0, let problem = live() { return [problem] }
    }
    bench.world.clearUp()
    publishLate()
    // Of two files of one second nobody knows which is newer.
    bench.world.pass(.seconds(2))
    let silent = silentOnes(people)
    bench.publish(bench.export(people) { silent.contains($0) }, as: name())
    for _ in 0..<2 {
      if let problem = bench.settle() { return [problem] }
    }
    var wrong = bench.world.violations + differences()
    wrong += echo(silent)
    return wrong
  }

  /// Two more rounds, and one with everything exported again: nobody writes anything.
  private mutating func echo(_ silent: Set<RowKey>) -> [String] {
    let before = (bench.contacts.meter.sent, bench.profiles.updates)
    bench.world.pass(.seconds(2))
    bench.publish(bench.export(people) { silent.contains($0) }, as: name())
    for _ in 0..<2 {
      if let problem = bench.settle() { return [problem] }
    }
    let after = (bench.contacts.meter.sent, bench.profiles.updates)
    return before == after ? [] : ["an echo: \(before) writes, then \(after)"]
  }

  private mutating func begin() {
    for contact in people {
      let values = ConsentBench.attributes.indices.map { _ in below(4) == 0 }
      for index in values.indices {
        bench.sayInDynamics(contact, index, values[index])
        bench.sayInCampaign(contact, index, values[index])
      }
      if below(6) == 0 { bench.contacts.put(contact, [ConsentBench.columns[below(3)]: nil]) }
      pause()
    }
    publish(everybody: true)
  }

  private mutating func pause() {
    bench.world.pass(.milliseconds([0, 90, 400, 1_000, 7_350, 3_600_000][below(6)]))
  }

  private mutating func step() {
    let contact = people[below(people.count)]
    let index = below(ConsentBench.attributes.count)
    let pair = "\(contact) \(ConsentBench.attributes[index])"
    switch below(20) {
    case 0...4:
      let old = bench.inDynamics(contact, index)
      if bench.contacts.contacts[contact] != nil {
        bench.sayInDynamics(contact, index, old.map { !$0 } ?? true)
        saidInCampaign.remove(pair)
      }
    case 5...9:
      if let old = bench.inCampaign(contact, index) {
        bench.sayInCampaign(contact, index, !old)
        saidInCampaign.insert(pair)
      }
    case 10: if bench.contacts.contacts[contact] != nil { bench.contacts.touch(contact) }
    case 11, 12: publish(everybody: below(2) == 0)
    case 13: keepForLater()
    case 14: publishLate()
    case 15: bench.contacts.remove(contact)
    case 16: bench.profiles.remove(contact)
    case 17:
      let new = ConsentBench.contact(100 + files + below(1_000))
      people.append(new)
      bench.sayInDynamics(new, index, below(2) == 0)
      if below(2) == 0 { bench.sayInCampaign(new, index, below(2) == 0) }
    case 18:
      // Ingress makes the profile, with the opt-outs that are true in Dynamics.
      if bench.contacts.contacts[contact] != nil, bench.profiles.profiles[contact] == nil {
        let values = ConsentBench.attributes.indices.map {
          (ConsentBench.attributes[$0], bench.inDynamics(contact, $0) == true)
        }
        bench.profiles.put(contact, Dictionary(uniqueKeysWithValues: values))
        for name in ConsentBench.attributes { observed.remove("\(contact) \(name)") }
      }
    default: bench.contacts.table.expireTokens()
    }
    pause()
  }

  private mutating func name() -> String {
    files += 1
    return RunName.padded(files, 6)
  }

  private mutating func exported(everybody: Bool) -> [UInt8] {
    let some = everybody ? people : people.filter { _ in below(2) == 0 }
    let silent = silentOnes(some)
    return bench.export(some) { silent.contains($0) }
  }

  /// Whose times an export does not tell.
  private mutating func silentOnes(_ some: [RowKey]) -> Set<RowKey> {
    hasUnknownTimes ? Set(some.filter { _ in below(5) == 0 }) : []
  }

  private mutating func publish(everybody: Bool) {
    bench.publish(exported(everybody: everybody), as: name())
  }

  /// Written now, and brought when newer files are there already.
  private mutating func keepForLater() {
    late.append((name(), exported(everybody: true)))
  }

  private mutating func publishLate() {
    for file in late.reversed() { bench.publish(file.bytes, as: file.name) }
    late = []
  }

  /// One life, and whatever it takes to be alive again.
  private func live() -> String? {
    let outcome = bench.life()
    if bench.world.isDead { bench.world.reboot() }
    guard let failure = outcome.failure, failure.kind != .unavailable else { return nil }
    return "\(failure)"
  }

  // MARK: how both sides stand

  private func differences() -> [String] {
    var wrong: [String] = []
    for contact in Set(people) {
      guard bench.contacts.contacts[contact] != nil, bench.profiles.profiles[contact] != nil
      else { continue }
      for (index, name) in ConsentBench.attributes.enumerated() {
        let dynamics = bench.inDynamics(contact, index) ?? false
        let campaign = bench.inCampaign(contact, index) ?? false
        guard dynamics != campaign, isExpectedEqual("\(contact) \(name)", campaign),
          campaign || !isDoubtful(contact, name)
        else { continue }
        wrong.append("\(contact) \(name): Dynamics \(dynamics), Campaign \(campaign)")
      }
    }
    return wrong.sorted()
  }

  /// A process was killed while it opted the person in, and the row was another one afterwards: what
  /// came first is not known, and nobody is opted in for it.
  private func isDoubtful(_ contact: RowKey, _ name: String) -> Bool {
    bench.ledger.allDecisions.contains {
      $0.contact == contact && $0.attribute.name == name && $0.outcome == .begun
        && $0.becomes.dynamics == false
    }
  }

  private func isExpectedEqual(_ pair: String, _ campaign: Bool) -> Bool {
    if bench.settings.direction == .bidirectional { return true }
    guard saidInCampaign.contains(pair) else { return false }
    return campaign || (observed.contains(pair) && !hasUnknownTimes)
  }
}

extension ConsentBench {
  /// Runs the job as a crontab would until it has ended well once and nothing is left to do.
  ///
  /// - Returns: why that led nowhere.
  func settle() -> String? {
    for _ in 0..<60 {
      let rounds = state?.rounds ?? 0
      let outcome = life()
      if world.isDead {
        world.reboot()
      } else if let failure = outcome.failure {
        guard failure.kind == .unavailable else { return "\(failure)" }
        world.pass(.seconds(60))
      } else if outcome.state.rounds == rounds + 1, outcome.state.waiting.isEmpty {
        return nil
      }
    }
    return "sixty lives were not enough"
  }
}
