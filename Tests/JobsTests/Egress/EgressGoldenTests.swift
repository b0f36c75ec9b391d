import Core
import Foundation
import TestSupport
import Testing

@testable import Jobs

/// A whole run that people can read: `fixtures/golden/egress-click/input` -> `expected`.
@Suite struct EgressGoldenTests {
  private static let folder = "golden/egress-click"

  @Test func aRunIsAsExpected() throws {
    let zone = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Paris"))
    let bench = EgressBench(zone: try #require(TimeZoneRules(file: Array(zone)))) {
      $0.unmatched = .keep
    }
    for name in Golden.names(in: Self.folder + "/input", ending: ".csv") {
      bench.put(try Golden.read("\(Self.folder)/input/\(name).csv"), as: name + ".csv")
    }
    let outcome = bench.life()
    #expect(outcome.failure == nil)

    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let checkpoint = try #require(try bench.checkpoints.load())
    let files = [
      "activities.txt": bench.activities.stored.values.map(line).sorted().joined(),
      "checkpoint.json": String(decoding: try encoder.encode(checkpoint), as: UTF8.self) + "\n",
      "files.txt": bench.ledger.files.values.map(line).sorted().joined(),
      "pending.txt": try pending(bench), "tally.txt": line(outcome.tally),
    ]
    for (name, text) in files.sorted(by: { $0.key < $1.key }) {
      let difference = try Golden.difference(
        Array(text.utf8), from: "\(Self.folder)/expected/\(name)")
      if let difference { Issue.record("\(difference)") }
    }
    #expect(Golden.names(in: Self.folder + "/expected", ending: "") == files.keys.sorted())
  }

  private func line(_ stored: MemoryActivities.Stored) -> String {
    let activity = stored.activity
    let texts = activity.texts.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)\n" }
    return "\(activity.at.seconds) \(activity.contact) \(activity.id)\n  \(activity.subject)\n"
      + texts.joined()
  }

  private func line(_ mark: FileMark) -> String {
    "\(mark.name) size \(mark.size), read to \(mark.offset), \(mark.isDone ? "done" : "not done")\n"
  }

  private func line(_ tally: Tally) -> String {
    "read \(tally.read), created \(tally.created), unchanged \(tally.unchanged), "
      + "rejected \(tally.rejected), unmatched \(tally.unmatched), "
      + "others \(tally.filteredOut), files \(tally.files)\n"
  }

  private func pending(_ bench: EgressBench) throws -> String {
    let ledger = bench.ledger
    let executor = SeededExecutor(seed: 1)
    let records = executor.run { (try? await ledger.pending(after: nil, limit: 100)) ?? [] }
    return records.map { record in
      let rejection = record.rejection
      return "\(rejection.key) \(rejection.rule): \(rejection.reason)\n  \(rejection.line ?? "-")\n"
    }.joined()
  }
}
