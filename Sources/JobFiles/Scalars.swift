import Core

extension Section {
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ standard: Choice, among names: [String]
  ) -> Choice where Choice.RawValue == String {
    guard let text = text(key) else { return standard }
    if let choice = Choice(rawValue: text) { return choice }
    complain(
      key, "must be one of: \(names.joined(separator: ", "))",
      nearest: Nearest.name(to: text, among: names))
    return standard
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ standard: Choice
  ) -> Choice where Choice.RawValue == String {
    choice(key, standard, among: Choice.allCases.map(\.rawValue))
  }

  func flag(_ key: String, _ standard: Bool) -> Bool {
    guard let text = text(key) else { return standard }
    if text == "true" || text == "false" { return text == "true" }
    complain(key, "must be true or false")
    return standard
  }

  func integer(_ key: String, _ standard: Int?, in range: ClosedRange<Int>) -> Int? {
    guard let text = text(key) else { return standard }
    if let number = Int(text), range.contains(number) { return number }
    complain(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    return standard
  }

  /// `1%`, `0.5%`.
  func percent(_ key: String, _ standard: Double) -> Double {
    guard let text = text(key) else { return standard }
    if text.hasSuffix("%"), let share = Double(text.dropLast()), (0...100).contains(share) {
      return share / 100
    }
    complain(key, "must be a share such as 1% or 0.5%")
    return standard
  }

  /// `90s`, `10m`, `2h`, `1d`.
  func duration(_ key: String, _ standard: Duration) -> Duration {
    guard let text = text(key) else { return standard }
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    if let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0,
      count <= 366 * 86_400 / unit
    {
      return .seconds(count * unit)
    }
    complain(key, "must be a time such as 30s, 10m, 2h or 1d")
    return standard
  }

  /// `64 MiB`, `512 KiB`, `1 GiB`.
  func size(_ key: String, _ standard: Int) -> Int {
    guard let text = text(key) else { return standard }
    let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
    for (unit, bytes) in units where text.hasSuffix(unit) {
      let digits = text.dropLast(unit.count).filter { $0 != " " }
      if let count = Int(digits), count > 0, count <= (64 << 30) / bytes { return count * bytes }
    }
    complain(key, "must be a size such as 512 KiB, 64 MiB or 1 GiB")
    return standard
  }

  /// One character, `tab`, or a quoted tab.
  func separator(_ key: String, _ standard: UInt8) -> UInt8 {
    guard let text = text(key) else { return standard }
    let bytes: [String: UInt8] = [";": 0x3B, ",": 0x2C, "\t": 0x09, "tab": 0x09, "|": 0x7C]
    if let byte = bytes[text] { return byte }
    complain(key, "must be \";\", \",\", \"|\" or tab")
    return standard
  }

  /// An https address without query; plain http only on this machine.
  func url(_ key: String, _ standard: String? = nil, example: String) -> String {
    let given = standard == nil ? required(key, example) : text(key) ?? standard ?? ""
    guard !given.isEmpty else { return "" }
    if given.contains("@") {
      complain(key, "must not hold a user or a password")
    } else if !isAddress(given) {
      complain(key, "must be an address such as \(example)")
    } else if given.hasPrefix("http://") && !isLoopback(given) {
      complain(key, "is plain http, which is refused off this machine; write https://")
    }
    return given.hasSuffix("/") ? String(given.dropLast()) : given
  }

  private func isAddress(_ text: String) -> Bool {
    guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return false }
    return !host(text).isEmpty && !text.contains { " ?#\\".contains($0) || $0.isNewline }
  }

  private func isLoopback(_ text: String) -> Bool {
    let host = host(text)
    return host == "localhost" || host == "[::1]" || host == "127.0.0.1"
  }

  private func host(_ text: String) -> String {
    let rest = text.drop { $0 != "/" }.dropFirst(2)
    let authority = rest.prefix { $0 != "/" }
    if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
    return String(authority.prefix { $0 != ":" })
  }

  /// `{ env: NAME }` or `{ file: PATH }`; a literal is refused without being repeated.
  func secret(_ key: String, files: Paths) -> EnvironmentSettings.SecretSource? {
    guard let node = node(key) else { return nil }
    guard node.mapping != nil else {
      complain(
        key,
        "is written into the file: keep secrets out of it with `{ env: NAME }` or "
          + "`{ file: PATH }`")
      return nil
    }
    let section = Section(file: file, path: path(of: key), node: node, problems: problems)
    let (name, path) = (section.text("env"), section.text("file"))
    section.finish()
    switch (name, path) {
    case (let name?, nil): return .environment(name)
    case (nil, let path?): return .file(files.absolute(path))
    default:
      complain(key, "must be either `{ env: NAME }` or `{ file: PATH }`")
      return nil
    }
  }
}

/// How the paths in a file are meant.
package struct Paths: Sendable {
  /// The parent of the jobs folder, absolute.
  package var base: String
  package var home: String

  package init(base: String, home: String) {
    self.base = base
    self.home = home
  }

  func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    if path.hasPrefix("~/") { return home + path.dropFirst() }
    return base + "/" + path
  }
}
