import CZlib
import Core

/// Reads gzip data piece by piece: memory is bounded however much a few bytes unpack to.
///
/// Give it what arrived with `feed`, call `read` until it has nothing more, and `finish` at the
/// end. Several members in a row are one content, as for every gzip reader.
///
/// - Errors: `protocolBroken` where the data is damaged or ends too early.
package final class Inflater {
  private let stream: UnsafeMutablePointer<z_stream>
  private let piece: UnsafeMutableBufferPointer<UInt8>
  private let name: String
  private var input: [UInt8] = []
  private var position = 0
  private var isBetweenMembers = true
  private var isStarted = false
  private var mayHoldOutput = false

  /// - Parameters:
  ///   - name: of the file, for errors.
  ///   - pieceSize: most bytes that one `read` gives.
  package init(of name: String, pieceSize: Int = 64 << 10) throws(SyncError) {
    self.name = name
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    piece = .allocate(capacity: pieceSize)
    let code = inflateInit2_(
      stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      stream.deallocate()
      piece.deallocate()
      throw .zlib(code, "start to unpack \(name)")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    piece.deallocate()
  }

  /// Takes the next compressed bytes; what was given before must have been read.
  package func feed(_ bytes: [UInt8]) {
    precondition(position == input.count && !mayHoldOutput, "feed before everything was read")
    input = bytes
    position = 0
  }

  /// Puts the next piece in place of the content of `output`; false where more input is needed.
  package func read(into output: inout [UInt8]) throws(SyncError) -> Bool {
    output.removeAll(keepingCapacity: true)
    while position < input.count || mayHoldOutput {
      if isBetweenMembers {
        if isStarted { inflateReset(stream) }
        (isBetweenMembers, isStarted) = (false, true)
      }
      let (code, written) = step()
      mayHoldOutput = written == piece.count && code == Z_OK
      if code == Z_STREAM_END { isBetweenMembers = true }
      guard code == Z_OK || code == Z_STREAM_END || (code == Z_BUF_ERROR && written == 0) else {
        throw .damaged(name, code)
      }
      if written > 0 {
        output.append(contentsOf: piece[..<written])
        return true
      }
    }
    return false
  }

  private func step() -> (code: Int32, written: Int) {
    stream.pointee.next_out = piece.baseAddress
    stream.pointee.avail_out = UInt32(piece.count)
    let code = input.withUnsafeBufferPointer { bytes in
      let rest = bytes[position...]
      stream.pointee.avail_in = UInt32(rest.count)
      stream.pointee.next_in = bytes.baseAddress.map {
        UnsafeMutablePointer(mutating: $0 + position)
      }
      let code = inflate(stream, Z_NO_FLUSH)
      position += rest.count - Int(stream.pointee.avail_in)
      return code
    }
    return (code, piece.count - Int(stream.pointee.avail_out))
  }

  /// Says that no more bytes come.
  package func finish() throws(SyncError) {
    guard isStarted && isBetweenMembers else {
      throw SyncError(
        .protocolBroken, "unpack \(name)", "the gzip data ends before its trailer",
        next: "wait until the file is complete, or have it written again")
    }
  }

  /// The content of data that is at hand.
  ///
  /// - Parameter limit: most bytes to unpack; more is an error.
  package static func gunzip(
    _ bytes: [UInt8], of name: String, limit: Int
  ) throws(SyncError) -> [UInt8] {
    let inflater = try Inflater(of: name)
    var content: [UInt8] = []
    var piece: [UInt8] = []
    inflater.feed(bytes)
    while try inflater.read(into: &piece) {
      guard content.count + piece.count <= limit else {
        throw SyncError(.protocolBroken, "unpack \(name)", "it unpacks to more than \(limit) bytes")
      }
      content += piece
    }
    try inflater.finish()
    return content
  }
}

extension SyncError {
  static func damaged(_ name: String, _ code: Int32) -> SyncError {
    if code == Z_MEM_ERROR { return .zlib(code, "unpack \(name)") }
    return SyncError(
      .protocolBroken, "unpack \(name)", "the gzip data is damaged", code: "zlib \(code)",
      next: "have the file written again")
  }
}
