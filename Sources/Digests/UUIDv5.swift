import CCrypto
import Core

/// A guid computed from a namespace and a name (RFC 9562, 5.5): the same record, the same id.
package func uuidV5(_ namespace: RowKey, _ name: [UInt8]) -> RowKey {
  var input: [UInt8] = []
  input.reserveCapacity(16 + name.count)
  for word in [namespace.high, namespace.low] {
    withUnsafeBytes(of: word.bigEndian) { input += $0 }
  }
  input += name
  let digest = [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
    check(EVP_Digest(input, input.count, buffer.baseAddress, nil, EVP_sha1(), nil))
    count = 20
  }
  let high = digest[0..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  let low = digest[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  return RowKey(
    high: high & ~0xF000 | 0x5000,
    low: low & ~(0b11 << 62) | (0b10 << 62))
}

package func uuidV5(_ namespace: RowKey, _ name: String) -> RowKey {
  uuidV5(namespace, Array(name.utf8))
}
