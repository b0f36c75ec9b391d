import Core
import Gzip
import TestSupport
import Testing

@testable import Jobs

@Suite struct ExportTests {
  @Test func everyRowIsInExactlyOnePartWithItsHeader() throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 40)
    let outcome = bench.life(.export)
    #expect(outcome.failure == nil)
    #expect(outcome.state.phase == .staging)
    #expect(outcome.state.stage.sealed.count > 2)
    #expect((outcome.tally.read, outcome.tally.mapped, outcome.tally.rejected) == (40, 38, 2))
    #expect(outcome.tally.parts == outcome.state.stage.sealed.count)

    var keys: [String] = []
    for part in outcome.state.stage.sealed {
      let file = try #require(bench.spool().files[part.name])
      var rows: [[String]] = []
      var reader = CSVReader(separator: 0x3B, quote: .double)
      try reader.push(try Inflater.gunzip(file, of: part.name, limit: 1 << 20)[...]) { row in
        rows.append(row.texts)
      }
      #expect(rows.first == bench.plan.header)
      #expect(rows.count - 1 == part.rows)
      keys += rows.dropFirst().map { $0[0] }
    }
    let waiting = bench.ledger.waiting.map { String($0.prefix(36)) }
    #expect((keys + waiting).sorted() == bench.table.keys.map(\.description).sorted())
    #expect(bench.ledger.rows.values.allSatisfy { $0 == .sent })
  }

  @Test("However many parts there are, only the one in hand is held open", arguments: [40, 400])
  func fullPartsAreClosed(_ rows: Int) throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, rows)
    let outcome = bench.life(.export)
    #expect(outcome.failure == nil)
    #expect(outcome.state.stage.sealed.count > 2)
    #expect(bench.spool().mostOpen == 1)
  }

  @Test func whatCannotBeMappedWaits() throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 40)
    bench.life(.export)
    let expected = [13, 33].map { "\(Contacts.key($0)) row tooLong" }.sorted()
    #expect(bench.ledger.waiting == expected)
  }

  @Test("A kept link that is refused begins the scan again, and the parts with it")
  func aRefusedLinkBeginsAgain() throws {
    let calm = try IngressBench()
    Contacts.fill(calm.table, 40)
    calm.life(.export)

    let bench = try IngressBench()
    Contacts.fill(bench.table, 40)
    let table = bench.table
    bench.wish { $0.isStopped = { table.requests.count == 3 } }
    #expect(bench.life(.export).failure?.isStop == true)
    #expect(bench.state?.export.link != nil)
    bench.wish { $0.isStopped = { false } }
    bench.table.refuseKeptLinks()
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.stage.sealed == calm.state?.stage.sealed)
    #expect(bench.spool().files == calm.spool().files)
  }

  @Test func aScanThatEndsWithoutATokenIsNoExport() throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 5)
    bench.wish { $0.isWithoutToken = true }
    let outcome = bench.life(.export)
    #expect(outcome.failure?.kind == .protocolBroken)
    #expect(outcome.state.phase == .exporting)
    bench.wish { $0.isWithoutToken = false }
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.stage.sealed.map(\.rows) == [5], "no row twice")
  }

  @Test func aPartOfATornPageIsCutBack() throws {
    let calm = try IngressBench()
    Contacts.fill(calm.table, 40)
    calm.life(.export)
    for point in ["after append", "before fsync", "after fsync", "after ledger", "after seal"] {
      let bench = try IngressBench()
      Contacts.fill(bench.table, 40)
      bench.world.die(at: point)
      bench.life(.export)
      bench.restart(losingPower: point != "after append")
      #expect(bench.life(.export).failure == nil, "\(point)")
      #expect(bench.spool().files == calm.spool().files, "\(point)")
    }
  }

  @Test func aboveTheRejectLimitNothingOfTheCommitIsRecorded() throws {
    let bench = try IngressBench(.still())
    Contacts.fill(bench.table, 200)
    bench.wish {
      $0.rejectShare = 0.01
      $0.pageSize = 150
    }
    let outcome = bench.life(.export)
    #expect(outcome.failure?.kind == .rejectedData)
    #expect(outcome.tally == Tally())
    #expect(bench.state?.export.pages == 0)
    #expect(bench.ledger.rows.isEmpty)
    #expect(bench.ledger.waiting.isEmpty)
    bench.wish { $0.rejectShare = 0.5 }
    #expect(bench.life(.export).failure == nil)
    #expect(bench.state?.export.rows == 190)
  }
}
