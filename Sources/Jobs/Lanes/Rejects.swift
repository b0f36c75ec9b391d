import Core

extension LoadJob {
  /// Reads the import's reject files back: their rows wait in `pending` and are sent by API.
  ///
  /// - Parameter isLoad: true where a row that was refused is not in Campaign at all; after a chain
  ///   it may be there as it was.
  func readRejects(run: Int, isLoad: Bool) async throws(SyncError) -> [LedgerEntry] {
    guard let dropbox, let pattern = settings.load?.rejects else { return [] }
    var entries: [LedgerEntry] = []
    for file in try await dropbox.list(fill(pattern, run: run)) {
      let mark = try await ledger.file(file.name)
      if let mark, mark.isDone, mark.size == file.size, mark.modified == file.modified { continue }
      let keys = try await keys(in: file, of: dropbox)
      let known = try await ledger.known(keys)
      let new = try await ledger.staged(keys)
      for key in keys where known[key] != nil {
        let rejection = Rejection(
          key: key.description, rule: "import",
          reason: "the import workflow refused this row; see the reject file on SFTP")
        if isLoad || new.contains(key) { entries.append(.forgotten(key)) }
        entries.append(.pending(rejection))
      }
      entries.append(
        .file(
          FileMark(
            name: file.name, size: file.size, modified: file.modified, offset: file.size,
            isDone: true)))
    }
    return entries
  }

  /// The first guid of each line: reject files have no fixed layout, but the key comes first.
  private func keys(
    in file: RemoteFile, of dropbox: any Dropbox
  ) async throws(SyncError) -> [RowKey] {
    var keys: [RowKey] = []
    var rest: [UInt8] = []
    var offset: UInt64 = 0
    while true {
      let bytes = try await dropbox.read(file.name, offset: offset, count: 1 << 18)
      offset += UInt64(bytes.count)
      rest += bytes
      var lines = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
      rest = bytes.isEmpty ? [] : Array(lines.removeLast().prefix(1 << 20))
      keys += lines.compactMap(LoadJob.firstKey)
      if bytes.isEmpty { return keys }
    }
  }

  static func firstKey(in line: ArraySlice<UInt8>) -> RowKey? {
    guard line.count >= 36 else { return nil }
    for start in line.startIndex...(line.endIndex - 36) {
      if let key = RowKey(line[start..<start + 36]) { return key }
    }
    return nil
  }
}
