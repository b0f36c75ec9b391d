import Core
import Glibc
import HTTP
import Sandbox
import TestSupport
import Testing

@testable import Dataverse

@Suite(.timeLimit(.minutes(15)))
struct DataverseActivitiesTests {
  @Test("What every sink promises", arguments: ActivitySinkContract.allCases)
  func contract(_ promise: ActivitySinkContract) async throws {
    let stand = try await ActivityStand()
    try await promise.check(
      .init(stand.sink, ActivityStand.click, contacts: Array(stand.contacts.prefix(5))))
  }

  @Test(
    "The same without bulk messages, with several users, with a state by a second write",
    arguments: ActivitySinkContract.allCases)
  func contractElsewhere(_ promise: ActivitySinkContract) async throws {
    let stand = try await ActivityStand(users: 2) {
      $0.withoutBulk = [ActivityStand.click.table]
      $0.activityState = .reject
      $0.missingTargetStatus = 400
      $0.acceptsBareRegarding = true
    }
    try await promise.check(
      .init(stand.sink, ActivityStand.click, contacts: Array(stand.contacts.prefix(5))))
  }

  static let ways: [(DataverseKnobs.ActivityState, Bool, Int)] = [
    // A thousand are six requests: the first ones try how much goes into one.
    (.create, true, 5), (.ignore, true, 10), (.reject, true, 10),
    (.create, false, 9), (.ignore, false, 18), (.reject, false, 18),
  ]

  @Test("A thousand activities cost few requests, and all are completed", arguments: ways)
  func costs(state: DataverseKnobs.ActivityState, hasBulk: Bool, most: Int) async throws {
    let stand = try await ActivityStand {
      $0.activityState = state
      $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
    }
    let table = try await stand.sink.prepare(ActivityStand.click)
    #expect(table.createsCompleted == (state == .create))
    let outcomes = try await stand.sink.create(stand.activities(1000), in: table)
    #expect(outcomes == Array(repeating: .created, count: 1000))
    let there = await stand.there()
    #expect(there.all == 1000 && there.completed == 1000)
    #expect(await stand.wire.writes <= most)
    #expect(await stand.wire.count("sdkmessagefilters") == (state == .create ? 1 : 2))
    #expect(await stand.service.counters.creates == 1000)

    await stand.wire.forget()
    let again = try await stand.sink.create(stand.activities(1000), in: table)
    #expect(again == Array(repeating: .alreadyThere, count: 1000))
    #expect(await stand.wire.requests.count <= 12)
    #expect(await stand.service.counters.updates == (state == .create ? 0 : 1000))
  }

  @Test("A state that the service passes over, whatever its metadata says, is written once more")
  func passedOver() async throws {
    let stand = try await ActivityStand { $0.activityState = .ignore }
    var table = try await stand.sink.prepare(ActivityStand.click)
    table.createsCompleted = true
    let outcomes = try await stand.sink.create(stand.activities(500), in: table)
    #expect(outcomes == Array(repeating: .created, count: 500))
    #expect(await stand.there() == (500, 500))
    await stand.wire.forget()
    _ = try await stand.sink.create((500..<600).map { stand.activity($0) }, in: table)
    #expect(await stand.there() == (600, 600))
    #expect(await stand.wire.requests.allSatisfy { $0.method == "POST" })
  }

  @Test("A list of messages that nobody may read keeps nobody from sending them")
  func noProbe() async throws {
    let stand = try await ActivityStand()
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.meddle { request, _ in
      request.url.contains("sdkmessagefilters") ? .answer(.fault(403, "0x80040220")) : .pass
    }
    _ = try await stand.sink.create(stand.activities(200), in: table)
    #expect(await stand.wire.count("CreateMultiple") > 1)
    #expect(await stand.there() == (200, 200))
  }

