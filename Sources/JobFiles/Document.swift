import Core
import Yams

/// YAML text -> its root group, or the place where it cannot be taken.
///
/// - Shape: one document; scalars as they are written, whatever YAML would make of them. Anchors,
///   aliases and tags are refused: a file that says one thing in one place is read by everybody.
enum Document {
  /// Bytes; a job file has some hundred lines.
  static let sizeLimit = 1 << 20

  static func root(_ text: String, file: String, problems: Problems) -> Section? {
    func refuse(_ says: String, _ line: Int = 1, _ column: Int = 1) {
      problems.add(Problem(SourcePosition(file: file, line: line, column: column), says: says))
    }
    guard text.utf8.count <= sizeLimit else {
      refuse("is larger than 1 MiB; no job file is")
      return nil
    }
    if let place = place(in: text, of: "\u{FFFD}") {
      refuse("holds bytes that are no UTF-8; save the file as UTF-8", place.line, place.column)
      return nil
    }
    let text = text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text
    do {
      // `.basic` leaves every scalar a text, so that 1 and "1" are one key here, too.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let node = try parser.singleRoot(), !isEmpty(node) else {
        refuse("is empty")
        return nil
      }
      guard node.mapping != nil else {
        refuse("must be a group of keys, `key: value`", node.mark?.line ?? 1)
        return nil
      }
      // The parser owns the anchors: it must outlive this look.
      let foreign = withExtendedLifetime(parser) { foreignPart(node) }
      if let foreign {
        refuse(foreign.says, foreign.node.mark?.line ?? 1, foreign.node.mark?.column ?? 1)
        return nil
      }
      return Section(
        at: SourcePosition(file: file, line: node.mark?.line ?? 1), path: "", node: node, problems)
    } catch let error as YamlError {
      let (says, line, column) = words(error, text)
      refuse(says, line, column)
    } catch {
      refuse("is no YAML")
    }
    return nil
  }

  private static func isEmpty(_ node: Node) -> Bool {
    guard let text = node.scalar?.string else { return false }
    return text.isEmpty || text == "null" || text == "~"
  }

  /// The first anchor or tag.
  ///
  /// An alias comes after its anchor, so no node is seen twice.
  private static func foreignPart(_ node: Node) -> (node: Node, says: String)? {
    if node.anchor != nil {
      return (
        node,
        "holds an anchor (`&name`); anchors, aliases and merge keys are not taken: "
          + "write the value out in each place"
      )
    }
    let standard = ["", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"]
    if !standard.contains(node.tag.description) {
      return (node, "holds a tag (`!name`), which has no meaning here; write the value without it")
    }
    let inner =
      node.mapping.map { $0.flatMap { [$0.key, $0.value] } } ?? node.sequence.map(Array.init)
    for child in inner ?? [] {
      if let found = foreignPart(child) { return found }
    }
    return nil
  }

  private static func words(_ error: YamlError, _ text: String) -> (String, Int, Int) {
    switch error {
    case .composer(_, _, let mark, _) where error.description.contains("another document"):
      return ("begins a second document; write one file for each job", mark.line, mark.column)
    case .composer(_, _, let mark, _):
      return (
        "holds an alias (`*name`) of nothing; a text that begins with `*` needs quotes",
        mark.line, mark.column
      )
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
      let help = help(problem, character(of: text, at: mark))
      return ("is no YAML: \(problem)\(help)", mark.line, mark.column)
    case .duplicatedKeysInMapping(let keys, let context):
      // The keys of a secret's group might be the secret itself.
      let named = keys.count == 1 ? "one key" : "\(keys.count) keys"
      return (
        "says \(named) twice in one group; the first time here", context.mark.line,
        context.mark.column
      )
    case .reader:
      let place = text.unicodeScalars.first { isForbidden($0) }
        .flatMap { self.place(in: text, of: Character($0)) }
      return ("holds a control character", place?.line ?? 1, place?.column ?? 1)
    default:
      return ("is no YAML", 1, 1)
    }
  }

  private static func help(_ problem: String, _ character: Character?) -> String {
    if character == "\t" { return "; this is a tab, and YAML is indented with spaces" }
    if problem.hasPrefix("mapping values are not allowed") {
      return "; either the indent is wrong, or a text with `: ` in it needs quotes"
    }
    if problem.hasPrefix("found character that cannot start") {
      return "; a text that begins with it needs quotes"
    }
    return ""
  }

  private static func character(of text: String, at mark: Mark) -> Character? {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard lines.indices.contains(mark.line - 1) else { return nil }
    return lines[mark.line - 1].dropFirst(mark.column - 1).first
  }

  private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
    (scalar.value < 0x20 && ![0x09, 0x0A, 0x0D].contains(scalar.value)) || scalar.value == 0x7F
      || (0x80...0x9F).contains(scalar.value) && scalar.value != 0x85
  }

  private static func place(
    in text: String, of wanted: Character
  ) -> (line: Int, column: Int)? {
    guard let index = text.firstIndex(of: wanted) else { return nil }
    let before = text[..<index].unicodeScalars
    let line = before.reduce(into: 1) { if $1 == "\n" { $0 += 1 } }
    let column = before.reversed().prefix { $0 != "\n" }.count + 1
    return (line, column)
  }
}
