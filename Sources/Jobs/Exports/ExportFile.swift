import Core
import Gzip

/// The bytes of one export file, unpacked, block by block.
///
/// - Shape: memory does not grow with the file; the next block is asked for when it is needed.
/// - Errors: `protocolBroken` where the file is damaged, or larger than `largest`.
final class ExportFile {
  /// Unpacked; a few hundred million rows.
  static let largest: UInt64 = 64 << 30

  let name: String
  private let size: UInt64
  private let dropbox: any Dropbox
  private let block: Int
  private let inflater: Inflater?
  private var position: UInt64
  /// Bytes of the content handed over so far, or skipped.
  private var content: UInt64
  private var toSkip: UInt64

  /// - Parameter offset: of the content; the first byte that is wanted.
  init(
    _ file: RemoteFile, from offset: UInt64, in dropbox: any Dropbox, block: Int
  ) throws(SyncError) {
    name = file.name
    size = file.size
    guard size <= ExportFile.largest else { throw .tooLarge(name) }
    self.dropbox = dropbox
    self.block = block
    inflater = file.name.hasSuffix(".gz") ? try Inflater(of: file.name) : nil
    position = inflater == nil ? offset : 0
    content = inflater == nil ? offset : 0
    toSkip = inflater == nil ? 0 : offset
  }

  /// The next bytes, never empty; nil at the end, with all checksums proven.
  func next() async throws(SyncError) -> [UInt8]? {
    guard let inflater else {
      let bytes = try await fetch()
      try count(bytes)
      return bytes
    }
    var piece: [UInt8] = []
    while true {
      while try inflater.read(into: &piece) {
        try count(piece)
        if toSkip >= UInt64(piece.count) {
          toSkip -= UInt64(piece.count)
          continue
        }
        if toSkip > 0 { piece.removeFirst(Int(toSkip)) }
        toSkip = 0
        return piece
      }
      guard let bytes = try await fetch() else {
        if size > 0 { try inflater.finish() }
        return nil
      }
      inflater.feed(bytes)
    }
  }

  /// Only what was there when the file was listed: what is appended later is another file.
  private func fetch() async throws(SyncError) -> [UInt8]? {
    let count = min(UInt64(block), size - min(position, size))
    if count == 0 { return nil }
    let bytes = try await dropbox.read(name, offset: position, count: Int(count))
    if bytes.isEmpty {
      throw SyncError(
        .protocolBroken, "read \(name)", "it is shorter than its listing said",
        next: "run the job again; if it stays so, have the file exported again")
    }
    position += UInt64(bytes.count)
    return bytes
  }

  private func count(_ bytes: [UInt8]?) throws(SyncError) {
    content += UInt64(bytes?.count ?? 0)
    guard content <= ExportFile.largest else { throw .tooLarge(name) }
  }
}

extension SyncError {
  fileprivate static func tooLarge(_ name: String) -> SyncError {
    SyncError(
      .protocolBroken, "read \(name)", "it holds more than \(ExportFile.largest) bytes",
      code: "too-large", next: "let the export write smaller files")
  }
}
