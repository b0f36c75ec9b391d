import Core
import Glibc
import Synchronization

/// `state/ENV/JOB/lock`: one run per job.
///
/// The system takes it back when the process dies, so no stale lock can stop a job; the pid inside
/// is for people (`FileLock`).
package final class RunLock: Sendable {
  package enum Attempt: Sendable {
    case acquired(RunLock)
    /// Another run holds it; the pid, where it was readable.
    case busy(pid: Int32?)
  }

  private let file: Mutex<OpenFile?>

  private init(_ file: consuming sending OpenFile) {
    self.file = Mutex(consume file)
  }

  /// Takes the lock now, or says who holds it.
  ///
  /// - Parameter folder: of the job: `state/ENV/JOB`; made where it is missing.
  package static func attempt(in folder: String) throws(SyncError) -> Attempt {
    try makeFolder(folder)
    let path = folder + "/lock"
    let file = try OpenFile.openOrCreate(path)
    var whole = FileLock.lock(F_WRLCK)
    while fcntl(file.descriptor, FileLock.set, &whole) != 0 {
      switch errno {
      case EINTR: continue
      case EAGAIN, EACCES: return .busy(pid: try pid(in: file))
      default: throw .disk("lock \(path)")
      }
    }
    let text = Array("\(getpid())\n".utf8)
    try file.write(text, at: 0)
    try file.cut(to: UInt64(text.count))
    return .acquired(RunLock(file))
  }

  /// Tries again until the lock is free or the time is over.
  ///
  /// - Parameter limit: nil waits for ever; a cancelled task stops waiting.
  package static func acquire(
    in folder: String, within limit: Duration?, clock: any Clock
  ) async throws(SyncError) -> Attempt {
    let end = limit.map { clock.uptime + $0 }
    while true {
      let attempt = try attempt(in: folder)
      guard case .busy = attempt else { return attempt }
      let rest = end.map { $0 - clock.uptime } ?? .seconds(1)
      if rest <= .zero { return attempt }
      await clock.sleep(min(rest, .seconds(1)))
      if Task.isCancelled { throw .stopped }
    }
  }

  /// Whether a run holds the lock now; looking does not disturb it.
  package static func isHeld(in folder: String) throws(SyncError) -> Bool {
    guard let file = try OpenFile.open(folder + "/lock") else { return false }
    var whole = FileLock.lock(F_WRLCK)
    guard fcntl(file.descriptor, FileLock.get, &whole) == 0 else {
      throw .disk("look at the lock \(folder)/lock")
    }
    return whole.l_type != Int16(F_UNLCK)
  }

  /// Gives the lock back; the end of the object does the same.
  package func release() {
    file.withLock { file in
      guard let descriptor = file?.descriptor else { return }
      FileLock.release(all: descriptor)
      file = nil
    }
  }

  deinit { release() }

  private static func pid(in file: borrowing OpenFile) throws(SyncError) -> Int32? {
    let text = try file.read(from: 0, count: 16).prefix { $0 != 0x0A }
    return Int32(String(decoding: text, as: UTF8.self))
  }
}
