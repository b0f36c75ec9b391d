import Core
import Digests
import Gzip
import Synchronization

/// One part that is being written; one lane at a time appends to it.
final class SpoolPart: Sendable {
  private struct Writer {
    /// Nil where parts are not compressed.
    var deflater: Deflater?
    /// Reused: what one append writes.
    var block: [UInt8] = []
  }

  let file: OpenFile
  private let compression: CSVSettings.Compression
  private let writer = Mutex(Writer())

  init(_ file: consuming OpenFile, _ compression: CSVSettings.Compression) {
    self.file = file
    self.compression = compression
  }

  /// Bytes of the finished file.
  static func sealedSize(of mark: PartMark, _ compression: CSVSettings.Compression) -> UInt64 {
    mark.size + (compression == .gzip ? UInt64(Deflater.trailerSize) : 0)
  }

  /// Cuts the file back to the mark and appends the rows as one block.
  ///
  /// - Parameter header: begins the content; written where the mark is zero.
  func append(
    _ rows: [UInt8], rowCount: Int, to mark: PartMark, header: [UInt8]
  ) throws(SyncError) -> PartMark {
    try writer.withLock { writer throws(SyncError) in
      try cut(to: mark)
      var end = mark
      writer.block.removeAll(keepingCapacity: true)
      if mark.size == 0 {
        if compression == .gzip { writer.block += Deflater.header }
        try pack(header, with: &writer, &end)
      }
      if compression == .gzip { try pack(rows, with: &writer, &end) }
      try file.write(writer.block, at: mark.size)
      end.size += UInt64(writer.block.count)
      if compression == .none {  // as they are, not copied once more
        try file.write(rows, at: end.size)
        end.size += UInt64(rows.count)
        end.length += UInt64(rows.count)
      }
      end.rows += rowCount
      return end
    }
  }

  /// Ends the stream; the returned mark is the whole file.
  func finish(_ mark: PartMark, header: [UInt8]) throws(SyncError) -> PartMark {
    var end = mark
    if mark.size == 0 { end = try append([], rowCount: 0, to: mark, header: header) }
    try writer.withLock { _ throws(SyncError) in
      try cut(to: end)
      guard compression == .gzip else { return }
      let trailer = Deflater.trailer(crc: end.crc, length: end.length)
      try file.write(trailer, at: end.size)
      end.size += UInt64(trailer.count)
    }
    return end
  }

  private func pack(
    _ content: [UInt8], with writer: inout Writer, _ end: inout PartMark
  ) throws(SyncError) {
    end.length += UInt64(content.count)
    guard compression == .gzip else {
      writer.block += content
      return
    }
    end.crc = Deflater.checksum(content, after: end.crc)
    if writer.deflater == nil { writer.deflater = try Deflater() }
    try writer.deflater?.append(content, to: &writer.block)
  }

  private func cut(to mark: PartMark) throws(SyncError) {
    let size = try file.size()
    if size == mark.size { return }
    guard size > mark.size else { throw .lostBytes(file.path, "it has \(size) bytes", mark) }
    try file.cut(to: mark.size)
  }
}

extension OpenFile {
  /// Of the whole file, in lower-case hexadecimal.
  func sha256() throws(SyncError) -> String {
    let digest = SHA256()
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { piece.deallocate() }
    var offset: UInt64 = 0
    while true {
      let count = try read(into: piece, at: offset)
      if count == 0 { return hexadecimal(digest.finish()) }
      digest.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
      offset += UInt64(count)
    }
  }
}

extension SyncError {
  /// The spool is behind the checkpoint: somebody removed or cut a file.
  static func lostBytes(_ path: String, _ what: String, _ mark: PartMark) -> SyncError {
    let job = path.split(separator: "/").last?.split(separator: "-").dropLast(2)
      .joined(separator: "-")
    return SyncError(
      .storage, "go on with \(path)", "\(what), but \(mark.size) bytes of it are committed",
      next: "put the file back, or begin the load anew: campaign-sync checkpoint clear "
        + (job ?? "JOB"))
  }
}
