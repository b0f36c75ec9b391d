import Core
import TestSupport
import Testing

@testable import Disk

@Suite struct RunRecordsTests {
  struct Record: Codable, Sendable, Equatable {
    var began: Instant
    var rows: Int
  }

  let folder = TemporaryFolder()
  private let day: Int64 = 86_400
  private var path: String { folder.path + "/runs.jsonl" }
  private var records: RunRecords<Record> { RunRecords(in: folder.path) { $0.began } }

  private func record(_ day: Int64) -> Record {
    Record(began: Instant(seconds: day * self.day), rows: Int(day))
  }

  private func append(_ days: ClosedRange<Int64>) throws {
    for day in days { try records.append(record(day), now: record(day).began) }
  }

  @Test func givesBackTheLastOnes() throws {
    #expect(try records.last(5).isEmpty)
    try append(1...20)
    #expect(try records.last(3).map(\.rows) == [18, 19, 20])
    #expect(try records.last(100).count == 20)
    #expect(try records.last(0).isEmpty)
    #expect(mode(of: path) == 0o600)
  }

  @Test func readsFromTheEndOfALongFile() throws {
    let line = Array("{\"began\":86400000,\"rows\":7}\n".utf8)
    try replaceFile(at: path, with: (0..<5000).flatMap { _ in line })
    try records.append(record(2), now: record(2).began)
    #expect(try records.last(2).map(\.rows) == [7, 2])
    #expect(try records.last(4000).count == 4000)
    #expect(try records.last(9000).count == 5001)
  }

  @Test func aTornLineIsPassedOver() throws {
    try append(1...2)
    let bytes = try #require(try readFile(at: path))
    try replaceFile(at: path, with: bytes + Array("{\"beg".utf8))
    #expect(try records.last(1).map(\.rows) == [2])
    try append(3...3)
    #expect(try records.last(9).map(\.rows) == [1, 2, 3])
  }

  @Test func whatIsOlderThanNinetyDaysGoes() throws {
    try append(1...92)
    #expect(try records.last(999).count == 92)  // removed once a day, not at each run
    try append(93...93)
    #expect(try records.last(999).map(\.rows) == Array(3...93))
    try append(400...400)
    #expect(try records.last(999).map(\.rows) == [400])
  }
}
