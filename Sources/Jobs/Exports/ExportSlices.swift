import Core

/// Some rows of a file, as a job takes them, and where they end.
protocol ExportSlice: Sendable {
  /// Bytes of the content before the next row.
  var end: UInt64 { get set }
  /// Rows that are worked on.
  var count: Int { get }

  init(end: UInt64)
}

/// The rows of one export file, slice by slice.
final class ExportSlices<Slice: ExportSlice> {
  private let file: ExportFile
  private let sizes: ExportReader.Sizes
  private let take: (CSVRow, inout Slice) -> Void
  private var reader: CSVReader
  private var rest: ArraySlice<UInt8> = []
  private var isAtEnd = false
  /// How far rows have been read: bytes of the content.
  private(set) var end: UInt64

  /// - Parameter offset: the end of a row.
  init(
    _ file: RemoteFile, _ export: ExportReader, from offset: UInt64,
    _ take: @escaping (CSVRow, inout Slice) -> Void
  ) throws(SyncError) {
    sizes = export.sizes
    self.file = try ExportFile(file, from: offset, in: export.dropbox, block: sizes.block)
    self.take = take
    end = offset
    reader = CSVReader(
      separator: export.files.separator, quote: export.files.quote, offset: offset)
  }

  /// The next slice; nil when the file is at its end.
  func next() async throws(SyncError) -> Slice? {
    var slice = Slice(end: end)
    let start = end
    while !isAtEnd, slice.count < sizes.slice, slice.end - start < UInt64(sizes.passed) {
      if rest.isEmpty {
        if let block = try await file.next() {
          rest = block[...]
        } else {
          isAtEnd = true
        }
      }
      let piece = rest.prefix(sizes.piece)
      rest = rest.dropFirst(piece.count)
      do throws(SyncError) {
        if isAtEnd {
          try reader.finish { add($0, to: &slice) }
        } else {
          try reader.push(piece) { add($0, to: &slice) }
        }
      } catch { throw error.inFile(file.name) }
    }
    end = slice.end
    return isAtEnd && slice.end == start ? nil : slice
  }

  private func add(_ row: CSVRow, to slice: inout Slice) {
    slice.end = row.end
    take(row, &slice)
  }
}
