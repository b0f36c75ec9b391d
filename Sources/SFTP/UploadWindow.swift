import Core

/// What was read of a local file and is not confirmed by the server: it slides along the file.
///
/// libssh2 sends everything it is given before it looks for answers, and returns with the first of
/// them. Given block after block it waits out a round trip between two; given what follows with each
/// answer it never waits.
///
/// - Shape: one stretch of the file in memory of twice its size, moved to the front when the end is
///   reached: each byte is moved once at most.
struct UploadWindow {
  /// Bytes under way, at most: OpenSSH's server lets a channel have 2 MiB, and its answers take time.
  static let size = 5 << 19
  static let memory = 2 * size

  private let buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  /// Bytes from `start` that libssh2 was given: it has cut them into blocks, and begun to send them.
  private var given = 0
  private var isAtEnd = false

  /// - Parameter buffer: `memory` bytes, the owner's.
  init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

  /// What may be under way now; nothing is left where it is empty.
  var unconfirmed: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: buffer[start..<min(end, start + Self.size)])
  }

  /// What was given before and is not confirmed.
  var underWay: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: buffer[start..<start + given])
  }

  /// Reads on, if less than a window is at hand.
  mutating func fill(from file: borrowing LocalFile) throws(SyncError) {
    if isAtEnd || end - start >= Self.size { return }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
    (start, end) = (0, end - start)
    let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    end += count
    isAtEnd = end < buffer.count
  }

  /// - Parameter all: how many were given, confirmed or not.
  mutating func confirm(_ count: Int, of all: Int) {
    start += count
    given = all - count
  }
}
