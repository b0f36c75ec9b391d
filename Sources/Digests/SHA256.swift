import CCrypto

/// SHA-256 of content that comes in pieces.
package final class SHA256 {
  private let context: OpaquePointer

  package init() {
    // Null only without memory, where Swift's own allocations end the process too.
    guard let context = EVP_MD_CTX_new() else { fatalError("no memory for a digest") }
    self.context = context
    start()
  }

  deinit { EVP_MD_CTX_free(context) }

  private func start() {
    check(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  package func update(_ bytes: UnsafeRawBufferPointer) {
    check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
  }

  package func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The digest of everything since the start; begins anew.
  package func finish() -> [UInt8] {
    let digest = [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      check(EVP_DigestFinal_ex(context, buffer.baseAddress, nil))
      count = 32
    }
    start()
    return digest
  }

  package static func digest(_ bytes: [UInt8]) -> [UInt8] {
    let digest = SHA256()
    digest.update(bytes)
    return digest.finish()
  }

  /// Lower-case hexadecimal, as `sha256sum` prints it.
  package static func hex(of bytes: [UInt8]) -> String {
    hexadecimal(digest(bytes))
  }
}

/// Two lower-case digits a byte.
package func hexadecimal(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// A digest of memory cannot fail but by a library that does not fit the program.
func check(_ code: Int32) {
  precondition(code == 1, "libcrypto refused a digest")
}
