import Core

/// Something in a file of the user that cannot be taken as it stands.
package struct Problem: Sendable, Equatable {
  package var position: SourcePosition
  /// Where in the document: `fields[2].maxLength`; empty: the file as a whole.
  package var path: String
  /// What is wrong, and what was expected.
  ///
  /// Never the value of a secret.
  package var says: String
  /// The right name that was probably meant.
  package var nearest: String?

  package init(
    _ position: SourcePosition, path: String = "", says: String, nearest: String? = nil
  ) {
    self.position = position
    self.path = path
    self.says = says
    self.nearest = nearest
  }

  package var line: String {
    let place = "\(position.file):\(position.line):\(position.column)"
    let key = path.isEmpty ? "" : " `\(path)`"
    let meant = nearest.map { "; did you mean `\($0)`?" } ?? ""
    return "\(place):\(key) \(says)\(meant)"
  }
}

extension SyncError {
  /// All problems of the files, one line each.
  package static func problems(_ problems: [Problem]) -> SyncError {
    let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
    return SyncError(
      .configuration, "use the files below the jobs folder",
      ([count + ":"] + problems.map { "    " + $0.line }).joined(separator: "\n"),
      next: "mend the lines named above; docs/jobs.md explains every key")
  }
}

/// Collects what is wrong while the files are read.
final class Problems {
  private var found: [Problem] = []
  /// Every key that was asked for, `fields[].to` and the like; a test holds `docs/schema` to it.
  private(set) var asked: Set<String> = []

  func add(_ problem: Problem) { found.append(problem) }
  func hold(_ path: String) -> Bool { found.contains { $0.path == path } }
  func ask(_ schemaPath: String) { asked.insert(schemaPath) }

  /// By file, line and column; what stands in one place stays in the order of reading.
  var all: [Problem] {
    found.enumerated().sorted { one, other in
      let (first, second) = (one.element.position, other.element.position)
      return (first.file, first.line, first.column, one.offset)
        < (second.file, second.line, second.column, other.offset)
    }.map(\.element)
  }
}
