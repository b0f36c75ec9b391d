import Testing

@Suite struct SizeTests {
  @Test func noFileHasMoreThan400Lines() {
    for file in Tree.swiftFiles(below: "Sources") + Tree.swiftFiles(below: "Tests") {
      #expect(Tree.lines(of: file).count <= 401, "\(file)")
    }
  }

  @Test func aFunctionFitsOnAScreen() {
    for file in Tree.swiftFiles(below: "Sources") {
      for (name, length) in Self.functions(of: file) {
        #expect(length <= 60, "\(file): \(name) has \(length) lines")
      }
    }
  }

  /// A function begins at `func` or `init` and ends at the brace of the same indentation.
  static func functions(of file: String) -> [(name: Substring, lines: Int)] {
    let lines = Tree.lines(of: file)
    var found: [(name: Substring, lines: Int)] = []
    for (start, line) in lines.enumerated() {
      let words = line.split(separator: " ")
      guard let word = words.first(where: { $0 == "func" || $0.hasPrefix("init") }),
        !line.contains("//"), words.first != "try", words.first != "return"
      else { continue }
      let indent = line.prefix { $0 == " " }
      guard let end = lines[(start + 1)...].firstIndex(where: { $0 == "\(indent)}" }) else {
        continue
      }
      let next = lines[(start + 1)..<end].contains {
        $0.hasPrefix("\(indent)func ") || $0.hasPrefix("\(indent)package func ")
      }
      if !next { found.append((name: word == "func" ? line : word, lines: end - start + 1)) }
    }
    return found
  }
}
