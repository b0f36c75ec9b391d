/// Scheme, host and port of an address: a bearer token goes to the one it is meant for only.
///
/// Strict on purpose. What it does not understand is no origin, so that no other parser of the same
/// text can come to another host.
package struct Origin: Sendable, Hashable {
  package var scheme: String
  /// Lower case; an IPv6 address in its brackets.
  package var host: String
  package var port: UInt16

  /// Nil for anything but http and https, for user information, blanks and control characters.
  package init?(_ url: String) {
    guard let address = Address(url) else { return nil }
    self = address.origin
  }

  fileprivate init(scheme: String, host: String, port: UInt16) {
    (self.scheme, self.host, self.port) = (scheme, host, port)
  }

  /// Names and addresses that never leave this machine.
  package var isLoopback: Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Plain http is for loopback only.
  package var isPermitted: Bool { scheme == "https" || isLoopback }
}

extension Origin: CustomStringConvertible {
  package var description: String { "\(scheme)://\(host):\(port)" }
}

/// An absolute address in two parts: where to connect, and what to ask for, as it was written.
package struct Address: Sendable, Equatable {
  package var origin: Origin
  /// Path and query, not touched; without a fragment.
  package var target: String

  package init?(_ url: String) {
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x5C }),
      let colon = url.utf8.firstIndex(of: 0x3A)
    else { return nil }
    let scheme = url[..<colon].lowercased()
    let rest = url[url.index(after: colon)...]
    guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }

    let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let path = rest[authority.endIndex...].prefix { $0 != "#" }
    guard let (host, port) = Self.split(authority) else { return nil }
    let implied: UInt16 = scheme == "https" ? 443 : 80
    origin = Origin(scheme: scheme, host: host.lowercased(), port: port ?? implied)
    target = path.hasPrefix("/") ? String(path) : "/" + path
  }

  private static func split(_ authority: Substring) -> (host: Substring, port: UInt16?)? {
    var host = authority
    var port: UInt16?
    let end = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority[end...].firstIndex(of: ":") {
      let digits = authority[authority.index(after: colon)...]
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      guard let number = UInt16(digits), number > 0 else { return nil }
      (host, port) = (authority[..<colon], number)
    }
    return isHost(host) ? (host, port) : nil
  }

  private static func isHost(_ host: Substring) -> Bool {
    if host.hasPrefix("["), host.hasSuffix("]"), host.utf8.count > 3 {
      return host.dropFirst().dropLast().allSatisfy {
        $0.isHexDigit && $0.isASCII || $0 == ":" || $0 == "."
      }
    }
    guard !host.isEmpty, host.first != ".", !host.contains("..") else { return false }
    return host.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F
    }
  }
}
