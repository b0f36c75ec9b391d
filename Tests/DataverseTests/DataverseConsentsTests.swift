import Core
import HTTP
import Sandbox
import Synchronization
import TestSupport
import Testing

@testable import Dataverse

@Suite(.timeLimit(.minutes(15)))
struct DataverseConsentsTests {
  static let columns = ["donotbulkemail", "donotphone", "followemail"]

  private func scene(_ stand: ActivityStand) async -> ContactConsentsContract.Scene {
    await stand.optIn(stand.contacts)
    return ContactConsentsContract.Scene(
      stand.consents, contacts: stand.contacts, columns: Self.columns,
      change: { await stand.set($0, $1, $2) },
      remove: { await stand.service.delete($0, of: "contact") })
  }

  @Test("What all opt-outs promise", arguments: ContactConsentsContract.allCases)
  func contract(_ promise: ContactConsentsContract) async throws {
    try await promise.check(await scene(try await ActivityStand()))
  }

  @Test(
    "The same in memory, also where a storm could be", arguments: ContactConsentsContract.allCases,
    [true, false])
  func contractInMemory(_ promise: ContactConsentsContract, isInAStory: Bool) async throws {
    let consents = MemoryConsents(clock: FakeClock())
    let contacts = (1...20).map { RowKey(high: 0x4000, low: 1 << 63 | UInt64($0)) }
    for contact in contacts {
      consents.put(contact, Dictionary(uniqueKeysWithValues: Self.columns.map { ($0, false) }))
    }
    try await promise.check(
      .init(
        isInAStory ? FaultyConsents(consents, World.calm()) : consents, contacts: contacts,
        columns: Self.columns,
        change: { consents.put($0, [$1: $2]) }, remove: { consents.remove($0) }))
  }

  @Test(
    "The same with several users, where no batch is taken",
    arguments: ContactConsentsContract.allCases, [1, 3])
  func contractWithoutBatches(_ promise: ContactConsentsContract, users: Int) async throws {
    let stand = try await ActivityStand(users: users)
    await stand.wire.meddle { request, _ in
      request.url.hasSuffix("$batch") ? .answer(.html(501)) : .pass
    }
    try await promise.check(await scene(stand))
    await stand.checkConditions()
  }

  @Test("A thousand contacts cost few requests, by all users", arguments: [1, 3])
  func costs(users: Int) async throws {
    let stand = try await ActivityStand(users: users, contacts: 1000)
    let changes = try await stand.optOuts(stand.contacts)
    #expect(await stand.wire.requests.count == 1)
    await stand.wire.forget()
    let outcomes = try await stand.consents.write(changes)
    #expect(outcomes == changes.map { _ in .written })
    #expect(await stand.service.counters.updates == 1000)
    let requests = await stand.wire.requests
    #expect(requests.count <= 14, "\(requests.count)")
    let tokens = requests.compactMap { request in
      request.headers.first { $0.name == "Authorization" }?.value
    }
    #expect(Set(tokens).count == users)
    await stand.checkConditions()
  }

  @Test("Parts that are throttled go again, after the wait, and are written once")
  func throttledParts() async throws {
    let stand = try await ActivityStand {
      $0.throttledParts = 70
      $0.retryAfterSeconds = 7
    }
    let outcomes = try await stand.consents.write(try await stand.optOuts(stand.contacts))
    #expect(outcomes == stand.contacts.map { _ in .written })
    #expect(stand.clock.sleeps.reduce(.zero, +) >= .seconds(7))
    #expect(await stand.service.counters.updates == stand.contacts.count)
  }