  @Test("A caller that is cancelled hears that it stopped")
  func cancelled() async throws {
    let stand = try await ActivityStand()
    let table = try await stand.sink.prepare(ActivityStand.click)
    let task = Task { () -> SyncError? in
      withUnsafeCurrentTask { $0?.cancel() }
      do throws(SyncError) {
        _ = try await stand.sink.create(stand.activities(500), in: table)
        return nil
      } catch {
        return error
      }
    }
    #expect(await task.value?.isStop == true)
  }

  @Test("Open stays open where the job says so")
  func open() async throws {
    let stand = try await ActivityStand()
    var mapping = ActivityStand.click
    mapping.state = .open
    let table = try await stand.sink.prepare(mapping)
    _ = try await stand.sink.create(stand.activities(30), in: table)
    #expect(await stand.there() == (30, 0))
    #expect(await stand.service.counters.updates == 0)
  }

  @Test("An activity stands as the job file says, at the event's time", arguments: [1, 3])
  func content(users: Int) async throws {
    let stand = try await ActivityStand(users: users)
    let table = try await stand.sink.prepare(ActivityStand.click)
    let all = stand.activities(200 * users)
    _ = try await stand.sink.create(all, in: table)
    let owner = await stand.service.userKey(of: 0)
    for activity in all {
      let row = try #require(await stand.service.row(activity.id, of: table.logicalName))
      #expect(row["subject"]?.text == activity.subject)
      #expect(row["_regardingobjectid_value"]?.text == activity.contact.description)
      #expect(row["adobe_campaignname"] == "Spring")
      #expect(row["adobe_trackingurl"]?.text == activity.texts["url"])
      #expect(row["adobe_mirrorpageurl"] == .null)
      for column in ["actualend", "sortdate", "adobe_dateclicked"] {
        #expect(row[column]?.text.flatMap(InstantText.read) == activity.at)
      }
      #expect(row["_ownerid_value"]?.text == owner)
    }
    let tokens = Set(
      await stand.wire.requests.filter { $0.method == "POST" }.compactMap { request in
        request.headers.first { $0.name == "Authorization" }?.value
      })
    #expect(tokens.count == users)
  }

  @Test("Several requests are under way at once, as many as allowed for each user")
  func concurrency() async throws {
    let stand = try await ActivityStand(users: 2, concurrency: 3)
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.wire.forget()
    _ = try await stand.sink.create(stand.activities(2000), in: table)
    let most = await stand.wire.mostUnderWay
    #expect(most > 1 && most <= 6)
  }

  /// Tokens of the requests that write, each once.
  private func writers(_ stand: ActivityStand) async -> Set<String> {
    Set(
      await stand.wire.requests.filter { $0.method == "POST" }.compactMap { request in
        request.headers.first { $0.name == "Authorization" }?.value
      })
  }

  @Test("A user that is to wait takes nothing: the others do, and nobody waits for it in the end")
  func throttledUser() async throws {
    let stand = try await ActivityStand(users: 2, concurrency: 2)
    let table = try await stand.sink.prepare(ActivityStand.click)
    // What all lanes ask for once, tokens too, they ask for in tasks that take no turns.
    _ = try await stand.sink.create([stand.activity(5000)], in: table)
    await stand.wire.forget()
    let opens = stand.clock.now + .seconds(3600)
    await stand.gates[1].close(until: opens)
    let outcomes = try inTurns { () async throws(SyncError) in
      try await stand.sink.create(stand.activities(2000), in: table)
    }
    #expect(outcomes == Array(repeating: .created, count: 2000))
    #expect(await writers(stand).count == 1)
    #expect(stand.clock.now < opens)

    await stand.gates[0].close(until: opens + .seconds(40_000))
    await stand.wire.forget()
    let more = try inTurns { () async throws(SyncError) in
      try await stand.sink.create((2000..<2100).map { stand.activity($0) }, in: table)
    }
    #expect(more == Array(repeating: .created, count: 100))
    #expect(stand.clock.now >= opens && stand.clock.now < opens + .seconds(40_000))
  }

