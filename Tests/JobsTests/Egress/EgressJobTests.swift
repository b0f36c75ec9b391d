import Core
import Synchronization
import TestSupport
import Testing

@testable import Jobs

@Suite struct EgressJobTests {
  let bench = EgressBench()
  private let name = "tracking_20260203_0900.csv"

  @Test func whatIsCompleteIsReadOnceAndArrivesOnce() {
    bench.put(Clicks.file(0..<6), as: name)
    let first = bench.life()
    #expect(first.failure == nil)
    #expect(first.tally.read == 4 && first.tally.created == 2, "rows 0 and 2")
    #expect(first.tally.filteredOut == 2 && first.tally.unmatched == 2)
    #expect(first.tally.files == 1)
    #expect(bench.world.clock.sleeps.reduce(.zero, +) == .seconds(30), "two listings")
    #expect(bench.mark(name)?.isDone == true)
    #expect(bench.mark(name)?.head.count == 64)

    let calls = bench.box.calls.count
    let second = bench.life()
    #expect(second.failure == nil && second.tally == Tally())
    #expect(bench.box.calls.count == calls + 1, "a listing and nothing else")
    #expect(bench.forms.withLock { $0 } == 1, "no metadata without an event")
    #expect(second.state.rounds == 2)
  }

  @Test func aFileUnchangedSinceTheRunBeforeIsReadAtOnce() {
    bench.put(Clicks.file(0..<6), as: name)
    bench.wish { [clock = bench.world.clock] in $0.deadline = clock.now + .seconds(10) }
    #expect(bench.life().failure == nil)
    #expect(bench.activities.stored.isEmpty, "the deadline came before the second listing")
    #expect(bench.state?.waiting.map(\.name) == ["exports/" + name])
    bench.world.pass(.seconds(30))
    bench.wish { $0.deadline = nil }
    #expect(bench.life().failure == nil)
    #expect(bench.activities.stored.count == 2)
    #expect(bench.world.clock.sleeps.isEmpty)
  }

  @Test func aHalfUploadedFileWaitsUntilItIsWhole() {
    let whole = Clicks.file(0..<40)
    bench.put(Array(whole.prefix(whole.count / 2)), as: name)
    let first = bench.life()
    #expect(first.failure == nil)
    #expect(bench.activities.stored.isEmpty)
    #expect(bench.notes.withLock { $0 }.contains { $0.contains("its end is not there") })
    bench.put(whole, as: name)
    #expect(bench.life().failure == nil)
    #expect(bench.mark(name)?.isDone == true)
    #expect(bench.activities.stored.count == expected(0..<40))
  }

  @Test func aPackedFileWithoutItsTrailerWaits() throws {
    let whole = try Clicks.packed(Clicks.file(0..<40))
    bench.put(Array(whole.dropLast(3)), as: name + ".gz")
    #expect(bench.life().failure == nil)
    #expect(bench.activities.stored.isEmpty)
    bench.put(whole, as: name + ".gz")
    #expect(bench.life().failure == nil)
    #expect(bench.activities.stored.count == expected(0..<40))
  }

  @Test func aDamagedFileIsToldAndTheOthersAreRead() throws {
    var damaged = try Clicks.packed(Clicks.file(0..<40))
    damaged[damaged.count / 2] ^= 0x55
    bench.put(damaged, as: "tracking_1.csv.gz")
    bench.put(Clicks.file(40..<60), as: "tracking_2.csv")
    let outcome = bench.life()
    #expect(outcome.failure?.kind == .protocolBroken)
    #expect(outcome.failure?.action.contains("tracking_1.csv.gz") == true)
    #expect(bench.activities.stored.count == expected(40..<60))
    #expect(bench.mark("tracking_2.csv")?.isDone == true)
  }

  @Test func aMissingColumnIsNamedWithTheHeader() {
    bench.put("trackId;externalID;logDate;urlType;url\n1;2;3;4;5\n", as: "tracking_1.csv")
    bench.put(Clicks.file(0..<6), as: "tracking_2.csv")
    let outcome = bench.life()
    #expect(outcome.failure?.kind == .configuration)
    let reason = outcome.failure?.reason ?? ""
    #expect(reason.contains("externalId (did you mean externalID?)"), "\(reason)")
    #expect(reason.contains("trackId | externalID | logDate | urlType | url"), "\(reason)")
    #expect(bench.activities.stored.count == 2, "the other file is read all the same")
  }