  @Test("A storm of 429 slows down and loses nothing", arguments: [true, false], [4, 1])
  func storm(hasBatches: Bool, lanes: Int) async throws {
    let stand = try await ActivityStand(users: 2, concurrency: lanes, contacts: 300) {
      $0.limitsEnabled = true
      $0.requestLimit = 6
      $0.executionLimit = hasBatches ? 1500 : 9000
      $0.windowSeconds = 60
    }
    if !hasBatches {
      await stand.wire.meddle { request, _ in
        request.url.hasSuffix("$batch") ? .answer(.html(501)) : .pass
      }
    }
    let outcomes = try await stand.consents.write(try await stand.optOuts(stand.contacts))
    #expect(outcomes == stand.contacts.map { _ in .written })
    let counters = await stand.service.counters
    #expect(counters.throttled > 0)
    // With several lanes, what one sleeps is time that the requests of the others are on their way.
    if lanes == 1 { #expect(counters.violations == 0) }
  }

  @Test(
    "A lost answer is never taken for a write, nor for somebody else's", arguments: [true, false])
  func lostAnswers(hasBatches: Bool) async throws {
    let stand = try await ActivityStand(contacts: 400)
    let changes = try await stand.optOuts(stand.contacts)
    let struck = Struck()
    await stand.wire.meddle { request, number in
      guard request.method != "GET" else { return .pass }
      let isBatch = request.url.hasSuffix("$batch")
      if !hasBatches, isBatch { return .answer(.html(501)) }
      // No single row is struck until the writer gives it up.
      if [2, 5].contains(number % 7), !isBatch, !struck.take(request.url) { return .pass }
      return switch number % 7 {
      case 2: .cut(isExecuted: true)
      case 5: .cut(isExecuted: false)
      default: .pass
      }
    }
    let outcomes = try await stand.consents.write(changes)
    #expect(Set(outcomes.map { "\($0)" }) == ["written", "unknown"])
    #expect(await stand.optedOut() == 400)
    // Every one was written once: what was executed already is not executed again.
    #expect(await stand.service.counters.updates == 400)
    await stand.checkConditions()
  }

  @Test("What somebody said while our answer was lost stands")
  func changedMeanwhile() async throws {
    let stand = try await ActivityStand()
    let changes = try await stand.optOuts(Array(stand.contacts.prefix(3)))
    let (gate, service) = (Once(), stand.service)
    await stand.wire.meddle { request, _ in
      guard request.url.hasSuffix("$batch"), gate.pass() else { return .pass }
      return .cut(isExecuted: true)
    }
    #expect(try await stand.consents.write(changes) == [.unknown, .unknown, .unknown])
    for change in changes {
      #expect(await service.row(change.contact, of: "contact")?["donotbulkemail"] == .bool(true))
    }
    await stand.set(changes[0].contact, "donotbulkemail", false)
    #expect(try await stand.consents.write(changes) == [.overtaken, .overtaken, .overtaken])
    let row = await service.row(changes[0].contact, of: "contact")
    #expect(row?["donotbulkemail"] == .bool(false))
  }

  static let passing: [(Int, String)] = [(500, "0x80044150"), (503, ""), (504, "")]

  @Test("Deadlocks and gateways pass", arguments: passing, [true, false])
  func passes(_ fault: (status: Int, code: String), hasBatches: Bool) async throws {
    let stand = try await ActivityStand()
    let changes = try await stand.optOuts(Array(stand.contacts.prefix(60)))
    await stand.wire.meddle { request, number in
      if !hasBatches, request.url.hasSuffix("$batch") { return .answer(.html(501)) }
      guard request.method != "GET", number % 3 == 0 else { return .pass }
      return .answer(fault.code.isEmpty ? .html(fault.status) : .fault(fault.status, fault.code))
    }
    let outcomes = try await stand.consents.write(changes)
    #expect(outcomes == changes.map { _ in .written })
  }

  @Test("A contact that a plug-in refuses costs itself, and shows none of its values")
  func refused() async throws {
    let stand = try await ActivityStand()
    let changes = try await stand.optOuts(Array(stand.contacts.prefix(40)))
    let bad = changes[17].contact.description
    await stand.wire.meddle { request, _ in
      if request.url.hasSuffix("$batch") { return .answer(.html(501)) }
      return request.url.contains(bad)
        ? .answer(.fault(400, "0x80040265", "\(Canary.value) of x@example.org is locked")) : .pass
    }
    let outcomes = try await stand.consents.write(changes)
    guard case .refused("0x80040265", let excerpt) = outcomes[17] else {
      Issue.record("\(outcomes[17])")
      return
    }
    #expect(excerpt.contains("locked") && !excerpt.contains(Canary.value))
    #expect(outcomes.count { $0 == .written } == 39)
  }

  @Test("A 412 without a code is an old version, and no duplicate")
  func withoutCode() async throws {
    let stand = try await ActivityStand()
    let changes = try await stand.optOuts(Array(stand.contacts.prefix(2)))
    await stand.wire.meddle { request, _ in
      if request.url.hasSuffix("$batch") { return .answer(.html(501)) }
      return request.method == "PATCH" ? .answer(.fault(412, "")) : .pass
    }
    #expect(try await stand.consents.write(changes) == [.overtaken, .overtaken])
  }

  static let fatal: [(HTTPResponse, SyncError.Kind, String)] = [
    (.fault(403, "0x80040220"), .permission, "Write on contact"),
    (.fault(412, "0x80060893"), .configuration, "IsOptimisticConcurrencyEnabled"),
    (.html(401), .permission, "dynamics.url"),
  ]

  @Test("Privileges and set-up end the call", arguments: fatal, [true, false])
  func ends(
    _ fault: (response: HTTPResponse, kind: SyncError.Kind, next: String), hasBatches: Bool
  ) async throws {
    let stand = try await ActivityStand()
    let changes = try await stand.optOuts(Array(stand.contacts.prefix(3)))
    await stand.wire.meddle { request, _ in
      if !hasBatches, request.url.hasSuffix("$batch") { return .answer(.html(501)) }
      return request.method == "GET" ? .pass : .answer(fault.response)
    }
    await #expect {
      _ = try await stand.consents.write(changes)
    } throws: { error in
      let error = error as? SyncError
      return error?.kind == fault.kind && error?.next?.contains(fault.next) == true
        && error?.description(has: Canary.value) == false
    }
  }

