import CSSH2
import Core

/// What a libssh2 call failed with.
enum SSHFault: Equatable, Sendable {
  /// The server's answer to one request; the session goes on.
  case status(UInt)
  /// Anything else; the session is not used again.
  case library(Int32)
  /// Somebody asked for the end, and the server did not answer soon.
  case stopped

  static let noSuchFile = SSHFault.status(2)
  static let noSuchPath = SSHFault.status(10)
  static let unsupported = SSHFault.status(8)
  static let denied = SSHFault.status(3)
  static let failure = SSHFault.status(4)

  var isMissing: Bool { self == .noSuchFile || self == .noSuchPath }

  var code: String {
    switch self {
    case .status(let status): SyncError.sftpStatusPrefix + String(status)
    case .library(let code): "libssh2 \(code)"
    case .stopped: "stopped"
    }
  }
}

extension SyncError {
  static let sftpStatusPrefix = "sftp status "

  /// The server answered, and its answer will be the same in a minute.
  var isRemoteAnswer: Bool { code?.hasPrefix(SyncError.sftpStatusPrefix) ?? false }

  /// A request that failed within a session.
  static func sftp(_ fault: SSHFault, _ action: String, isWrite: Bool = false) -> SyncError {
    switch fault {
    case .stopped: unanswered(action)
    case .library(LIBSSH2_ERROR_TIMEOUT), .library(LIBSSH2_ERROR_SOCKET_TIMEOUT):
      SyncError(
        .unavailable, action, "the SFTP server did not answer in time", code: fault.code,
        next: again)
    case .library, .status(6), .status(7):
      SyncError(
        .unavailable, action, "the SFTP session broke off", code: fault.code, next: again)
    case .noSuchFile, .noSuchPath:
      SyncError(
        .unavailable, action, "the server has no such file or folder", code: fault.code,
        next: "look at the folder with an SFTP client; somebody may have removed it")
    case .denied, .status(12):
      SyncError(
        .permission, action, "the server does not permit it", code: fault.code,
        next: "give the SFTP user write access to sftp.directory, or name another directory")
    case .status(14), .status(15):
      full(action, "the server's storage or quota is full", fault)
    case .failure where isWrite:
      full(action, "the server could not store a block; its storage or quota may be full", fault)
    case .failure:
      SyncError(
        .unavailable, action, "the server refused without a reason", code: fault.code, next: again)
    case .unsupported:
      SyncError(
        .protocolBroken, action, "the server does not know this request", code: fault.code,
        next: "campaign-sync check says what the server lacks")
    case .status:
      SyncError(
        .protocolBroken, action, "the server answered with an unexpected status",
        code: fault.code, next: again)
    }
  }

  /// A stop, of which it is worth knowing who did not answer meanwhile.
  private static func unanswered(_ action: String) -> SyncError {
    var error = SyncError.stopped
    error.action = action
    error.reason = "asked to stop, and the SFTP server did not answer meanwhile"
    return error
  }

  private static func full(_ action: String, _ reason: String, _ fault: SSHFault) -> SyncError {
    SyncError(
      .unavailable, action, reason, code: fault.code,
      next: "free space on the SFTP storage (Campaign's Control Panel shows it), then run the same"
        + " command again")
  }

  private static var again: String { "run the same command again; campaign-sync check tests SFTP" }
}
