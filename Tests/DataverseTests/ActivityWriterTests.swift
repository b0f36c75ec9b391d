import Core
import HTTP
import Sandbox
import TestSupport
import Testing

@testable import Dataverse

/// What goes wrong between us and the service, and what becomes of the neighbours.
@Suite(.timeLimit(.minutes(15)))
struct ActivityWriterTests {
  struct Trouble: Sendable, CustomTestStringConvertible {
    var name: String
    var hasBulk = true
    /// Places among a thousand activities, or all of them.
    var tooLong: [Int] = []
    var gone: [Int] = []
    var there: [Int] = []
    /// The most writes that it may cost: five, or ten batches, without any trouble.
    var most: Int
    var testDescription: String { name + (hasBulk ? "" : " (batches)") }
  }

  static let troubles: [Trouble] = [
    Trouble(name: "one too long", tooLong: [500], most: 20),
    Trouble(name: "one too long", hasBulk: false, tooLong: [500], most: 10),
    Trouble(name: "the first and the last are bad", tooLong: [0, 999], most: 36),
    Trouble(name: "one of each", tooLong: [17], gone: [501], there: [999], most: 26),
    Trouble(
      name: "one of each", hasBulk: false, tooLong: [17], gone: [501], there: [999], most: 10),
    Trouble(
      name: "a contact in ten is gone", gone: Array(stride(from: 0, to: 1000, by: 10)), most: 12),
    Trouble(name: "half are there", there: Array(0..<500), most: 14),
    Trouble(name: "half are there", hasBulk: false, there: Array(0..<500), most: 16),
    Trouble(
      name: "a contact and an activity in two", gone: Array(0..<300), there: Array(300..<700),
      most: 20),
    Trouble(
      name: "one in fifty too long", tooLong: Array(stride(from: 3, to: 1000, by: 50)), most: 110),
  ]

  @Test("Of a thousand, the bad ones cost themselves", arguments: troubles)
  func badOnes(_ trouble: Trouble) async throws {
    let stand = try await ActivityStand(contacts: 1000) {
      $0.withoutBulk = trouble.hasBulk ? [] : [ActivityStand.click.table]
    }
    let table = try await stand.sink.prepare(ActivityStand.click)
    var all = stand.activities(1000)
    _ = try await stand.sink.create(trouble.there.map { all[$0] }, in: table)
    for place in trouble.tooLong {
      all[place].texts["url"] = Canary.value + String(repeating: "x", count: 2000)
    }
    for place in trouble.gone { await stand.service.delete(all[place].contact, of: "contact") }
    await stand.wire.forget()
    let outcomes = try await stand.sink.create(all, in: table)
    for (place, outcome) in outcomes.enumerated() {
      if trouble.tooLong.contains(place) {
        guard case .refused("0x80044331", let excerpt) = outcome else {
          Issue.record("\(place): \(outcome)")
          continue
        }
        #expect(excerpt.contains("maximum allowed length") && !excerpt.contains(Canary.value))
      } else if trouble.gone.contains(place) {
        #expect(outcome == .contactMissing, "\(place)")
      } else if trouble.there.contains(place) {
        #expect(outcome == .alreadyThere, "\(place)")
      } else {
        #expect(outcome == .created, "\(place)")
      }
    }
    let good = 1000 - trouble.tooLong.count - trouble.gone.count
    let there = await stand.there()
    #expect(there.all == good && there.completed == good)
    let writes = await stand.wire.writes
    #expect(writes <= trouble.most, "\(writes) writes")
  }

  @Test("A lost answer is asked for again, and nothing is there twice", arguments: [true, false])
  func lostAnswers(hasBulk: Bool) async throws {
    let stand = try await ActivityStand {
      $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
      $0.activityState = .reject
    }
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.meddle { request, number in
      guard request.method == "POST", number % 3 == 0 else { return .pass }
      return number % 2 == 0 ? .cut(isExecuted: true) : .cut(isExecuted: false)
    }
    let outcomes = try await stand.sink.create(stand.activities(600), in: table)
    #expect(outcomes.allSatisfy { $0 == .created || $0 == .alreadyThere })
    #expect(await stand.there() == (600, 600))
  }