  @Test(
    "A write without a version of its own is not sent", arguments: ["", "*", "W/\"1\"\r\nX: \""])
  func withoutVersion(_ version: String) async throws {
    let stand = try await ActivityStand()
    var changes = try await stand.optOuts(Array(stand.contacts.prefix(2)))
    changes[1].version = version
    await stand.wire.forget()
    await #expect {
      _ = try await stand.consents.write(changes)
    } throws: { ($0 as? SyncError)?.kind == .bug }
    #expect(await stand.wire.requests.isEmpty)
  }

  @Test("A column that is none, or has more than two options, is named", arguments: [true, false])
  func wrongColumn(isThere: Bool) async throws {
    let stand = try await ActivityStand()
    let column = isThere ? "gendercode" : "donotbulkemai"
    await stand.service.upsert(stand.contacts[0], of: "contact", ["gendercode": 1])
    await #expect {
      _ = try await stand.consents.read([stand.contacts[0]], columns: [column])
    } throws: { error in
      let error = error as? SyncError
      return error?.kind == .configuration && error?.reason.contains(column) == true
    }
  }

  @Test("Privileges are looked at before anything is written, of every user")
  func privileges() async throws {
    try await ActivityStand(users: 2).consents.checkPrivileges()
    for (turn, word): ((inout DataverseKnobs) -> Void, String) in [
      ({ $0.missingPrivileges = ["prvReadContact"] }, "lacks prvReadContact"),
      ({ $0.missingPrivileges = ["prvWriteContact"] }, "lacks prvWriteContact"),
      ({ $0.readsWholeOrganization = false }, "has prvReadContact, but not for all rows"),
    ] {
      let stand = try await ActivityStand(users: 2, knobs: turn)
      await #expect {
        try await stand.consents.checkPrivileges()
      } throws: { error in
        let error = error as? SyncError
        return error?.kind == .permission && error?.reason.contains(word) == true
      }
    }
  }
}

extension ActivityStand {
  fileprivate func set(_ contact: RowKey, _ column: String, _ value: Bool?) async {
    await service.upsert(
      contact, of: "contact", .object([.init(column, value.map { .bool($0) } ?? .null)]))
  }

  fileprivate func optIn(_ contacts: [RowKey]) async {
    for contact in contacts {
      await service.upsert(
        contact, of: "contact",
        .object(DataverseConsentsTests.columns.map { .init($0, .bool(false)) }))
    }
  }

  /// What opts them out of one column, under their versions.
  fileprivate func optOuts(_ contacts: [RowKey]) async throws -> [ContactChange] {
    await optIn(contacts)
    let found = try await consents.read(contacts, columns: ["donotbulkemail"])
    return try contacts.map {
      ContactChange(
        contact: $0, version: try #require(found[$0]).version, values: ["donotbulkemail": true])
    }
  }

  fileprivate func optedOut() async -> Int {
    await service.rows(of: "contact", count: 10_000).count { $0["donotbulkemail"] == .bool(true) }
  }

  /// Every change on the wire, in a batch or alone, was for one version of one row; and nothing was
  /// created.
  fileprivate func checkConditions() async {
    for request in await wire.requests where request.method != "GET" {
      if request.method == "PATCH" {
        let condition = request.headers.first { $0.name == "If-Match" }?.value
        #expect(condition?.hasPrefix("W/\"") == true)
        continue
      }
      #expect(request.url.hasSuffix("$batch"))
      let text = String(decoding: request.body, as: UTF8.self)
      for part in text.split(separator: "Content-Type: application/http").dropFirst() {
        if part.contains("\r\n\r\nGET ") { continue }
        #expect(part.contains("\r\n\r\nPATCH ") && part.contains("\r\nIf-Match: W/\""))
      }
    }
    #expect(await service.counters.creates == 0)
  }
}

/// True once.
private final class Once: Sendable {
  private let isSpent = Mutex(false)

  func pass() -> Bool {
    isSpent.withLock { isSpent in
      defer { isSpent = true }
      return !isSpent
    }
  }
}

/// Addresses that were struck once.
private final class Struck: Sendable {
  private let urls = Mutex<Set<String>>([])
  func take(_ url: String) -> Bool { urls.withLock { $0.insert(url).inserted } }
}
