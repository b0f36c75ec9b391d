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
    let words = missing.map { name in
      name + (Nearest.name(to: name, among: names).map { " (did you mean \($0)?)" } ?? "")
    }
    return SyncError(
      .configuration, "read \(file)",
      "it has no column \(words.joined(separator: ", ")); its header is: \(shown(names))",
      next: "correct \(keys) or `from.csv.separator` in the job file")
  }

  /// A header may be anything, a line of binary data too.
  private static func shown(_ names: [String]) -> String {
    let text = names.joined(separator: " | ").unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar
    }
    var line = String.UnicodeScalarView()
    line.append(contentsOf: text.prefix(500))
    return String(line) + (text.count > 500 ? "…" : "")
  }
}