  @Test("A connection that always breaks ends the call, to be run again")
  func alwaysBroken() async throws {
    let stand = try await ActivityStand()
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.meddle { request, _ in
      request.method == "POST" ? .cut(isExecuted: false) : .pass
    }
    await #expect {
      _ = try await stand.sink.create(stand.activities(100), in: table)
    } throws: { ($0 as? SyncError)?.kind == .unavailable }
  }

  static let passing: [(Int, String)] = [
    (500, "0x80044150"), (400, "0x80044151"), (500, "-2147220970"), (503, ""), (504, ""),
  ]

  @Test("Deadlocks and gateways pass", arguments: passing, [true, false])
  func passes(_ fault: (status: Int, code: String), hasBulk: Bool) async throws {
    let stand = try await ActivityStand {
      $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
    }
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.meddle { request, number in
      guard request.method == "POST", number % 3 == 0 else { return .pass }
      return .answer(fault.code.isEmpty ? .html(fault.status) : .fault(fault.status, fault.code))
    }
    let outcomes = try await stand.sink.create(stand.activities(300), in: table)
    #expect(outcomes == Array(repeating: .created, count: 300))
    #expect(!stand.clock.sleeps.isEmpty)
  }

  static let fatal: [(HTTPResponse, SyncError.Kind, String)] = [
    (.fault(403, "0x80040220"), .permission, "lacks a privilege"),
    (.fault(403, "0x80072560"), .permission, "no application user"),
    (.html(401), .permission, "access token"),
    (.html(302), .protocolBroken, "redirect"),
  ]

  @Test("Privileges and set-up end the call, whatever the way", arguments: fatal, [true, false])
  func ends(
    _ fault: (response: HTTPResponse, kind: SyncError.Kind, reason: String), hasBulk: Bool
  ) async throws {
    let stand = try await ActivityStand {
      $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
    }
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.meddle { request, _ in
      request.method == "POST" ? .answer(fault.response) : .pass
    }
    await #expect {
      _ = try await stand.sink.create(stand.activities(10), in: table)
    } throws: { error in
      let error = error as? SyncError
      return error?.kind == fault.kind && error?.reason.contains(fault.reason) == true
        && error?.description(has: Canary.value) == false
    }
  }

  @Test("A privilege that is missing in a part of a batch ends the call too")
  func privilege() async throws {
    for hasBulk in [true, false] {
      let stand = try await ActivityStand {
        $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
        $0.missingPrivileges = ["prvCreateActivity"]
      }
      let table = try await stand.sink.prepare(ActivityStand.click)
      await #expect {
        _ = try await stand.sink.create(stand.activities(10), in: table)
      } throws: { error in
        let error = error as? SyncError
        return error?.kind == .permission && error?.next?.contains("Create") == true
      }
    }
  }

  @Test("Parts of a batch that are throttled go again, after the wait")
  func throttledParts() async throws {
    let stand = try await ActivityStand {
      $0.withoutBulk = [ActivityStand.click.table]
      $0.throttledParts = 70
      $0.retryAfterSeconds = 7
    }
    let table = try await stand.sink.prepare(ActivityStand.click)
    let outcomes = try await stand.sink.create(stand.activities(200), in: table)
    #expect(outcomes == Array(repeating: .created, count: 200))
    #expect(stand.clock.sleeps.reduce(.zero, +) >= .seconds(7))
    #expect(await stand.service.counters.creates == 200)
  }

  @Test("A storm of 429 slows down and loses nothing; nobody comes before the time")
  func storm() async throws {
    for (hasBulk, lanes) in [(true, 4), (false, 4), (true, 1), (false, 1)] {
      let stand = try await ActivityStand(users: 2, concurrency: lanes) {
        $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
        $0.activityState = .reject
        $0.limitsEnabled = true
        $0.requestLimit = 6
        $0.executionLimit = 9000
        $0.windowSeconds = 60
        $0.decimalCodes = hasBulk
        $0.retryAfterIsDate = hasBulk
      }
      let table = try await stand.sink.prepare(ActivityStand.click)
      let outcomes = try await stand.sink.create(stand.activities(1500), in: table)
      #expect(outcomes == Array(repeating: .created, count: 1500))
      #expect(await stand.there() == (1500, 1500))
      let counters = await stand.service.counters
      #expect(counters.throttled > 0)
      // With several lanes, what one sleeps is time that the requests of the others are on their way.
      if lanes == 1 { #expect(counters.violations == 0) }
    }
  }

  @Test("A user that may not write ends the call, whatever the others may")
  func oneUserOfTwo() async throws {
    let stand = try await ActivityStand(users: 2)
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.turn { $0.strangers = ["22222222-2222-3333-4444-000000000001"] }
    await #expect {
      _ = try await stand.sink.create(stand.activities(1000), in: table)
    } throws: { ($0 as? SyncError)?.kind == .permission }
  }

  @Test("One that the service stumbles over whenever it comes is put aside")
  func poison() async throws {
    let stand = try await ActivityStand()
    let table = try await stand.sink.prepare(ActivityStand.click)
    let all = stand.activities(64)
    let poison = all[40].id.description
    let wire = stand.wire
    await wire.meddle { request, _ in
      guard request.method == "POST" else { return .pass }
      let text = String(decoding: request.body, as: UTF8.self)
      guard text.contains(poison) else { return .pass }
      guard request.url.hasSuffix("$batch") else { return .answer(.fault(500, "0x80044150")) }
      return .answer(.poisoned(request, poison))
    }
    let outcomes = try await stand.sink.create(all, in: table)
    guard case .refused("0x80044150", _) = outcomes[40] else {
      Issue.record("\(outcomes[40])")
      return
    }
    let others = outcomes.count { if case .refused = $0 { true } else { false } }
    #expect(others == 1)
  }

  @Test("No bulk message after all: batches; no batch either: one by one")
  func ways() async throws {
    let stand = try await ActivityStand { $0.activityState = .reject }
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.meddle { request, _ in
      request.url.contains("Multiple") && request.method == "POST"
        ? .answer(.fault(400, "0x80040800")) : .pass
    }
    let some = try await stand.sink.create(stand.activities(60), in: table)
    #expect(some == Array(repeating: .created, count: 60))
    await stand.wire.meddle { request, _ in
      if request.url.contains("Multiple"), request.method == "POST" {
        return .answer(.fault(400, "0x80040800"))
      }
      return request.url.hasSuffix("$batch") ? .answer(.html(501)) : .pass
    }
    let more = try await stand.sink.create(stand.activities(100), in: table)
    #expect(more.prefix(60).allSatisfy { $0 == .alreadyThere })
    #expect(more.suffix(40).allSatisfy { $0 == .created })
    #expect(await stand.there() == (100, 100))
  }

  @Test("Columns that are gone since the metadata was read end the call, and cheaply")
  func columnsGone() async throws {
    for hasBulk in [true, false] {
      let stand = try await ActivityStand {
        $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
      }
      var table = try await stand.sink.prepare(ActivityStand.click)
      table.columns["campaign"]?.name = "adobe_renamed"
      await stand.wire.forget()
      await #expect {
        _ = try await stand.sink.create(stand.activities(1000), in: table)
      } throws: { ($0 as? SyncError)?.kind == .configuration }
      #expect(await stand.wire.writes < 40)
    }
  }

  @Test("Slow answers make requests smaller")
  func slow() async throws {
    let stand = try await ActivityStand(concurrency: 1)
    let table = try await stand.sink.prepare(ActivityStand.click)
    let clock = stand.clock
    await stand.wire.meddle { request, _ in
      // A tenth of a second for each activity.
      clock.advance(by: .milliseconds(request.body.count / 6))
      return .pass
    }
    _ = try await stand.sink.create(stand.activities(1000), in: table)
    let sizes = await stand.wire.requests.filter {
      $0.url.contains("CreateMultiple") && $0.method == "POST"
    }
    .map { $0.body.count }
    #expect(try #require(sizes.last) < #require(sizes.first) / 3)
  }
}

extension SyncError {
  func description(has text: String) -> Bool {
    [action, reason, code ?? "", next ?? ""].contains { $0.contains(text) }
  }
}

extension HTTPResponse {
  /// The answer to a batch in which one part fails and the others are made.
  static func poisoned(_ request: HTTPRequest, _ poison: String) -> HTTPResponse {
    let text = String(decoding: request.body, as: UTF8.self)
    var body = ""
    for part in text.split(separator: "Content-Type: application/http").dropFirst() {
      let isBad = part.contains(poison)
      body += "--answer\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 "
      body +=
        isBad
        ? "500 Error\r\n\r\n{\"error\":{\"code\":\"0x80044150\",\"message\":\"no\"}}\r\n"
        : "204 No Content\r\n\r\n\r\n"
    }
    return HTTPResponse(
      200, headers: [HTTPHeader("Content-Type", "multipart/mixed; boundary=answer")],
      body: Array((body + "--answer--\r\n").utf8))
  }
}
