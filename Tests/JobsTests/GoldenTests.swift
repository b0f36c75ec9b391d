import Core
import Foundation
import TestSupport
import Testing

@testable import Jobs

/// Whole exports that people can read: `fixtures/golden/<job>/input` -> `expected`.
@Suite struct GoldenTests {
  @Test(arguments: ["contacts"])
  func anExportIsAsExpected(job: String) throws {
    let bench = try IngressBench(.still()) { settings in
      settings.csv.compress = .none
      settings.csv.partSize = 400
    }
    let input = try FixtureJSON.parse(try Golden.read("golden/\(job)/input/rows.json"))
    for row in try #require(input.items) {
      let key = try #require(RowKey(row["contactid"]?.text ?? ""))
      let values = (row.members ?? []).map { ($0.name, $0.value) }
      bench.table.put(key, Dictionary(values) { $1 })
    }
    bench.wish { $0.pageSize = 3 }
    #expect(bench.life(.export).failure == nil)

    var files = bench.spool().files
    let manifest = files.removeValue(forKey: "contacts-000001.manifest.json")
    files["manifest.json"] = manifest
    files["checkpoint.json"] = try checkpoint(of: bench)
    files["pending.txt"] = bench.ledger.waiting.map { $0 + "\n" }.joined().utf8.map { $0 }
    for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
      let difference = try Golden.difference(bytes, from: "golden/\(job)/expected/\(name)")
      if let difference { Issue.record("\(difference)") }
    }
    #expect(Golden.names(in: "golden/\(job)/expected", ending: "") == files.keys.sorted())
  }

  /// As the disk writes it.
  private func checkpoint(of bench: IngressBench) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let checkpoint = try #require(try bench.checkpoints.load())
    return Array(try encoder.encode(checkpoint)) + [0x0A]
  }
}