  @Test func emptyFilesAreLegal() {
    bench.put("", as: "tracking_1.csv")
    bench.put(Clicks.header + "\n", as: "tracking_2.csv")
    bench.put("\n\n", as: "tracking_3.csv")
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.files == 3)
    #expect(outcome.state.waiting.isEmpty)
  }

  @Test func aLineWithoutEndIsRefused() {
    bench.put(
      Clicks.header + "\n1;\"" + String(repeating: "x", count: 1 << 20) + "\n", as: name)
    let outcome = bench.life()
    #expect(outcome.failure?.kind == .protocolBroken)
    #expect(outcome.failure?.reason.contains("longer than 1048576") == true)
  }

  @Test(arguments: ["tracking_\u{1B}[2J.csv", "tracking_\r.csv"])
  func improperNamesAreNotTaken(improper: String) {
    bench.box.files["exports/" + improper] = Clicks.file(0..<6)
    bench.put(Clicks.file(6..<12), as: name)
    #expect(bench.life().failure == nil)
    #expect(bench.activities.stored.count == expected(6..<12))
    #expect(bench.ledger.files.count == 1)
  }

  @Test func aFileReplacedUnderItsNameIsANewFile() {
    bench.put(Clicks.file(0..<20), as: name)
    #expect(bench.life().failure == nil)
    bench.world.pass(.seconds(5))
    bench.put(Clicks.file(10..<30), as: name)
    let outcome = bench.life()
    #expect(outcome.failure == nil)
    #expect(bench.activities.stored.count == expected(0..<30))
    #expect(outcome.tally.unchanged > 0 && bench.activities.meter.repeats == 0)
  }

  @Test func aFileThatChangesUnderTheReaderIsLeftForTheNextRun() {
    bench.put(Clicks.file(0..<60), as: name)
    let reads = Mutex(0)
    bench.wish {
      $0.whenRead = { [bench, name] _ in
        guard
          reads.withLock({
            $0 += 1; return $0
          }) == 6
        else { return }
        bench.world.pass(.seconds(2))
        bench.put(Clicks.file(30..<90), as: name)
      }
    }
    let first = bench.life()
    #expect(first.failure == nil)
    #expect(bench.mark(name)?.isDone != true)
    #expect(bench.life().failure == nil)
    #expect(bench.mark(name)?.isDone == true)
    let urls = Set(bench.arrived)
    for number in 30..<90 where Clicks.fate(number) == .activity && Clicks.who(number) ?? 99 < 20 {
      #expect(urls.contains(Clicks.url(number)))
    }
  }

  @Test func aStoppedRunGoesOnWhereItWas() throws {
    bench.put(Clicks.file(0..<150), as: name)
    let isBegun: @Sendable () -> Bool = { [bench, name] in bench.mark(name)?.offset ?? 0 > 0 }
    bench.wish { $0.isStopped = isBegun }
    #expect(bench.life().failure?.isStop == true)
    let mark = try #require(bench.mark(name))
    let end = UInt64(Clicks.file(0..<150).count)
    #expect(mark.offset > 0 && mark.offset < end && !mark.isDone)
    let before = bench.activities.meter.sent

    bench.wish { $0.isStopped = { false } }
    #expect(bench.life().failure == nil)
    #expect(bench.mark(name)?.offset == end)
    #expect(bench.activities.stored.count == expected(0..<150))
    #expect(bench.activities.meter.sent == expected(0..<150))
    #expect(before > 0 && bench.activities.meter.repeats == 0)
  }

  /// 300 events, the last 16 of them without a time.
  private func manyRejected(limit: Double) -> EgressBench {
    let bench = EgressBench { settings in
      for role in ["message", "url"] { settings.files.columns[role] = nil }
      settings.columns["url"] = nil
    }
    let lines = (0..<300).map {
      "\($0);\(Clicks.contact($0 % 20));1;\($0 < 284 ? "2026-02-03" : "when?");DM1;C\n"
    }
    bench.put(
      "trackId;externalId;urlType;logDate;deliveryId;campaignId\n" + lines.joined(), as: name)
    bench.wish { $0.rejectShare = limit }
    return bench
  }

  @Test func aboveTheRejectLimitNothingOfTheCommitIsRecorded() throws {
    let bench = manyRejected(limit: 15.9 / 300)
    let outcome = bench.life()
    #expect(outcome.failure?.kind == .rejectedData)
    #expect(outcome.failure?.reason.contains("no date and time (") == true)
    #expect(bench.ledger.waiting.count < 16)
    #expect(try #require(bench.mark(name)).isDone == false)
  }

  @Test func atTheRejectLimitARunEndsWell() {
    let bench = manyRejected(limit: 16.0 / 300)
    #expect(bench.life().failure == nil)
    #expect(bench.ledger.waiting.count == 16)
    #expect(bench.activities.stored.count == 284)
  }

  private func expected(_ numbers: Range<Int>) -> Int {
    numbers.count { Clicks.fate($0) == .activity && Clicks.who($0) ?? 99 < 20 }
  }
}
