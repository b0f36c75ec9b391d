import CCrypto
import Core
import Synchronization

/// The keyed digest of mapped rows: equal rows, equal digests, and nobody without the key can try
/// values against a stolen ledger.
///
/// - Shape: the first 16 bytes of HMAC-SHA-256.
package final class RowDigester: Sendable {
  private let context: Mutex<MACContext>

  /// - Parameter key: `digestKey` of the job's ledger.
  package init(key: [UInt8]) {
    context = Mutex(MACContext(key: key))
  }

  package func digest(_ row: [UInt8]) -> RowDigest {
    context.withLock { $0.digest(row) }
  }

  /// The whole code: 32 bytes.
  package func code(_ bytes: [UInt8]) -> [UInt8] {
    context.withLock { $0.code(bytes) }
  }
}

/// Owns libcrypto's context; it keeps the padded key, so a row costs no set-up.
private struct MACContext: ~Copyable {
  private let context: OpaquePointer

  init(key: [UInt8]) {
    let mac = EVP_MAC_fetch(nil, "HMAC", nil)
    defer { EVP_MAC_free(mac) }
    // Null only without memory, where Swift's own allocations end the process too.
    guard let context = EVP_MAC_CTX_new(mac) else { fatalError("no memory for a digest") }
    self.context = context
    var name = Array("SHA256".utf8CString)
    name.withUnsafeMutableBufferPointer { name in
      let parameters = [
        OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
      ]
      check(EVP_MAC_init(context, key, key.count, parameters))
    }
  }

  deinit { EVP_MAC_CTX_free(context) }

  private func run(_ bytes: [UInt8], into output: UnsafeMutablePointer<UInt8>) {
    check(EVP_MAC_init(context, nil, 0, nil))
    check(EVP_MAC_update(context, bytes, bytes.count))
    var count = 0
    check(EVP_MAC_final(context, output, &count, 32))
  }

  func digest(_ bytes: [UInt8]) -> RowDigest {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { output in
      guard let start = output.baseAddress else { return RowDigest(high: 0, low: 0) }
      run(bytes, into: start)
      let words = UnsafeRawPointer(start)
      return RowDigest(
        high: UInt64(bigEndian: words.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: words.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  func code(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      if let start = buffer.baseAddress { run(bytes, into: start) }
      count = 32
    }
  }
}
