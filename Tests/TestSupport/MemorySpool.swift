import Core
import Digests
import Gzip
import Synchronization

/// A spool in memory; its parts have the bytes of the real one's.
///
/// It is the disk, too: the process that reruns the job goes on with the same object. After the
/// machine dies, call `crash`: what was not flushed is gone.
package final class MemorySpool: Spool {
  private struct Part {
    var bytes: [UInt8] = []
    var flushed = 0
  }

  private struct Content {
    var parts: [Int: Part] = [:]
    var files: [String: [UInt8]] = [:]
    var open: Set<Int> = []
    var mostOpen = 0
  }

  private let run: RunName
  private let header: [UInt8]
  private let compression: CSVSettings.Compression
  private let content = Mutex(Content())

  package init(
    run: RunName, header: [UInt8], compression: CSVSettings.Compression = .gzip
  ) {
    self.run = run
    self.header = header
    self.compression = compression
  }

  /// Forgets what was appended and not flushed; a part that was never flushed is not there.
  ///
  /// - Parameter keep: of so many bytes that were not flushed, how many happened to reach the disk.
  package func crash(keeping keep: (_ unflushed: Int) -> Int = { _ in 0 }) {
    content.withLock { content in
      content.parts = content.parts.compactMapValues { part in
        let end = part.flushed + keep(part.bytes.count - part.flushed)
        return end == 0 ? nil : Part(bytes: Array(part.bytes[..<end]), flushed: end)
      }
    }
  }

  /// Bytes of a part that a crash would leave; nil where there is no such part being written.
  package func flushed(_ part: Int) -> Int? { content.withLock { $0.parts[part]?.flushed } }

  /// Files by name: sealed parts, the manifest, and parts that are being written.
  package var files: [String: [UInt8]] {
    content.withLock { content in
      var files = content.files
      for (number, part) in content.parts { files[run.part(number, suffix: ".part")] = part.bytes }
      return files
    }
  }

  /// Parts that were held open at one time, at most.
  package var mostOpen: Int { content.withLock { $0.mostOpen } }

  package func append(
    _ rows: [UInt8], rowCount: Int, to mark: PartMark
  ) throws(SyncError) -> PartMark {
    try content.withLock { content throws(SyncError) in
      var part = try cut(&content, to: mark)
      var end = mark
      if mark.size == 0 {
        if compression == .gzip { part.bytes += Deflater.header }
        try pack(header, &part, &end)
      }
      try pack(rows, &part, &end)
      end.size = UInt64(part.bytes.count)
      end.rows += rowCount
      content.parts[mark.number] = part
      content.open.insert(mark.number)
      content.mostOpen = max(content.mostOpen, content.open.count)
      return end
    }
  }

  package func sync(_ parts: [Int]) throws(SyncError) {
    content.withLock { content in
      for number in parts {
        guard let part = content.parts[number] else { continue }  // sealed: flushed then
        content.parts[number]?.flushed = part.bytes.count
      }
    }
  }

  package func close(_ part: Int) async throws(SyncError) {
    content.withLock { _ = $0.open.remove(part) }
  }

  package func seal(_ mark: PartMark) async throws(SyncError) -> SealedPart {
    let mark = mark.size == 0 ? try append([], rowCount: 0, to: mark) : mark
    let name = finalName(mark.number)
    return try content.withLock { content throws(SyncError) in
      let trailer =
        compression == .gzip ? Deflater.trailer(crc: mark.crc, length: mark.length) : []
      var bytes = content.files[name] ?? []
      if content.parts[mark.number] != nil || bytes.count != Int(mark.size) + trailer.count {
        bytes = try cut(&content, to: mark).bytes + trailer
        content.parts[mark.number] = nil
        content.files[name] = bytes
        content.open.remove(mark.number)
      }
      return SealedPart(
        name: name, rows: mark.rows, bytes: UInt64(bytes.count), sha256: SHA256.hex(of: bytes))
    }
  }

  package func path(of name: String) -> String { "memory/" + name }

  package func write(manifest: [UInt8], as name: String) throws(SyncError) {
    content.withLock { $0.files[name] = manifest }
  }

  package func remove() throws(SyncError) {
    content.withLock { $0 = Content() }
  }

  private func finalName(_ number: Int) -> String {
    run.part(number, suffix: compression == .gzip ? ".csv.gz" : ".csv")
  }

  /// The part as the mark has it; a sealed one is taken back.
  private func cut(_ content: inout Content, to mark: PartMark) throws(SyncError) -> Part {
    var part = content.parts[mark.number] ?? Part()
    if content.parts[mark.number] == nil, let sealed = content.files[finalName(mark.number)] {
      part = Part(bytes: sealed, flushed: sealed.count)
    }
    guard part.bytes.count >= mark.size else {
      throw SyncError(
        .storage, "go on with part \(mark.number)",
        "it has \(part.bytes.count) bytes, but \(mark.size) bytes of it are committed")
    }
    content.files[finalName(mark.number)] = nil
    part.bytes.removeLast(part.bytes.count - Int(mark.size))
    part.flushed = min(part.flushed, part.bytes.count)
    return part
  }

  private func pack(_ bytes: [UInt8], _ part: inout Part, _ end: inout PartMark) throws(SyncError) {
    end.length += UInt64(bytes.count)
    guard compression == .gzip else {
      part.bytes += bytes
      return
    }
    end.crc = Deflater.checksum(bytes, after: end.crc)
    try Deflater().append(bytes, to: &part.bytes)
  }
}
