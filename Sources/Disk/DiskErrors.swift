import Core
import Glibc

extension SyncError {
  /// What the system said to a call on a file, in words.
  ///
  /// - Parameter action: what was tried, with the path.
  static func disk(_ action: String, _ number: Int32 = errno) -> SyncError {
    var reason = "the system refused it"
    var next = "look into the system's log for the disk, then run the same command again"
    switch number {
    case ENOSPC, EDQUOT:
      reason = "the disk is full"
      next = "free some space, then run the same command again"
    case EFBIG:
      reason = "a file may not grow any further"
      next = "raise the limit of this user (ulimit -f), then run the same command again"
    case EACCES, EPERM:
      reason = "this user may not"
      next = "check the owner and the mode of the folder"
    case EROFS:
      reason = "the disk is mounted read-only"
      next = "mount it for writing, then run the same command again"
    case EMFILE, ENFILE:
      reason = "too many files are open"
      next = "raise the limit (ulimit -n), then run the same command again"
    case ENOENT, ENOTDIR:
      reason = "there is no such file or folder"
      next = "check the paths of the environment"
    case EIO:
      reason = "the disk reports a failure"
    default: break
    }
    return SyncError(.storage, action, reason, code: "errno \(number)", next: next)
  }
}
