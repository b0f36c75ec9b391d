import Core
import FoundationEssentials
import Glibc

/// `state/ENV/JOB/runs.jsonl`: one line a run, the newest last; 90 days.
///
/// - Shape: compact JSON, keys sorted. A line that a crash tore, or that another version wrote and
///   this one cannot read, is passed over.
package struct RunRecords<Record: Codable & Sendable>: Sendable {
  /// How long a record is kept.
  package static var age: Duration { .seconds(90 * 86_400) }

  private let path: String
  private let time: @Sendable (Record) -> Instant

  /// - Parameters:
  ///   - folder: of the job: `state/ENV/JOB`.
  ///   - time: when the run of a record began.
  package init(in folder: String, time: @escaping @Sendable (Record) -> Instant) {
    path = folder + "/runs.jsonl"
    self.time = time
  }

  /// Appends a record, and once a day removes those that are too old.
  ///
  /// The caller holds the job's lock.
  package func append(_ record: Record, now: Instant) throws(SyncError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(record) else {
      throw SyncError(.bug, "write \(path)", "the run's record cannot be written as JSON")
    }
    try makeFolder(folder(of: path))
    try prune(now: now)
    let file = try OpenFile.openOrCreate(path)
    let size = try file.size()
    let isTorn = size > 0 ? try file.read(from: size - 1, count: 1) != [0x0A] : false
    try file.write((isTorn ? [0x0A] : []) + Array(data) + [0x0A], at: size)
    try file.flush()
  }

  /// The last records, the oldest of them first.
  package func last(_ count: Int) throws(SyncError) -> [Record] {
    guard count > 0, let file = try OpenFile.open(path, O_RDONLY) else { return [] }
    var start = try file.size()
    var text: [UInt8] = []
    while start > 0 {
      let piece = min(start, 64 << 10)
      start -= piece
      text = try file.read(from: start, count: Int(piece)) + text
      // The first line may be cut: it counts only when the file begins with it.
      let lines = text.split(separator: 0x0A).dropFirst(start > 0 ? 1 : 0)
      let records = lines.suffix(count).compactMap(decode)
      if records.count == count { return records }
      if start == 0 { return lines.compactMap(decode).suffix(count) }
    }
    return []
  }

  /// Rewrites the file when its first record is a day over the age.
  private func prune(now: Instant) throws(SyncError) {
    guard let file = try OpenFile.open(path, O_RDONLY) else { return }
    let head = try file.read(from: 0, count: 64 << 10)
    guard let line = head.split(separator: 0x0A, maxSplits: 1).first, let first = decode(line),
      now - time(first) > Self.age + .seconds(86_400), let bytes = try readFile(at: path)
    else { return }
    let lines = bytes.split(separator: 0x0A).filter { line in
      decode(line).map { now - time($0) <= Self.age } ?? true
    }
    try replaceFile(at: path, with: lines.flatMap { Array($0) + [0x0A] })
  }

  private func decode(_ line: ArraySlice<UInt8>) -> Record? {
    try? JSONDecoder().decode(Record.self, from: Data(line))
  }
}
