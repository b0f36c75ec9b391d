import Core
import Glibc

/// The gate of one identity, shared by all processes of a state folder: `state/ENV/gates/IDENTITY`.
///
/// - Shape: milliseconds since 1970 and a line end. Replaced by rename, never written in place; not
///   flushed, since after a crash of the machine the wait is over or is asked for again.
package struct GateFile: Gate {
  private let folder: String
  private let path: String

  /// Creates the folder, with those above it.
  ///
  /// - Parameter identity: who is throttled: a client id. Odd characters are written as `%XX`.
  package init(folder: String, identity: String) throws(SyncError) {
    self.folder = folder
    path = folder + "/" + gateName(of: identity)
    try makeFolder(folder)
  }

  package func notBefore() throws(SyncError) -> Instant? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw Self.error("open the gate \(path)")
    }
    defer { Glibc.close(file) }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = read(file, &bytes, bytes.count)
    guard count >= 0 else { throw Self.error("read the gate \(path)") }
    let text = String(decoding: bytes[..<count], as: UTF8.self)
    guard text.hasSuffix("\n"), let moment = Int64(text.dropLast()) else {
      throw SyncError(
        .storage, "read the gate \(path)", "it does not hold a time", next: "remove the file")
    }
    return Instant(milliseconds: moment)
  }

  /// Reads and replaces under a lock on the folder, so that two processes cannot move it earlier.
  package func close(until moment: Instant) throws(SyncError) {
    let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else { throw Self.error("open \(folder)") }
    defer { Glibc.close(lock) }  // lets go of the lock too
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else { throw Self.error("lock \(folder)") }
    }
    if let standing = try? notBefore(), standing >= moment { return }
    try replace(with: Array("\(moment.milliseconds)\n".utf8))
  }

  private func replace(with bytes: [UInt8]) throws(SyncError) {
    let temporary = path + ".tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.error("create \(temporary)") }
    defer { Glibc.close(file) }
    guard write(file, bytes, bytes.count) == bytes.count else {
      throw Self.error("write \(temporary)")
    }
    guard rename(temporary, path) == 0 else { throw Self.error("rename \(temporary)") }
  }

  private static func error(_ action: String) -> SyncError {
    SyncError(
      .storage, action, "the system refused it", code: "errno \(errno)",
      next: "check the folder, its owner and the space left, then run the same command again")
  }
}

/// Letters, digits, `-` and `_` as they are, so that no identity can leave the folder.
func gateName(of identity: String) -> String {
  var name = ""
  for byte in identity.utf8 {
    let scalar = Unicode.Scalar(byte)
    let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9") ~= scalar)
    if isPlain || scalar == "-" || scalar == "_" {
      name.unicodeScalars.append(scalar)
    } else {
      name += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }
  return name
}
