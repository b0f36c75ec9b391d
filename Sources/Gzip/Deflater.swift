import CZlib
import Core

/// Writes one gzip member from blocks that do not know of each other.
///
/// A block is raw deflate data that ends on a byte (full flush), after which the stream is reset:
/// the same bytes give the same compressed bytes whatever came before, so a part that was cut back
/// to a block's end and continued by another process equals one that was written in one go.
///
/// - Shape: `header`, any number of blocks, `trailer`; every gzip reader reads it as one member.
package final class Deflater {
  /// The level that is near the best for a fast wire and for a slow one.
  ///
  /// Measured on contact rows of 285 bytes, one core: level 1 packs 112 MB/s to 1 : 2.36, level 3
  /// 79 MB/s to 1 : 2.51, level 6 38 MB/s to 1 : 2.72.
  package static let defaultLevel: Int32 = 3

  /// No name, no time, "unknown" as the system: two runs write equal headers.
  package static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

  /// Bytes of every trailer: the empty last block, checksum and length.
  package static let trailerSize = 10

  private let stream: UnsafeMutablePointer<z_stream>
  private let piece = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 << 10)

  package init(level: Int32 = Deflater.defaultLevel) throws(SyncError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let code = deflateInit2_(
      stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      stream.deallocate()
      piece.deallocate()
      throw .zlib(code, "start to compress")
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    piece.deallocate()
  }

  /// Appends the compressed block to `output`; nothing where `bytes` is empty.
  package func append(_ bytes: [UInt8], to output: inout [UInt8]) throws(SyncError) {
    guard !bytes.isEmpty else { return }
    var code = Z_OK
    bytes.withUnsafeBufferPointer { input in
      stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.pointee.avail_in = UInt32(input.count)
      repeat {
        stream.pointee.next_out = piece.baseAddress
        stream.pointee.avail_out = UInt32(piece.count)
        code = deflate(stream, Z_FULL_FLUSH)
        let written = piece.count - Int(stream.pointee.avail_out)
        output.append(contentsOf: piece[..<written])
      } while code == Z_OK && stream.pointee.avail_out == 0
    }
    // Nothing left to flush after output that filled the piece exactly is no failure.
    guard code == Z_OK || code == Z_BUF_ERROR else { throw .zlib(code, "compress a block") }
    let reset = deflateReset(stream)
    guard reset == Z_OK else { throw .zlib(reset, "compress a block") }
  }

  /// What ends the member.
  ///
  /// - Parameters:
  ///   - crc: of the uncompressed content, see `checksum`.
  ///   - length: of the uncompressed content.
  package static func trailer(crc: UInt32, length: UInt64) -> [UInt8] {
    var bytes: [UInt8] = [0x03, 0x00]
    for word in [crc, UInt32(truncatingIfNeeded: length)] {
      for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(word >> shift & 0xFF)) }
    }
    return bytes
  }

  /// Continues the CRC-32 of the content before with these bytes; 0 is where it begins.
  package static func checksum(_ bytes: [UInt8], after crc: UInt32 = 0) -> UInt32 {
    guard !bytes.isEmpty else { return crc }
    return bytes.withUnsafeBufferPointer { buffer in
      UInt32(crc32_z(UInt(crc), buffer.baseAddress, buffer.count))
    }
  }

  /// A whole member of one block, for content that is at hand.
  package static func gzip(
    _ bytes: [UInt8], level: Int32 = Deflater.defaultLevel
  ) throws(SyncError) -> [UInt8] {
    var output = header
    try Deflater(level: level).append(bytes, to: &output)
    return output + trailer(crc: checksum(bytes), length: UInt64(bytes.count))
  }
}

extension SyncError {
  static func zlib(_ code: Int32, _ action: String) -> SyncError {
    let reason = code == Z_MEM_ERROR ? "zlib got no memory" : "zlib refused the call"
    return SyncError(.bug, action, reason, code: "zlib \(code)")
  }
}
