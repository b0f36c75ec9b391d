import Core

/// The events of one export file, slice by slice.
final class EventSlices {
  private let file: ExportFile
  private let sizes: EgressPorts.Sizes
  private let plan: EventPlan
  private var reader: CSVReader
  private var rest: ArraySlice<UInt8> = []
  private var isAtEnd = false
  /// How far rows have been read: bytes of the content.
  private(set) var end: UInt64

  /// - Parameter offset: the end of a row.
  init(
    _ file: ExportFile, _ plan: EventPlan, _ settings: EgressSettings, from offset: UInt64,
    _ sizes: EgressPorts.Sizes
  ) {
    self.file = file
    self.plan = plan
    self.sizes = sizes
    end = offset
    reader = CSVReader(
      separator: settings.files.separator, quote: settings.files.quote, offset: offset)
  }

  /// The first row of a file; nil where there is none.
  static func header(
    of file: RemoteFile, in dropbox: any Dropbox, _ settings: EgressSettings, block: Int
  ) async throws(SyncError) -> CSVRow? {
    let bytes = try ExportFile(file, from: 0, in: dropbox, block: min(block, 1 << 16))
    var reader = CSVReader(separator: settings.files.separator, quote: settings.files.quote)
    var header: CSVRow?
    do throws(SyncError) {
      while header == nil, let block = try await bytes.next() {
        try reader.push(block) { header = header ?? $0 }
      }
      if header == nil { try reader.finish { header = header ?? $0 } }
    } catch { throw error.inFile(file.name) }
    return header
  }

  /// The next slice; nil when the file is at its end.
  func next() async throws(SyncError) -> EventSlice? {
    var slice = EventSlice(end: end)
    let start = end
    while !isAtEnd, slice.rows.count < sizes.slice, slice.end - start < UInt64(sizes.passed) {
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
          try reader.finish { slice.take($0, plan) }
        } else {
          try reader.push(piece) { slice.take($0, plan) }
        }
      } catch { throw error.inFile(file.name) }
    }
    end = slice.end
    return isAtEnd && slice.end == start ? nil : slice
  }
}

extension EgressJob {
  /// For `check`: whether the first line of a file has every column of the job.
  package static func checkHeader(
    of file: RemoteFile, in dropbox: any Dropbox, _ settings: EgressSettings
  ) async throws(SyncError) {
    let header = try await EventSlices.header(of: file, in: dropbox, settings, block: 1 << 16)
    if let header { _ = try EventPlan(settings, header: header, file: file.name) }
  }
}

/// Some rows of a file, and where they end.
struct EventSlice: Sendable {
  var rows: [EventRow] = []
  var broken: [Rejection] = []
  /// Rows that are no event of this job.
  var others = 0
  /// Bytes of the content before the next row.
  var end: UInt64

  init(end: UInt64) { self.end = end }

  fileprivate mutating func take(_ row: CSVRow, _ plan: EventPlan) {
    end = row.end
    switch plan.judge(row) {
    case .other: others += 1
    case .event(let event): rows.append(event)
    case .broken(let rejection): broken.append(rejection)
    }
  }
}

extension SyncError {
  /// The same, and in which file.
  func inFile(_ name: String) -> SyncError {
    guard kind == .protocolBroken else { return self }
    var error = self
    error.action = action.contains(name) ? action : "\(action) of \(name)"
    error.next = next ?? "have the file exported again, or move it away"
    return error
  }
}
