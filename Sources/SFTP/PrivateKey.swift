import Core
import Glibc

/// The text of a private key, in memory for as long as the login takes.
struct PrivateKey: ~Copyable {
  private let text: UnsafeMutableBufferPointer<CChar>

  /// Reads the key, unless others may read it too.
  init(path: String) throws(SyncError) {
    do throws(SyncError) {
      let file = try LocalFile(path)
      guard file.mode & 0o077 == 0 else {
        throw SyncError(
          .configuration, "use the private key \(path)", "other users of this machine may read it",
          next: "chmod 600 \(path)")
      }
      var contents = try file.contents(atMost: 64 << 10)
      text = .allocate(capacity: contents.count)
      contents.withUnsafeMutableBytes { bytes in
        UnsafeMutableRawBufferPointer(text).copyMemory(from: UnsafeRawBufferPointer(bytes))
        erase(bytes)
      }
    } catch {
      guard error.kind == .storage else { throw error }
      throw SyncError(
        .configuration, "use the private key \(path)", error.reason, code: error.code,
        next: "name an existing private key in sftp.privateKey, owned by the user who runs this")
    }
  }

  deinit {
    erase(UnsafeMutableRawBufferPointer(text))
    text.deallocate()
  }

  borrowing func withText<T>(_ body: (UnsafePointer<CChar>, Int) -> T) -> T {
    guard let start = text.baseAddress else { return body("", 0) }
    return body(start, text.count)
  }
}

/// Overwrites a secret, in a way that the optimiser keeps.
private func erase(_ bytes: UnsafeMutableRawBufferPointer) {
  guard let start = bytes.baseAddress else { return }
  explicit_bzero(start, bytes.count)
}
