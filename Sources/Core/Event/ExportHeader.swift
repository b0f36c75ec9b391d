/// The first line of an export file.
enum ExportHeader {
  static func trimmed(_ name: String) -> String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let start = name.drop(while: isBlank)
    return String(start.reversed().drop(while: isBlank).reversed())
  }

  /// - Parameter keys: of the job file, where the names are written.
  static func missing(
    _ missing: [String], of file: String, _ names: [String], keys: String
  ) -> SyncError {
    guard names.allSatisfy(isName) else {
      return SyncError(
        .configuration, "read \(file)",
        "it has no column \(missing.joined(separator: ", ")); its first line has \(names.count) fields "
          + "and looks like a row, not like a header",
        next: "let the export write column names, or correct `from.csv.separator` in the job file")
    }
    let words = missing.map { name in
      name + (Nearest.name(to: name, among: names).map { " (did you mean \($0)?)" } ?? "")
    }
    return SyncError(
      .configuration, "read \(file)",
      "it has no column \(words.joined(separator: ", ")); its header is: \(shown(names))",
      next: "correct \(keys) or `from.csv.separator` in the job file")
  }

  /// What is no name may be a person's: an address, a number, a key, a time.
  private static func isName(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first else { return true }
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || isControl($0)
        || "_-. ()[]/@:".unicodeScalars.contains($0)
    }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let isAddress = parts.dropLast().contains { !$0.isEmpty && $0.last != "/" && $0.last != "[" }
    return isPlain && first.properties.numericType == nil && !isAddress && !text.contains("//")
      && RowKey(text) == nil
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  /// A header may be anything, a line of binary data too.
  private static func shown(_ names: [String]) -> String {
    let text = names.joined(separator: " | ").unicodeScalars.map { scalar -> Unicode.Scalar in
      isControl(scalar) ? "?" : scalar
    }
    var line = String.UnicodeScalarView()
    line.append(contentsOf: text.prefix(500))
    return String(line) + (text.count > 500 ? "…" : "")
  }
}
