import Core

extension PageDecoder {
  /// Finds the links of a page without reading its rows, so that the next page can be asked for.
  ///
  /// Looks at the members of the root before its first list and behind its last one, from both
  /// ends inwards; a text inside a row is never looked at. Of a valid page it never returns a link
  /// that `decode` would not; it may miss one.
  package static func links(in body: [UInt8]) -> (next: String?, delta: String?) {
    body.withUnsafeBufferPointer { bytes in
      var scan = LinkScan(bytes: bytes)
      scan.readHead()
      scan.readTail()
      return (scan.next, scan.delta)
    }
  }
}

/// The two ends of a page's root object.
///
/// Backwards, a string ends at a quote and begins at the nearest quote before it that has an even
/// number of backslashes in front, as no bare quote can stand inside.
private struct LinkScan {
  let bytes: UnsafeBufferPointer<UInt8>
  var next: String?
  var delta: String?

  mutating func readHead() {
    var at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    skipBlanks(&at)
    guard byte(at) == UInt8(ascii: "{") else { return }
    repeat {
      at += 1
      skipBlanks(&at)
      guard let name = stringAfter(&at) else { return }
      skipBlanks(&at)
      guard byte(at) == UInt8(ascii: ":") else { return }
      at += 1
      skipBlanks(&at)
      if byte(at) == UInt8(ascii: "\"") {
        guard let value = stringAfter(&at) else { return }
        note(name, value)
      } else {
        guard skipLiteral(&at) else { return }
      }
      skipBlanks(&at)
    } while byte(at) == UInt8(ascii: ",")
  }

  mutating func readTail() {
    var tail: [(name: Range<Int>, value: Range<Int>?)] = []
    var at = bytes.count - 1
    skipBlanksBack(&at)
    guard byte(at) == UInt8(ascii: "}") else { return }
    repeat {
      at -= 1
      skipBlanksBack(&at)
      var value: Range<Int>?
      if byte(at) == UInt8(ascii: "\"") {
        value = stringBefore(&at)
        if value == nil { break }
      } else if !skipLiteralBack(&at) {
        break
      }
      skipBlanksBack(&at)
      guard byte(at) == UInt8(ascii: ":") else { break }
      at -= 1
      skipBlanksBack(&at)
      guard let name = stringBefore(&at) else { break }
      tail.append((name, value))
      skipBlanksBack(&at)
    } while byte(at) == UInt8(ascii: ",")
    for member in tail.reversed() {
      if let value = member.value { note(member.name, value) }
    }
  }

  private mutating func note(_ name: Range<Int>, _ value: Range<Int>) {
    if bytes[name].elementsEqual("@odata.nextLink".utf8) { next = unescaped(value) }
    if bytes[name].elementsEqual("@odata.deltaLink".utf8) { delta = unescaped(value) }
  }

  private func unescaped(_ range: Range<Int>) -> String? {
    guard bytes[range].contains(UInt8(ascii: "\\")) else {
      return String(decoding: bytes[range], as: UTF8.self)
    }
    let list = Array("[\"".utf8) + bytes[range] + Array("\"]".utf8)
    guard let document = try? JSONDocument.parse(list) else { return nil }
    return document.items?.first?.text
  }

  private func byte(_ at: Int) -> UInt8? { bytes.indices.contains(at) ? bytes[at] : nil }

  private func isBlank(_ at: Int) -> Bool {
    switch byte(at) {
    case 0x20, 0x09, 0x0A, 0x0D: true
    default: false
    }
  }

  private func skipBlanks(_ at: inout Int) { while isBlank(at) { at += 1 } }
  private func skipBlanksBack(_ at: inout Int) { while isBlank(at) { at -= 1 } }

  /// From an opening quote to behind the closing one.
  private func stringAfter(_ at: inout Int) -> Range<Int>? {
    guard byte(at) == UInt8(ascii: "\"") else { return nil }
    let start = at + 1
    at += 1
    while let current = byte(at), current != UInt8(ascii: "\"") {
      at += current == UInt8(ascii: "\\") ? 2 : 1
    }
    guard at < bytes.count else { return nil }
    defer { at += 1 }
    return start..<at
  }

  /// From a closing quote to before the opening one.
  private func stringBefore(_ at: inout Int) -> Range<Int>? {
    guard byte(at) == UInt8(ascii: "\"") else { return nil }
    let end = at
    at -= 1
    while at >= 0 {
      if bytes[at] == UInt8(ascii: "\""), !isEscaped(at) {
        defer { at -= 1 }
        return at + 1..<end
      }
      at -= 1
    }
    return nil
  }

  private func isEscaped(_ at: Int) -> Bool {
    var slashes = 0
    while byte(at - 1 - slashes) == UInt8(ascii: "\\") { slashes += 1 }
    return slashes % 2 == 1
  }

  private func isLiteral(_ at: Int) -> Bool {
    guard let byte = byte(at) else { return false }
    return switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E: true
    default: false
    }
  }

  private func skipLiteral(_ at: inout Int) -> Bool {
    let start = at
    while isLiteral(at) { at += 1 }
    return at > start
  }

  private func skipLiteralBack(_ at: inout Int) -> Bool {
    let end = at
    while isLiteral(at) { at -= 1 }
    return at < end
  }
}
