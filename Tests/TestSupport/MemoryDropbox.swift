import Core
import Glibc
import Synchronization

/// The shared folder in memory, with the faults of a far one on request.
package final class MemoryDropbox: Dropbox {
  package enum Fault: Sendable {
    /// The session is gone before anything happens.
    case breaksOff
    /// An upload is half done and stays so.
    case breaksInUpload
    /// The rename is sent, not answered, and did not happen.
    case losesRename
    /// The rename happened; its answer is lost.
    case losesRenameAnswer
    case refuses(SyncError)
  }

  fileprivate struct State {
    var files: [String: [UInt8]] = [:]
    var folders: Set<String> = []
    var faults: [Fault?] = []
    var calls: [String] = []
  }
  private let state = Mutex(State())

  package init() {}

  /// Everything there is, temporary files too.
  package var files: [String: [UInt8]] {
    get { state.withLock { $0.files } }
    set { state.withLock { $0.files = newValue } }
  }

  /// "publish a.csv", "stat a.csv", in the order they came.
  package var calls: [String] { state.withLock { $0.calls } }

  /// The next calls fail so, one each; nil lets one through.
  package func fail(next faults: [Fault?]) { state.withLock { $0.faults += faults } }

  package func publish(_ localPath: String, as name: String) async throws(SyncError) {
    guard let file = fopen(localPath, "r") else {
      throw SyncError(
        .storage, "read \(localPath)", "there is no such file", code: SyncError.fileMissingCode)
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&block, 1, block.count, file)
      if count == 0 { break }
      bytes += block[..<count]
    }
    try await publish(bytes: bytes, as: name)
  }

  package func publish(bytes: [UInt8], as name: String) async throws(SyncError) {
    let fault = try begin("publish", name)
    let temporary = RemoteName.temporary(for: name)
    try change { state throws(SyncError) in
      state.makeFolder(RemoteName.folder(of: name))
      if case .breaksInUpload = fault {
        state.files[temporary] = Array(bytes.prefix(bytes.count / 2))
        throw Self.brokenOff(name)
      }
      state.files[temporary] = bytes
      try state.rename(temporary, name, fault)
    }
  }

  package func list(_ pattern: String) async throws(SyncError) -> [RemoteFile] {
    _ = try begin("list", pattern)
    let folder = RemoteName.folder(of: pattern)
    let last = folder.map { pattern.dropFirst($0.count + 1) } ?? pattern[...]
    return files.filter { name, _ in
      RemoteName.folder(of: name) == folder
        && RemoteName.fits(folder.map { name.dropFirst($0.count + 1) } ?? name[...], last)
    }
    .map { RemoteFile(name: $0.key, size: UInt64($0.value.count), modified: 1_700_000_000) }
    .sorted { $0.name < $1.name }
  }

  package func stat(_ name: String) async throws(SyncError) -> RemoteFile? {
    _ = try begin("stat", name)
    return files[name].map {
      RemoteFile(name: name, size: UInt64($0.count), modified: 1_700_000_000)
    }
  }

  package func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError)
    -> [UInt8]
  {
    _ = try begin("read", name)
    guard let bytes = files[name] else { throw Self.missing("read \(name)") }
    return Array(bytes.dropFirst(Int(min(offset, UInt64(bytes.count)))).prefix(count))
  }

  package func rename(_ name: String, to other: String) async throws(SyncError) {
    let fault = try begin("rename", name)
    try RemoteName.check(other)
    try change { state throws(SyncError) in try state.rename(name, other, fault) }
  }

  package func remove(_ name: String) async throws(SyncError) {
    _ = try begin("remove", name)
    state.withLock { _ = $0.files.removeValue(forKey: name) }
  }

  package func makeFolder(_ name: String) async throws(SyncError) {
    _ = try begin("makeFolder", name)
    state.withLock { $0.makeFolder(name) }
  }

  /// Counts a call and fails it when that is its turn; the faults of a later moment are returned.
  private func begin(_ verb: String, _ name: String) throws(SyncError) -> Fault? {
    try RemoteName.check(name)
    let fault = state.withLock { state -> Fault? in
      state.calls.append("\(verb) \(name)")
      return state.faults.isEmpty ? nil : state.faults.removeFirst()
    }
    switch fault {
    case .refuses(let error): throw error
    case .breaksOff: throw Self.brokenOff(name)
    default: return fault
    }
  }

  private func change(_ body: (inout State) throws(SyncError) -> Void) throws(SyncError) {
    let failure = state.withLock { state -> SyncError? in
      do throws(SyncError) {
        try body(&state)
        return nil
      } catch { return error }
    }
    if let failure { throw failure }
  }

  fileprivate static func brokenOff(_ name: String) -> SyncError {
    SyncError(.unavailable, "reach \(name)", "the session broke off")
  }
  fileprivate static func missing(_ action: String) -> SyncError {
    SyncError(.unavailable, action, "there is no such file", code: "sftp status 2")
  }
}

extension MemoryDropbox.State {
  fileprivate mutating func makeFolder(_ name: String?) {
    var next = name
    while let folder = next {
      folders.insert(folder)
      next = RemoteName.folder(of: folder)
    }
  }

  fileprivate mutating func rename(_ name: String, _ other: String, _ fault: MemoryDropbox.Fault?)
    throws(SyncError)
  {
    var unanswered = MemoryDropbox.brokenOff(other)
    unanswered.code = SyncError.renameUnansweredCode
    if case .losesRename = fault { throw unanswered }
    guard let bytes = files.removeValue(forKey: name) else {
      throw MemoryDropbox.missing("rename \(name)")
    }
    files[other] = bytes
    if case .losesRenameAnswer = fault { throw unanswered }
  }
}
