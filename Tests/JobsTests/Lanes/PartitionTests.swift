import Core
import Foundation
import Gzip
import Synchronization
import TestSupport
import Testing

@testable import Jobs

/// A large table: its keys first, then its rows by ranges, each of them accounted for.
@Suite struct PartitionTests {
  private func bench(
    _ rows: Int = 200, _ nasty: MemoryTable.Nastiness..., world: World = .calm(),
    _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench(world, change)
    Contacts.fill(bench.table, rows)
    for one in nasty { bench.table.be(one) }
    bench.wish { $0.partitionFrom = 20 }
    return bench
  }

  /// The keys of all parts, sorted; one that comes twice is there twice.
  private func exported(_ bench: IngressBench) throws -> [String] {
    var keys: [String] = []
    for part in bench.state?.stage.sealed ?? [] {
      let file = try #require(bench.spool().files[part.name])
      var reader = CSVReader(separator: 0x3B, quote: .double)
      var rows: [[String]] = []
      try reader.push(try Inflater.gunzip(file, of: part.name, limit: 1 << 20)[...]) { row in
        rows.append(row.texts)
      }
      #expect(rows.count - 1 == part.rows)
      keys += rows.dropFirst().map { $0[0] }
    }
    return keys.sorted()
  }

  private func waiting(_ bench: IngressBench) -> [String] {
    bench.ledger.waiting.map { String($0.prefix(36)) }
  }

  private func expectEachRowOnce(_ bench: IngressBench) throws {
    let found = try (exported(bench) + waiting(bench)).sorted()
    #expect(found == bench.table.keys.map(\.description).sorted())
  }

  @Test("Every row is in exactly one part, and the parts are of several readers")
  func everyRowOnce() throws {
    let bench = try bench()
    let outcome = bench.life(.export)
    #expect(outcome.failure == nil)
    #expect(outcome.state.phase == .staging)
    try expectEachRowOnce(bench)
    #expect(outcome.state.export.partition?.parts.count == 3)
    #expect(outcome.state.export.partition?.parts.allSatisfy { $0.part.rows > 0 } == true)
    #expect(outcome.state.export.writtenRows == outcome.tally.mapped)
    #expect(bench.table.requests.filter { $0 == "scan" }.count == 29, "keys, seven a page")
    #expect(bench.ledger.rows.values.allSatisfy { $0 == .sent })
    let names = outcome.state.stage.sealed.map(\.name)
    #expect(names == names.sorted())
  }

  @Test("The list is empty afterwards, and the token follows the columns of the rows")
  func whatIsLeft() async throws {
    let bench = try bench()
    bench.life(.initial)
    #expect(try await bench.ledger.listedCount() == 0)
    #expect(bench.state?.phase == .loaded)
    bench.table.change(Contacts.key(8), ["firstname": "New"])
    #expect(bench.life(.delta).tally.read == 1)
    #expect(bench.resource.contents["\(Contacts.key(8))"]?.first?["firstName"] == "New")
  }

  @Test("A small table is read in one scan, also where only the keys show that it is small")
  func smallTables() throws {
    let known = try bench(20)
    known.life(.export)
    #expect(!known.table.requests.contains("range"))
    #expect(known.state?.export.strict == nil)

    let unknown = try bench(20)
    unknown.wish { $0.isCountUnknown = true }
    #expect(unknown.life(.export).failure == nil)
    #expect(!unknown.table.requests.contains("range"))
    #expect(unknown.state?.export.strict == .small)
    #expect(unknown.state?.export.strict?.words == nil, "no second choice")
    try expectEachRowOnce(unknown)
  }

  @Test(
    "What a service refuses or gets wrong makes the load strict; the log says why",
    arguments: [
      (MemoryTable.Nastiness.refusesRanges, StrictReason.rangesRefused),
      (.refusesOtherSelect, .selectRefused), (.ordersByText, .orderUnknown),
      (.sortsByText, .orderUnknown),
    ])
  func fallbacks(nasty: MemoryTable.Nastiness, reason: StrictReason) throws {
    let bench = try bench(200, nasty)
    let said = Said()
    bench.wish { $0.note = { said.add($0) } }
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(outcome.state.export.strict == reason)
    let words = try #require(reason.words)
    #expect(said.all.count == 1)
    #expect(said.all.first?.contains(words) == true)
    #expect(bench.resource.contents.count == 200 - waiting(bench).count)
  }