  /// One step of somebody at a time: the clock moves by how often those that wait look again, and they
  /// look as often as the others take steps, however busy the machine is.
  private func inTurns<Value: Sendable>(
    _ work: @escaping @Sendable () async throws(SyncError) -> Value
  ) throws(SyncError) -> Value {
    // A token may be renewed outside of it.
    let idle = { sched_yield() == 0 }
    return try SeededExecutor(seed: 1).run(idle: idle) { () async -> Result<Value, SyncError> in
      do throws(SyncError) { return .success(try await work()) } catch { return .failure(error) }
    }.get()
  }

  @Test("Where every user is to wait past the deadline, the caller hears it at once")
  func allThrottled() async throws {
    let stand = try await ActivityStand(deadline: .seconds(60))
    let table = try await stand.sink.prepare(ActivityStand.click)
    await stand.gates[0].close(until: stand.clock.now + .seconds(3600))
    await #expect(throws: SyncError.self) {
      try await stand.sink.create(stand.activities(10), in: table)
    }
    #expect(stand.clock.sleeps.isEmpty)
  }

  @Test("Left open by a run that was killed before its second write, they are completed")
  func leftOpen() async throws {
    for hasBulk in [true, false] {
      let stand = try await ActivityStand {
        $0.activityState = .ignore
        $0.withoutBulk = hasBulk ? [] : [ActivityStand.click.table]
      }
      let table = try await stand.sink.prepare(ActivityStand.click)
      var open = table
      open.state = .open
      _ = try await stand.sink.create(stand.activities(150), in: open)
      #expect(await stand.there() == (150, 0))
      let outcomes = try await stand.sink.create(stand.activities(200), in: table)
      #expect(outcomes.prefix(150).allSatisfy { $0 == .alreadyThere })
      #expect(outcomes.suffix(50).allSatisfy { $0 == .created })
      #expect(await stand.there() == (200, 200))
      #expect(await stand.wire.writes <= 16)
    }
  }

  @Test("A person's word about an activity stands: what is cancelled is not completed")
  func personsWord() async throws {
    let stand = try await ActivityStand { $0.activityState = .ignore }
    let table = try await stand.sink.prepare(ActivityStand.click)
    let all = stand.activities(10)
    _ = try await stand.sink.create(all, in: table)
    _ = await stand.service.upsert(
      all[3].id, of: table.logicalName, ["statecode": 2, "statuscode": 3])
    let before = await stand.service.counters.updates
    #expect(
      try await stand.sink.create(all, in: table) == Array(repeating: .alreadyThere, count: 10))
    #expect(await stand.service.counters.updates == before)
    #expect(await stand.there() == (10, 9))
  }

  @Test("Five thousand contacts are one request; the largest filter fits an address")
  func contacts() async throws {
    let stand = try await ActivityStand(contacts: 3000)
    let strangers = (0..<2000).map { RowKey(high: 0x4000 | UInt64($0) << 20, low: 1 << 63) }
    let found = try await stand.sink.contacts(among: stand.contacts + strangers + stand.contacts)
    #expect(found == Set(stand.contacts))
    #expect(await stand.wire.requests.count == 1)
    await stand.wire.forget()
    #expect(try await stand.sink.contacts(among: Array(stand.contacts.prefix(250))).count == 250)
    let request = try #require(await stand.wire.requests.first)
    #expect(request.method == "GET" && request.url.utf8.count < 32_768)
    await stand.turn { $0.maxPageSize = 100 }
    #expect(try await stand.sink.contacts(among: Array(stand.contacts.prefix(600))).count == 600)
  }
}

extension DataverseService {
  func userKey(of client: Int) async -> String {
    let rows = rows(of: "systemuser", count: 20)
    return rows[client]["systemuserid"]?.text ?? ""
  }
}
