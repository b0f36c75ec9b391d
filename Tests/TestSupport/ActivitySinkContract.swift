import Core
import Testing

/// What every `ActivitySink` promises; each case is checked on a far side of its own.
///
/// - Shape: the sink's world has the table of `mapping` and the contacts of `contacts`, and not
///   `stranger`.
package enum ActivitySinkContract: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case resolvesTheJobsTable, findsWhatIsWrong, knowsContacts, createsInOrder
  case repeatsAreAlreadyThere, oneBadOneCostsItself, manyAtOnce, theTimelineShowsThem

  package var testDescription: String { rawValue }

  package struct Scene: Sendable {
    package var sink: any ActivitySink
    package var mapping: ActivityMapping
    package var contacts: [RowKey]
    package var stranger = RowKey(high: 0x0bad_0bad_0bad_4bad, low: 0x8bad_0bad_0bad_0bad)

    /// - Parameter contacts: at least three.
    package init(_ sink: any ActivitySink, _ mapping: ActivityMapping, contacts: [RowKey]) {
      self.sink = sink
      self.mapping = mapping
      self.contacts = contacts
    }

    fileprivate func activity(
      _ number: Int, of contact: RowKey? = nil, url: String = "https://www.example.org/a?b=c"
    ) -> Activity {
      Activity(
        id: RowKey(high: 0x1111_2222_3333_5000 | UInt64(number), low: 0x8000_0000_0000_0001),
        subject: "Campaign Name: Spring; Delivery Name: DM\(number)",
        contact: contact ?? contacts[number % contacts.count],
        at: Instant(seconds: 1_770_000_000 + Int64(number)),
        texts: ["campaign": "Spring", "delivery": "DM\(number)", "url": url])
    }
  }

  package func check(_ scene: Scene) async throws {
    let sink = scene.sink
    if self == .findsWhatIsWrong { return try await findsWhatIsWrong(scene) }
    let table = try await sink.prepare(scene.mapping)
    try #require(table.findings.isEmpty, "\(table.findings)")
    switch self {
    case .findsWhatIsWrong: break
    case .resolvesTheJobsTable:
      #expect(table.logicalName == scene.mapping.table)
      #expect(table.columns.mapValues(\.name) == scene.mapping.columns)
      #expect(table.columns["campaign"]?.maxLength != nil)
      #expect(table.subjectLength != nil)
      #expect(!table.regarding.isEmpty && !table.entitySet.isEmpty)
    case .knowsContacts:
      let asked = scene.contacts + [scene.stranger]
      #expect(try await sink.contacts(among: asked) == Set(scene.contacts))
      #expect(try await sink.contacts(among: []).isEmpty)
      let many = (0..<700).map { RowKey(high: 0x4000 | UInt64($0) << 32, low: 1 << 63) }
      #expect(try await sink.contacts(among: many + [scene.contacts[0]]) == [scene.contacts[0]])
    case .createsInOrder:
      let new = [scene.activity(1), scene.activity(2, of: scene.stranger), scene.activity(3)]
      #expect(try await sink.create(new, in: table) == [.created, .contactMissing, .created])
      #expect(try await sink.create([], in: table).isEmpty)
    case .repeatsAreAlreadyThere:
      #expect(try await sink.create([scene.activity(1)], in: table) == [.created])
      let again = (1...3).map { scene.activity($0) }
      #expect(try await sink.create(again, in: table) == [.alreadyThere, .created, .created])
      #expect(
        try await sink.create(again, in: table) == Array(repeating: .alreadyThere, count: 3))
    case .oneBadOneCostsItself: try await oneBadOneCostsItself(scene, table)
    case .manyAtOnce:
      let many = (0..<2_500).map { scene.activity($0) }
      let outcomes = try await sink.create(many, in: table)
      #expect(outcomes.count == 2_500 && outcomes.allSatisfy { $0 == .created })
    case .theTimelineShowsThem: try await showsTimeline(scene, table)
    }
  }

  private func findsWhatIsWrong(_ scene: Scene) async throws {
    var wrong = scene.mapping
    wrong.columns["campaign"] = (wrong.columns["campaign"] ?? "") + "x"
    let table = try await scene.sink.prepare(wrong)
    #expect(table.findings.count == 1)
    #expect(table.findings.first?.nearest == scene.mapping.columns["campaign"])
    wrong = scene.mapping
    wrong.table.removeLast()
    let nowhere = try await scene.sink.prepare(wrong)
    #expect(nowhere.findings.first?.nearest == scene.mapping.table)
  }

  private func oneBadOneCostsItself(_ scene: Scene, _ table: ActivityTable) async throws {
    var many = (0..<300).map { scene.activity($0) }
    many[77] = scene.activity(77, url: String(repeating: "x", count: 5_000))
    many[200] = scene.activity(200, of: scene.stranger)
    let outcomes = try await scene.sink.create(many, in: table)
    #expect(outcomes.count { $0 == .created } == 298)
    #expect(outcomes[200] == .contactMissing)
    guard case .refused(let code, let excerpt) = outcomes[77] else {
      Issue.record("a text that is too long: \(outcomes[77])")
      return
    }
    #expect(!code.isEmpty && !excerpt.contains("xxxx"))
  }

  private func showsTimeline(_ scene: Scene, _ table: ActivityTable) async throws {
    let contact = scene.contacts[0]
    let mine = (1...3).map { scene.activity($0, of: contact) }
    _ = try await scene.sink.create(mine + [scene.activity(4, of: scene.contacts[1])], in: table)
    let timeline = try await scene.sink.timeline(of: contact, limit: 10)
    #expect(timeline.map(\.id) == mine.reversed().map(\.id))
    #expect(timeline.map(\.at) == mine.reversed().map(\.at))
    #expect(timeline.map(\.subject) == mine.reversed().map(\.subject))
    #expect(timeline.allSatisfy { $0.table == scene.mapping.table && $0.isCompleted })
    #expect(try await scene.sink.timeline(of: contact, limit: 2).count == 2)
    #expect(try await scene.sink.timeline(of: scene.stranger, limit: 2).isEmpty)
  }
}
