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
    if let number = whole(text), range.contains(number) { return number }
    complain(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    return standard
  }

  /// `1%`, `0.5%`.
  func percent(_ key: String, _ standard: Double) -> Double {
    guard let text = text(key) else { return standard }
    let digits = text.dropLast()
    let isPlain = digits.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
    if text.hasSuffix("%"), isPlain, let share = Double(digits), share <= 100 {
      return share / 100
    }
    complain(key, "must be a share such as 1% or 0.5%, at most 100%")
    return standard
  }

  /// `90s`, `10m`, `2h`, `1d`.
  func duration(_ key: String, _ standard: Duration) -> Duration {
    guard let text = text(key) else { return standard }
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    if let unit = text.last.flatMap({ units[$0] }), let count = whole(text.dropLast()),
      count > 0, count <= 366 * 86_400 / unit
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
      var digits = text.dropLast(unit.count)
      while digits.last == " " { digits.removeLast() }
      if let count = whole(digits), count > 0, count <= (64 << 30) / bytes { return count * bytes }
    }
    complain(key, "must be a size such as 512 KiB, 64 MiB or 1 GiB, at most 64 GiB")
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

  /// Digits only: no sign, no blank, no other base.
  private func whole(_ text: some StringProtocol) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }
}
