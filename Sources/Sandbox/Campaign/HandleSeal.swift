import Core
import Digests

/// Makes and reads Campaign's opaque handles: `@` and 59 characters that mean nothing outside.
///
/// - Shape: the same row gives the same beginning; what follows depends on where the handle stands
///   (row, link, collection) and on who asks. A generation's handles die with it.
struct HandleSeal: Sendable {
  /// What a handle may be used for; another use is refused.
  enum Use: UInt8, Sendable {
    case row, link, collection, page, resourceType, workflow, activity
  }
  struct Content: Sendable, Equatable {
    var use: Use
    /// Of the resource, or of the workflow.
    var space: Int
    var id: Int
    /// Of the collection's field, for example.
    var detail: Int
  }

  private let mac: RowDigester
  private let generation: UInt8

  init(seed: UInt64, generation: Int) {
    let key = (0..<8).map { UInt8(truncatingIfNeeded: seed >> (8 * $0)) }
    mac = RowDigester(key: Array("campaign handle ".utf8) + key)
    self.generation = UInt8(truncatingIfNeeded: generation)
  }

  /// - Parameter asker: whatever tells two sessions apart.
  func handle(_ content: Content, asker: String) -> String {
    let space = UInt8(truncatingIfNeeded: content.space)
    let plain = [space] + HandleSeal.bytes(content.id, 7)
    let first = Array(mac.code([1] + plain).prefix(8))
    let head = first + zip(plain, mac.code([2] + first)).map { $0 ^ $1 }
    let context = [content.use.rawValue] + HandleSeal.bytes(content.detail, 3)
    let nonce = Array(mac.code([3] + head + context + Array(asker.utf8)).prefix(8))
    let tail = nonce + zip(context, mac.code([4] + nonce)).map { $0 ^ $1 }
    let proof = mac.code([5, generation] + head + tail).prefix(16)
    return "@" + HandleSeal.base64(head + tail + proof)
  }

  /// Nil where it was not made here, or not for this use.
  func open(_ handle: String, as use: Use) -> Content? {
    guard handle.hasPrefix("@"), let bytes = HandleSeal.decoded(handle.dropFirst()),
      bytes.count == 44
    else { return nil }
    guard mac.code([5, generation] + bytes[0..<28]).prefix(16).elementsEqual(bytes[28...]) else {
      return nil
    }
    let plain = zip(bytes[8..<16], mac.code([2] + bytes[0..<8])).map { $0 ^ $1 }
    let context = zip(bytes[24..<28], mac.code([4] + bytes[16..<24])).map { $0 ^ $1 }
    guard context[0] == use.rawValue else { return nil }
    return Content(
      use: use, space: Int(plain[0]), id: HandleSeal.number(plain[1...]),
      detail: HandleSeal.number(context[1...]))
  }

  /// A text that looks random and is the same for the same words: tokens, encrypted ids.
  func opaque(_ words: String) -> String {
    HandleSeal.base64(mac.code([6] + Array(words.utf8)))
  }

  private static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  private static func number(_ bytes: some Sequence<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func base64(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var (buffer, bits) = (0, 0)
    for byte in bytes {
      (buffer, bits) = (buffer << 8 | Int(byte), bits + 8)
      while bits >= 6 {
        bits -= 6
        text.append(alphabet[buffer >> bits & 63])
      }
      buffer &= (1 << bits) - 1
    }
    if bits > 0 { text.append(alphabet[buffer << (6 - bits) & 63]) }
    return String(decoding: text, as: UTF8.self)
  }

  private static func decoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (buffer, bits) = (0, 0)
    for byte in text.utf8 {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      (buffer, bits) = (buffer << 6 | value, bits + 6)
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
        buffer &= (1 << bits) - 1
      }
    }
    // Left-over bits other than zero would give one handle several spellings.
    return buffer == 0 ? bytes : nil
  }
}
