import Core

/// The export files of Campaign that a job reads: which of them are complete, and how far each was
/// read before.
package struct ExportReader: Sendable {
  package let files: any ExportSettings
  let dropbox: any Dropbox
  let ledger: any Ledger
  /// Of the first bytes of a file, as text.
  let digest: @Sendable ([UInt8]) -> String
  let patience: Patience
  /// Something to be told that is no failure: a file that is not taken, by its name.
  let note: @Sendable (String) -> Void
  var sizes = Sizes()

  /// What is in memory at once.
  package struct Sizes: Sendable {
    /// Rows that are worked on in one go.
    package var slice = 4_000
    /// Bytes read from the server in one call.
    package var block = 1 << 20
    /// Bytes that are taken apart before the slice is looked at again.
    package var piece = 1 << 16
    /// Bytes of a file that a slice may pass over without a row of the job.
    package var passed = 16 << 20
    package init() {}
  }

  package init(
    _ files: any ExportSettings, dropbox: any Dropbox, ledger: any Ledger,
    digest: @escaping @Sendable ([UInt8]) -> String, patience: Patience,
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.files = files
    self.dropbox = dropbox
    self.ledger = ledger
    self.digest = digest
    self.patience = patience
    self.note = note
  }

  /// How far this very file was read before; nil where it is not complete, or gone.
  ///
  /// - Errors: damaged gzip data, before anything of the file is taken.
  func begin(_ file: RemoteFile) async throws(SyncError) -> FileMark? {
    guard try await isUnchanged(file) else { return nil }
    let head = digest(try await dropbox.read(file.name, offset: 0, count: 1 << 16))
    var mark = FileMark(
      name: file.name, size: file.size, modified: file.modified, offset: 0, isDone: false,
      head: head)
    if let known = try await ledger.file(file.name), known.size == mark.size,
      known.modified == mark.modified, known.head == head
    {
      mark.offset = known.offset
    }
    if mark.offset > 0 || file.size == 0 { return mark }
    guard try await isEnded(file) else {
      note("\(file.name): not taken yet; its end is not there")
      return nil
    }
    return mark
  }

  func header(of file: RemoteFile) async throws(SyncError) -> CSVRow? {
    try await ExportReader.header(of: file, files, in: dropbox, block: sizes.block)
  }

  /// The first row of a file; nil where there is none.
  package static func header(
    of file: RemoteFile, _ files: any ExportSettings, in dropbox: any Dropbox, block: Int = 1 << 16
  ) async throws(SyncError) -> CSVRow? {
    let bytes = try ExportFile(file, from: 0, in: dropbox, block: min(block, 1 << 16))
    var reader = CSVReader(separator: files.separator, quote: files.quote)
    var header: CSVRow?
    do throws(SyncError) {
      while header == nil, let block = try await bytes.next() {
        try reader.push(block[...]) { header = header ?? $0 }
      }
      if header == nil { try reader.finish { header = header ?? $0 } }
    } catch { throw error.inFile(file.name) }
    return header
  }

  /// Whether the last line is ended; of a packed file, all of it is unpacked once to see.
  private func isEnded(_ file: RemoteFile) async throws(SyncError) -> Bool {
    guard file.name.hasSuffix(".gz") else {
      let last = try await dropbox.read(file.name, offset: file.size - 1, count: 1)
      return last == [0x0A]
    }
    let bytes = try ExportFile(file, from: 0, in: dropbox, block: sizes.block)
    var last: UInt8 = 0x0A
    do throws(SyncError) {
      while let block = try await bytes.next() {
        last = block.last ?? last
        try patience.checkStop()
      }
    } catch {
      // Damaged data has a code of zlib's; data that is not all there has none.
      guard error.kind == .protocolBroken, error.code == nil else { throw error }
      return false
    }
    return last == 0x0A
  }

  func isUnchanged(_ file: RemoteFile) async throws(SyncError) -> Bool {
    let now = try await dropbox.stat(file.name)
    if now == file { return true }
    note("\(file.name): not taken yet; it \(now == nil ? "is gone" : "has changed")")
    return false
  }

  /// Tells a fault of the file in hand from one that stops the job.
  func attempt<Value>(
    _ work: () async throws(SyncError) -> Value
  ) async throws(SyncError) -> Result<Value, SyncError> {
    do throws(SyncError) {
      return .success(try await work())
    } catch {
      let kinds: [SyncError.Kind] = [.protocolBroken, .configuration, .permission]
      guard kinds.contains(error.kind) else { throw error }
      return .failure(error)
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
