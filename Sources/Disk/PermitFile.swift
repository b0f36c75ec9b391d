import Core
import Glibc
import Synchronization

/// The permits of one identity in all processes of a state folder: `state/ENV/gates/IDENTITY.permits`.
///
/// - Shape: the record in binary, with its length and a check sum; a mark is a lock on one byte,
///   somewhere behind it. The system gives the locks of a dead process back. Not flushed: after a
///   crash of the machine it is learned again.
package final class PermitFile: PermitBoard {
  /// The byte that is locked while the record is changed; places come behind it.
  private static let recordLock: off_t = 0
  private static let firstPlace: off_t = 1
  private static let longestRecord = 1024

  private let file: OpenFile
  private let tries: Int
  /// Whoever holds the record does not come to the end of its change.
  private let isGivenUp = Atomic<Bool>(false)

  private init(_ file: consuming OpenFile, tries: Int) {
    self.file = file
    self.tries = tries
  }

  deinit { FileLock.release(all: file.descriptor) }

  /// Nil where the file system has no such locks; and where there is no file and none may be made.
  ///
  /// - Parameters:
  ///   - folder: `state/ENV/gates`.
  ///   - identity: a client id.
  ///   - mayCreate: also the folder.
  ///   - tries: how often it tries to change the record alone before it changes it all the same: a
  ///     tenth of a second, more on a busy machine.
  package static func open(
    in folder: String, identity: String, mayCreate: Bool, tries: Int = 100_000
  ) throws(SyncError) -> PermitFile? {
    let path = folder + "/" + gateName(of: identity) + ".permits"
    if mayCreate { try makeFolder(folder) }
    let file: OpenFile
    if let standing = try OpenFile.open(path) {
      file = standing
    } else {
      guard mayCreate else { return nil }
      file = try OpenFile.openOrCreate(path)
    }
    var look = FileLock.lock(F_WRLCK, recordLock..<recordLock + 1)
    guard fcntl(file.descriptor, FileLock.get, &look) == 0 else { return nil }
    return PermitFile(file, tries: tries)
  }

  package func mark(_ place: Int) throws(SyncError) -> Bool {
    try set(F_WRLCK, Self.range(place..<place + 1))
  }

  package func unmark(_ place: Int) throws(SyncError) {
    _ = try set(F_UNLCK, Self.range(place..<place + 1))
  }

  package func isMarkedByOthers(_ places: Range<Int>) throws(SyncError) -> Bool {
    guard !places.isEmpty else { return false }  // a length of zero means all the rest
    var lock = FileLock.lock(F_WRLCK, Self.range(places))
    guard fcntl(file.descriptor, FileLock.get, &lock) == 0 else {
      throw .disk("look at the permits \(file.path)")
    }
    return lock.l_type != Int16(F_UNLCK)
  }

  /// Waits for the change of another process, but not for long.
  ///
  /// A change takes microseconds, or as long as a busy machine lets its process wait. One that takes
  /// longer belongs to a process that was stopped in it: it is not waited for, and at worst what was
  /// learned is lost.
  package func update<Value>(
    _ change: (inout [UInt64]) throws(SyncError) -> Value
  ) throws(SyncError) -> Value {
    try lockRecord()
    defer { _ = try? set(F_UNLCK, Self.recordLock..<Self.recordLock + 1) }
    let before = try read()
    var words = before
    let value = try change(&words)
    if words != before { try write(words) }
    return value
  }

  /// As often as it was told to; a thousandth of a second where the last one was in vain.
  private func lockRecord() throws(SyncError) {
    let most = isGivenUp.load(ordering: .relaxed) ? min(tries, 1000) : tries
    for _ in 0..<most {
      if try set(F_WRLCK, Self.recordLock..<Self.recordLock + 1) {
        isGivenUp.store(false, ordering: .relaxed)
        return
      }
      sched_yield()
    }
    isGivenUp.store(true, ordering: .relaxed)
  }

  private static func range(_ places: Range<Int>) -> Range<off_t> {
    firstPlace + places.lowerBound..<firstPlace + places.upperBound
  }

  private func set(_ type: Int32, _ bytes: Range<off_t>) throws(SyncError) -> Bool {
    var lock = FileLock.lock(type, bytes)
    while fcntl(file.descriptor, FileLock.set, &lock) != 0 {
      switch errno {
      case EINTR: continue
      case EAGAIN, EACCES: return false
      default: throw .disk("mark a permit in \(file.path)")
      }
    }
    return true
  }

  /// Nothing where the file is empty, torn, or not ours.
  private func read() throws(SyncError) -> [UInt64] {
    let bytes = try file.read(from: 0, count: Self.longestRecord)
    let words = bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / 8).map { buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
    }
    guard let count = words.first, count < Self.longestRecord / 8, words.count >= count + 2 else {
      return []
    }
    let record = Array(words[1..<Int(count) + 1])
    return Self.sum(record) == words[Int(count) + 1] ? record : []
  }

  private func write(_ words: [UInt64]) throws(SyncError) {
    let all = [UInt64(words.count)] + words + [Self.sum(words)]
    try file.write(all.withUnsafeBytes { Array($0) }, at: 0)
  }

  /// FNV-1a, by words.
  private static func sum(_ words: [UInt64]) -> UInt64 {
    words.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }
  }
}
