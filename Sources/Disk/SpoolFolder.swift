import Core
import Glibc
import Synchronization
import Threads

/// `spool/ENV/JOB/RUN/`: the parts of one run.
///
/// - Shape: a part is written as `contacts-000012-0001.part` and gets its final name,
///   `contacts-000012-0001.csv.gz` or `.csv`, when it is sealed. Folders 0700, files 0600.
///   Open are the parts that lanes write, however many there are: files, and the memory of packers.
///   A sealed part that is appended to loses its final name first: the commit before the seal is
///   where a crash leaves us.
package final class SpoolFolder: Spool {
  private struct Table {
    var parts: [Int: SpoolPart] = [:]
    /// A file was created since the folder was last flushed.
    var hasNewNames = false
    var packers: [Int: PartThread] = [:]
  }

  /// Threads that pack, at most: as many as can at once.
  private static let packers = max(1, min(8, sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  private let run: RunName
  private let folder: String
  private let header: [UInt8]
  private let compression: CSVSettings.Compression
  private let table = Mutex(Table())
  private let sealer = PartThread(name: "seal")

  /// Touches no disk yet.
  ///
  /// - Parameters:
  ///   - spool: of the environment: `spool/ENV`.
  ///   - header: the CSV header with its line end; it begins every part.
  package init(
    in spool: String, run: RunName, header: [UInt8], compression: CSVSettings.Compression
  ) {
    self.run = run
    self.header = header
    self.compression = compression
    folder = spool + "/" + run.job + "/" + RunName.padded(run.run, 6)
  }

  package func append(
    _ rows: [UInt8], rowCount: Int, to mark: PartMark
  ) async throws(SyncError) -> PartMark {
    try await packer(of: mark.number).run { () throws(SyncError) in
      try self.part(at: mark).append(rows, rowCount: rowCount, to: mark, header: self.header)
    }
  }

  /// Neighbouring parts, which lanes write at the same time, have threads of their own.
  private func packer(of part: Int) -> PartThread {
    table.withLock { table in
      let index = part % Self.packers
      if let packer = table.packers[index] { return packer }
      let packer = PartThread(name: "pack \(index)")
      table.packers[index] = packer
      return packer
    }
  }

  /// Without the lock of a part: a lane goes on writing while the disk works.
  package func sync(_ parts: [Int]) throws(SyncError) {
    let (open, hasNewNames) = table.withLock { table in
      defer { table.hasNewNames = false }
      return (parts.compactMap { table.parts[$0] }, table.hasNewNames)
    }
    for part in open { try part.file.flush() }  // others are closed or sealed: flushed then
    if hasNewNames { try flushFolder(folder) }
  }

  package func close(_ number: Int) async throws(SyncError) {
    try await packer(of: number).run { () throws(SyncError) in
      guard let part = self.table.withLock({ $0.parts[number] }) else { return }
      try part.file.flush()
      _ = self.table.withLock { $0.parts.removeValue(forKey: number) }
    }
  }

  package func seal(_ mark: PartMark) async throws(SyncError) -> SealedPart {
    try await sealer.run { () throws(SyncError) in try self.finish(mark) }
  }

  package func path(of name: String) -> String { folder + "/" + name }

  package func write(manifest: [UInt8], as name: String) throws(SyncError) {
    try makeFolder(folder)
    try replaceFile(at: path(of: name), with: manifest)
  }

  package func remove() throws(SyncError) {
    table.withLock { $0 = Table() }
    try removeFolder(folder)
  }

  private func finalName(_ number: Int) -> String {
    run.part(number, suffix: compression == .gzip ? ".csv.gz" : ".csv")
  }

  private func finalPath(_ number: Int) -> String { path(of: finalName(number)) }

  private func temporaryPath(_ number: Int) -> String {
    path(of: run.part(number, suffix: ".part"))
  }

  /// The open part; the lock is held while a file is opened or created, never while one is written.
  private func part(at mark: PartMark) throws(SyncError) -> SpoolPart {
    try table.withLock { table throws(SyncError) in
      if let part = table.parts[mark.number] { return part }
      let part: SpoolPart
      if let file = try openFile(mark.number) {
        part = SpoolPart(file, compression)
      } else {
        let path = temporaryPath(mark.number)
        guard mark.size == 0 else { throw .lostBytes(path, "it is gone", mark) }
        try makeFolder(folder)
        part = SpoolPart(try OpenFile.create(path), compression)
        table.hasNewNames = true
      }
      table.parts[mark.number] = part
      return part
    }
  }

  /// The part's file; a sealed one goes back to its temporary name.
  private func openFile(_ number: Int) throws(SyncError) -> OpenFile? {
    let path = temporaryPath(number)
    if let file = try OpenFile.open(path) { return file }
    guard fileExists(finalPath(number)) else { return nil }
    try renameFile(finalPath(number), to: path)
    try flushFolder(folder)
    return try OpenFile.open(path)
  }

  /// On the sealer's thread.
  private func finish(_ mark: PartMark) throws(SyncError) -> SealedPart {
    let sealed = finalPath(mark.number)
    let name = finalName(mark.number)
    if mark.size > 0, !fileExists(temporaryPath(mark.number)),
      let file = try OpenFile.open(sealed),
      try file.size() == SpoolPart.sealedSize(of: mark, compression)
    {
      try flushFolder(folder)  // the first seal may have died before it came to this
      let digest = try file.sha256()
      return SealedPart(name: name, rows: mark.rows, bytes: try file.size(), sha256: digest)
    }
    let part = try part(at: mark)
    let mark = try part.finish(mark, header: header)
    try part.file.flush()
    let digest = try part.file.sha256()
    try renameFile(temporaryPath(mark.number), to: sealed)
    try flushFolder(folder)
    _ = table.withLock { $0.parts.removeValue(forKey: mark.number) }
    return SealedPart(name: name, rows: mark.rows, bytes: mark.size, sha256: digest)
  }
}

/// Where parts are packed and written, or hashed and flushed: no lane's task waits with it.
private actor PartThread {
  private let thread: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(name: String) { thread = ThreadExecutor(name: name) }

  func run<T: Sendable>(_ work: @Sendable () throws(SyncError) -> T) throws(SyncError) -> T {
    try work()
  }
}
