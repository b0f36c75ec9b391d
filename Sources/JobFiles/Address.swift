import Core

extension Section {
  /// How much of a path an address has.
  enum AddressPath {
    case none, organization, any
  }

  /// An https address without user and query; plain http only on this machine.
  func url(
    _ key: String, _ standard: String? = nil, example: String, path: AddressPath = .any
  ) -> String {
    let given = standard == nil ? required(key, example) : text(key) ?? standard ?? ""
    guard !given.isEmpty else { return "" }
    let trimmed = given.hasSuffix("/") ? String(given.dropLast()) : given
    if given.contains("@") {
      complain(key, "must not hold a user or a password")
    } else if !isAddress(trimmed) {
      complain(key, "must be an address such as \(example), without a query")
    } else if given.hasPrefix("http://") && !isLoopback(given) {
      complain(key, "is plain http, which is refused off this machine; write https://")
    } else {
      let parts = trimmed.split(separator: "/").count - 2
      if path == .none, parts != 0 {
        complain(key, "must end after the host, \(example); the tool knows the rest")
      } else if path == .organization, parts != 1 {
        complain(key, "must end with the organisation, \(example); the tool knows the rest")
      }
    }
    return trimmed
  }

  private func isAddress(_ text: String) -> Bool {
    guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return false }
    let (host, port) = authority(text)
    let isPort = port.map { Int($0).map { (1...65535).contains($0) } ?? false } ?? true
    return !host.isEmpty && isPort
      && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F }
      && !text.contains { "?#\\\"".contains($0) }
  }

  private func isLoopback(_ text: String) -> Bool {
    ["localhost", "[::1]", "127.0.0.1"].contains(authority(text).host)
  }

  private func authority(_ text: String) -> (host: String, port: String?) {
    let authority = text.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
    var host = authority.prefix { $0 != ":" }
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      host = authority[...end]
    }
    let rest = authority[host.endIndex...]
    return (String(host), rest.isEmpty ? nil : String(rest.dropFirst()))
  }
}

/// `{run}` and its like in a text.
enum Placeholders {
  /// Complains about names that are not filled in here, and about braces that do not pair.
  static func check(_ text: String, _ section: Section, _ key: String, _ known: [String]) {
    var rest = text[...]
    while let start = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      guard rest[start] == "{", let end = rest[start...].firstIndex(of: "}") else {
        return section.complain(
          key, "holds a brace without its pair; known are \(known.joined(separator: ", "))")
      }
      let name = String(rest[start...end])
      if !known.contains(name) {
        section.complain(
          key, "holds \(name); known are \(known.joined(separator: ", "))",
          nearest: Nearest.name(to: name, among: known))
      }
      rest = rest[end...].dropFirst()
    }
  }
}
