import Core

/// What a name may look like, known before any metadata is read.
///
/// - Shape: ASCII; every name here ends up in an address, a header, a query or a file's name.
struct TextForm: Sendable {
  /// "logical names are written with a-z, 0-9 and _".
  let words: String
  let fits: @Sendable (String) -> Bool

  /// A Dataverse table or column.
  static let logicalName = TextForm(words: "logical names have only a-z, 0-9 and _") { text in
    text.utf8.first.map { isLower($0) || $0 == 0x5F } == true
      && text.utf8.allSatisfy { isLower($0) || isDigit($0) || $0 == 0x5F }
  }

  /// A Campaign resource or workflow.
  static let apiName = TextForm(words: "API names have only letters, digits, _ and -") { text in
    text.utf8.first.map(isLetter) == true
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x5F || $0 == 0x2D }
  }

  /// A Campaign field: `location.city`.
  static let field = TextForm(
    words: "field names have only letters, digits and _, with dots between"
  ) { text in
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      part.utf8.first.map(isLetter) == true
        && part.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x5F }
    }
  }

  /// `byExternalId?externalId_parameter`.
  static let lookup = TextForm(words: "write the filter, `?` and its parameter") { text in
    var parts = text.split(separator: "?", omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].hasSuffix("=") { parts[1].removeLast() }
    return parts.count == 2 && parts.allSatisfy { apiName.fits(String($0)) }
  }

  static let variable = TextForm(words: "variables have only letters, digits and _") { text in
    text.utf8.first.map { isLetter($0) || $0 == 0x5F } == true
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x5F }
  }

  /// A client's id, a tenant, a scope, a user.
  static let token = TextForm(words: "it is one word, without blanks, quotes and slashes") { text in
    text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !#"/\"'"#.utf8.contains($0) }
  }

  /// A host's name or address.
  static let host = TextForm(words: "it is a name or an address, without `sftp://`, port and path")
  { text in
    text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x3A }
      && (!text.contains(":") || text.split(separator: ":").count > 2)
  }

  /// Of the files that Campaign exports.
  static let timeZone = TextForm(words: "time zones look like UTC or Europe/Paris") { text in
    text.utf8.allSatisfy {
      isLetter($0) || isDigit($0) || [0x2B, 0x2D, 0x2F, 0x5F].contains($0)
    }
  }

  static let version = TextForm(words: "versions look like v9.2") { text in
    let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    return text.hasPrefix("v") && parts.count == 2
      && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }
  }

  private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool { isLower(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension Section {
  func text(_ key: String, as form: TextForm) -> String? {
    guard let text = text(key) else { return nil }
    return checked(text, key, form)
  }

  func required(_ key: String, _ example: String, as form: TextForm) -> String {
    let text = required(key, example)
    return text.isEmpty ? "" : checked(text, key, form) ?? ""
  }

  private func checked(_ text: String, _ key: String, _ form: TextForm) -> String? {
    if form.fits(text) { return text }
    let lower = text.lowercased()
    complain(
      key, "cannot be right: \(form.words)", nearest: form.fits(lower) ? lower : nil)
    return nil
  }

  /// A file, or with `isPattern` several, below `sftp.directory`.
  func remotePath(_ key: String, _ text: String, isPattern: Bool) {
    guard (try? RemoteName.check(text)) != nil else {
      return complain(
        key, "must be a path below `sftp.directory`, without a leading `/`, `..` or `//`")
    }
    if !isPattern, text.contains(where: { $0 == "*" || $0 == "?" }) {
      complain(key, "must be one file, without `*` and `?`")
    }
    if let folder = RemoteName.folder(of: text), folder.contains(where: { $0 == "*" || $0 == "?" })
    {
      complain(key, "may hold `*` and `?` in the file's name only, not in its folder")
    }
  }
}