  @Test("Pages may be short, or empty, and go on")
  func shortPages() throws {
    let bench = try bench(200, .givesShortPages)
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.export.partition != nil)
    try expectEachRowOnce(bench)
  }

  @Test("Rows that ranges leave out are looked for by their ids")
  func aFewMissingRows() throws {
    let bench = try bench(200, .cutsRanges)
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.export.strict == nil)
    #expect(bench.table.requests.contains("look"))
    try expectEachRowOnce(bench)
  }

  @Test("Where ranges leave out too many, the table is read again, strictly")
  func manyMissingRows() throws {
    let bench = try bench(200, .cutsRanges)
    bench.wish { $0.lookUps = 10 }
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.export.strict == .rowsMissing)
    #expect(!bench.table.requests.contains("look"))
    try expectEachRowOnce(bench)
  }

  @Test("Rows that are deleted after the scan of keys are no reason to read again, however many")
  func manyDeletions() throws {
    let bench = try bench(200)
    bench.wish { $0.lookUps = 10 }
    removeRows(30, behindListOf: bench)
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.export.strict == nil)
    #expect(!bench.table.requests.contains("look"))
    try expectEachRowOnce(bench)
  }

  @Test(
    "A proof that is stopped goes on with the next page of changes, or anew where that is refused",
    arguments: [false, true])
  func interruptedProof(isLinkRefused: Bool) throws {
    let bench = try bench(200)
    let table = bench.table
    removeRows(30, behindListOf: bench) {
      for key in table.keys { table.change(key, ["firstname": "New"]) }
    }
    let pages: @Sendable () -> Int = { table.requests.count { $0 == "changes" } }
    // One is the probe's; the changes of 170 rows, seven a page, have 25.
    bench.wish { $0.isStopped = { pages() == 15 } }
    #expect(bench.life(.export).failure?.isStop == true)
    #expect(bench.state?.export.partition?.changes != nil)
    table.refuseKeptLinks(isLinkRefused)
    bench.wish { $0.isStopped = { false } }
    #expect(bench.life(.export).failure == nil)
    #expect(pages() == (isLinkRefused ? 15 + 25 : 1 + 25))
    #expect(bench.state?.export.strict == nil)
    #expect(bench.state?.export.partition?.changes == nil)
    try expectEachRowOnce(bench)
  }

  @Test("A deadline that is shorter than the proof ends it all the same, page after page")
  func impatientProof() throws {
    let bench = try bench(200)
    let table = bench.table
    removeRows(30, behindListOf: bench) {
      for key in table.keys { table.change(key, ["firstname": "New"]) }
    }
    bench.wish { $0.isStopped = { table.requests.last == "changes" } }
    var lives = 0
    while bench.state?.phase ?? .exporting == .exporting, lives < 40 {
      bench.life(.export)
      lives += 1
    }
    #expect(lives > 20 && lives < 40)
    bench.wish { $0.isStopped = { false } }
    #expect(bench.life(.export).failure == nil)
    try expectEachRowOnce(bench)
  }

  @Test("A checkpoint of a version that kept no link of the changes is read")
  func olderSlot() throws {
    let text = #"{"step":"reading","keys":3,"token":"t","ranges":[],"parts":[],"rows":3}"#
    let slot = try JSONDecoder().decode(PartitionSlot.self, from: Data(text.utf8))
    #expect(slot.token == "t" && slot.changes == nil)
  }

  /// The last page of keys has come, and no row has been read.
  private func removeRows(
    _ count: Int, behindListOf bench: IngressBench,
    andThen more: @escaping @Sendable () -> Void = {}
  ) {
    let table = bench.table
    bench.wish {
      $0.whenPaged = {
        guard table.requests.count == 29, table.keys.count == 200 else { return }
        for key in table.keys.prefix(count) { table.remove(key) }
        more()
      }
    }
  }

  @Test("A lie that shows only in the middle of reading ends it, and nothing of it is staged")
  func aLateLie() throws {
    let bench = try bench(200)
    let table = bench.table
    bench.wish {
      $0.whenPaged = {
        if table.requests.filter({ $0 == "range" }).count == 12 { table.be(.sortsByText) }
      }
    }
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.state?.export.strict == .orderUnknown)
    #expect(bench.state?.phase == .loaded)
    #expect(bench.resource.contents.count == 200 - waiting(bench).count)
    #expect(bench.workflow.problems.isEmpty)
    let run = bench.workflow.loaded.keys.sorted()
    #expect(run == bench.state?.stage.sealed.map { "imports/" + $0.name })
  }

  @Test("Killed in the middle, ranges go on behind their last row")
  func resumes() throws {
    let bench = try bench(600)
    let table = bench.table
    bench.wish { $0.isStopped = { table.requests.filter { $0 == "range" }.count > 40 } }
    #expect(bench.life(.export).failure?.isStop == true)
    let before = try #require(bench.state?.export.partition)
    #expect(before.rows > 100)
    bench.wish { $0.isStopped = { false } }
    #expect(bench.life(.export).failure == nil)
    let read = bench.table.requests.filter { $0 == "range" }.count
    // 600 rows, seven a page: 86 pages, one more for each of 24 ranges, one that the probe asks for, and
    // what each reader had in hand.
    #expect(read <= 86 + 24 + 1 + 3 * 2, "\(read) pages of ranges")
    try expectEachRowOnce(bench)
  }

  @Test("Fewer readers than when the load began finish it all the same")
  func fewerReaders() throws {
    let bench = try bench(300)
    let table = bench.table
    bench.wish { $0.isStopped = { table.requests.filter { $0 == "range" }.count > 15 } }
    bench.life(.export)
    bench.wish {
      $0.isStopped = { false }
      $0.readers = 1
    }
    #expect(bench.life(.export).failure == nil)
    try expectEachRowOnce(bench)
  }

  @Test("Full parts stand on SFTP before the export is over; the manifest comes last")
  func stagesWhileExporting() throws {
    let bench = try bench(400)
    let (table, box) = (bench.table, bench.box)
    let seen = Mutex(0)
    bench.wish {
      $0.whenPaged = {
        guard table.requests.last == "range" else { return }
        let names = box.files.keys
        seen.withLock { $0 = max($0, names.count { $0.hasSuffix(".csv.gz") }) }
        if names.contains(where: { $0.hasSuffix(".manifest.json") }) {
          Issue.record("the manifest came before the end of the export")
        }
      }
    }
    #expect(bench.life(.initial).failure == nil)
    #expect(seen.withLock { $0 } > 3)
    #expect(bench.state?.phase == .loaded)
  }

  @Test("An export alone stages nothing; SFTP out of reach does not stop it")
  func stagingIsNoCondition() throws {
    let alone = try bench(200)
    alone.life(.export)
    #expect(alone.box.files.isEmpty)

    let bench = try bench(200)
    let said = Said()
    bench.wish { $0.note = { said.add($0) } }
    bench.dropbox.isOutOfReach = true
    let outcome = bench.life(.initial)
    #expect(outcome.failure?.kind == .unavailable)
    #expect(outcome.state.phase == .staging, "the export is complete")
    #expect(said.all.contains { $0.hasPrefix("parts wait for the end of the export") })
    bench.dropbox.isOutOfReach = false
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.state?.phase == .loaded)
  }

  @Test("Rows that the filter leaves out are accounted for")
  func filteredRows() throws {
    let bench = try bench(200) { $0.filter = Contacts.filter(.keep) }
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.export.strict == nil)
    #expect(!bench.table.requests.contains("look"))
    #expect(bench.state?.phase == .staging)
  }
}

/// Sentences that a job had for the log.
final class Said: Sendable {
  private let sentences = Mutex<[String]>([])
  func add(_ sentence: String) { sentences.withLock { $0.append(sentence) } }
  var all: [String] { sentences.withLock { $0 } }
}
