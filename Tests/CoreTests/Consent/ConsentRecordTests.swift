import Core
import TestSupport
import Testing

@Suite struct ConsentRecordTests {
  typealias Trigger = ConsentRule.Trigger

  private static let contact = RowKey(high: 0x4000, low: 1 << 63 | 1)

  private static func seen(_ value: Bool, _ at: Int64?, _ file: Int64) -> ConsentObservation {
    ConsentObservation(value: value, at: at.map { Instant(seconds: $0) }, file: file)
  }

  private static func record(_ observed: ConsentObservation?) throws -> ConsentRecord {
    var record = ConsentRecord(contact, try #require(ConsentAttribute("denyListEmail")))
    record.observed = observed
    return record
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var known: ConsentObservation?
    var seen: ConsentObservation
    /// What is known then; nil: as before.
    var becomes: ConsentObservation?
    var due: Trigger?
    var testDescription: String { name }

    init(
      _ name: String, _ known: ConsentObservation?, _ seen: ConsentObservation,
      becomes: ConsentObservation? = nil, due: Trigger? = nil
    ) {
      (self.name, self.known, self.seen) = (name, known, seen)
      (self.becomes, self.due) = (becomes, due)
    }
  }

  /// Values, times, and when the file was written.
  static let cases: [Case] = [
    .init(
      "the first one is taken", nil, seen(false, 50, 100), becomes: seen(false, 50, 100),
      due: .firstSight),
    .init(
      "also without a time", nil, seen(true, nil, 100), becomes: seen(true, nil, 100),
      due: .firstSight),
    .init("the same again is nothing", seen(true, 50, 100), seen(true, 50, 100)),

    // Both times are known.
    .init(
      "a newer time replaces", seen(true, 50, 100), seen(false, 51, 200),
      becomes: seen(false, 51, 200), due: .campaign),
    .init(
      "a newer time with the same value is a change too", seen(true, 50, 100), seen(true, 51, 200),
      becomes: seen(true, 51, 200), due: .campaign),
    .init("an older time never replaces", seen(true, 50, 100), seen(false, 49, 200)),
    .init("nor does it by opting out", seen(false, 50, 100), seen(true, 49, 200)),
    .init(
      "a newer time counts in a file that comes late", seen(true, 50, 100), seen(false, 51, 90),
      becomes: seen(false, 51, 90), due: .campaign),
    .init(
      "the same time: the newer file", seen(true, 50, 100), seen(false, 50, 200),
      becomes: seen(false, 50, 200), due: .firstSight),
    .init("the same time: not the older file", seen(true, 50, 100), seen(false, 50, 90)),
    .init("nor does it by opting out then", seen(false, 50, 100), seen(true, 50, 90)),
    .init(
      "the same time and second of the file: the opt-out", seen(false, 50, 100),
      seen(true, 50, 100), becomes: seen(true, 50, 100), due: .firstSight),
    .init("and it stays", seen(true, 50, 100), seen(false, 50, 100)),
    .init(
      "the same in a newer file is remembered as that new, and nothing is due",
      seen(true, 50, 100), seen(true, 50, 200), becomes: seen(true, 50, 200)),

    // The new one has no time.
    .init(
      "no time, another value, a newer file: the time is unknown", seen(true, 50, 100),
      seen(false, nil, 200), becomes: seen(false, nil, 200), due: .firstSight),
    .init("no time, another value, an older file", seen(true, 50, 100), seen(false, nil, 90)),
    .init("no time, another value, the same second", seen(true, 50, 100), seen(false, nil, 100)),
    .init(
      "no time, an opt-out, the same second", seen(false, 50, 100), seen(true, nil, 100),
      becomes: seen(true, nil, 100), due: .firstSight),
    .init(
      "no time, the same value: the known time stays", seen(true, 50, 100), seen(true, nil, 200),
      becomes: seen(true, 50, 200)),

    // The known one has no time.
    .init(
      "the first known time of the same value is no change", seen(true, nil, 100),
      seen(true, 50, 200), becomes: seen(true, 50, 200), due: .firstSight),
    .init(
      "with another value it is one", seen(true, nil, 100), seen(false, 50, 200),
      becomes: seen(false, 50, 200), due: .campaign),
    .init("not from an older file", seen(true, nil, 100), seen(false, 50, 90)),
    .init("nor with the same value", seen(true, nil, 100), seen(true, 50, 90)),
    .init(
      "a known time of the same second and value", seen(true, nil, 100), seen(true, 50, 100),
      becomes: seen(true, 50, 100), due: .firstSight),
    .init(
      "a known time of the same second does not opt in", seen(true, nil, 100),
      seen(false, 50, 100)),
    .init(
      "a known time of the same second opts out", seen(false, nil, 100), seen(true, 50, 100),
      becomes: seen(true, 50, 100), due: .campaign),

    // Neither has one.
    .init(
      "no times: the newer file", seen(true, nil, 100), seen(false, nil, 200),
      becomes: seen(false, nil, 200), due: .firstSight),
    .init("no times: not the older file", seen(true, nil, 100), seen(false, nil, 90)),
    .init("no times, the same second: not the opt-in", seen(true, nil, 100), seen(false, nil, 100)),
    .init(
      "no times, the same second: the opt-out", seen(false, nil, 100), seen(true, nil, 100),
      becomes: seen(true, nil, 100), due: .firstSight),
  ]

  @Test("What an export shows against what is known", arguments: cases)
  func take(_ one: Case) throws {
    var record = try Self.record(one.known)
    let isDifferent = record.take(one.seen)
    #expect(isDifferent == (one.becomes != nil))
    #expect(record.observed == one.becomes ?? one.known)
    #expect(record.due == one.due)
  }

  @Test("A file that comes late does not outdo a newer one that said nothing new")
  func lateFile() throws {
    for at in [50, nil] as [Int64?] {
      var record = try Self.record(nil)
      for (value, file) in [(true, 100), (true, 300), (false, 200)] as [(Bool, Int64)] {
        record.take(Self.seen(value, at, file))
      }
      #expect(record.observed == Self.seen(true, at, 300))
    }
  }

  @Test("A stronger reason stays, a weaker one is raised")
  func reasons() throws {
    for first in Trigger.allCases {
      for second in Trigger.allCases {
        var record = try Self.record(nil)
        record.dynamics = .optedOut  // decided about before
        record.raise(first)
        record.raise(second)
        #expect(record.due == (first.strength > second.strength ? first : second))
      }
    }
  }

  @Test("Whatever exports show before anything was decided is one first sight")
  func firstSight() throws {
    var record = try Self.record(nil)
    record.take(Self.seen(true, 50, 100))
    record.take(Self.seen(false, 60, 200))
    #expect(record.observed == Self.seen(false, 60, 200) && record.due == .firstSight)
    (record.due, record.dynamics) = (nil, .optedOut)
    record.take(Self.seen(true, 70, 300))
    record.take(Self.seen(false, 80, 400))
    #expect(record.due == .campaign)
  }

  @Test("A value has the time that an export told of this very value")
  func times() throws {
    var record = try Self.record(nil)
    #expect(record.time(of: true) == nil && record.time(of: nil) == nil)
    record.take(Self.seen(true, 50, 100))
    #expect(record.time(of: true) == Instant(seconds: 50))
    #expect(record.time(of: false) == nil && record.time(of: nil) == nil)
  }

  // MARK: orders

  /// Few different times, files and values, so that many are the same.
  private static func set(
    _ dice: inout SeededGenerator, hasTimes: Bool
  ) -> [ConsentObservation] {
    (0..<(2 + dice.below(5))).map { _ in
      seen(dice.below(2) == 0, hasTimes ? Int64(50 + dice.below(3)) : nil, Int64(dice.below(4)))
    }
  }

  private static func shuffled(
    _ all: [ConsentObservation], _ dice: inout SeededGenerator
  ) -> [ConsentObservation] {
    var (rest, order) = (all, [ConsentObservation]())
    while !rest.isEmpty { order.append(rest.remove(at: dice.below(rest.count))) }
    return order
  }

  /// Said once more, without a fold: the newest time, of it the newest file, of it an opt-out.
  private static func newest(_ all: [ConsentObservation]) -> ConsentObservation? {
    let time = all.compactMap(\.at).max()
    let ofTime = all.filter { $0.at == time }
    let file = ofTime.map(\.file).max()
    let ofFile = ofTime.filter { $0.file == file }
    return ofFile.first(where: \.value) ?? ofFile.first
  }

  @Test("In whatever order files come, the same is known in the end", arguments: [true, false])
  func orders(hasTimes: Bool) throws {
    for seed in UInt64(1)...1000 {
      var dice = SeededGenerator(seed: seed)
      let all = Self.set(&dice, hasTimes: hasTimes)
      for _ in 0..<6 {
        let order = Self.shuffled(all, &dice)
        var record = try Self.record(nil)
        for one in order { record.take(one) }
        #expect(record.observed == Self.newest(all), "seed \(seed): \(order)")
        // All of them once more, as a run does that was killed.
        for one in Self.shuffled(all, &dice) {
          let isDifferent = record.take(one)
          #expect(!isDifferent, "seed \(seed)")
        }
      }
    }
  }

  @Test("With and without times mixed, nothing older than what is known ever replaces it")
  func mixed() throws {
    for seed in UInt64(1)...1000 {
      var dice = SeededGenerator(seed: seed)
      let all = Self.set(&dice, hasTimes: true) + Self.set(&dice, hasTimes: false)
      var record = try Self.record(nil)
      for one in Self.shuffled(all, &dice) {
        let known = record.observed
        record.take(one)
        guard let known, let now = record.observed, now.value != known.value else { continue }
        if let old = known.at, let new = now.at { #expect(new >= old, "seed \(seed)") }
        if known.at == nil || now.at == nil { #expect(now.file >= known.file, "seed \(seed)") }
        if now.file == known.file, now.at == nil || known.at == nil || now.at == known.at {
          #expect(now.value, "seed \(seed): an opt-in won a tie")
        }
      }
    }
  }
}
