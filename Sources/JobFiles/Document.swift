import Core
import Yams

/// YAML text -> its root group, or the place where it is no YAML.
enum Document {
  static func root(_ text: String, file: String, problems: Problems) -> Section? {
    do {
      guard let node = try Yams.compose(yaml: text) else {
        problems.add(Problem(SourcePosition(file: file, line: 1), path: "", says: "is empty"))
        return nil
      }
      guard node.mapping != nil else {
        problems.add(
          Problem(SourcePosition(file: file, line: 1), path: "", says: "must be a group of keys"))
        return nil
      }
      return Section(file: file, path: "", node: node, problems: problems)
    } catch let error as YamlError {
      problems.add(problem(error, file: file))
    } catch {
      problems.add(Problem(SourcePosition(file: file, line: 1), path: "", says: "is no YAML"))
    }
    return nil
  }

  private static func problem(_ error: YamlError, file: String) -> Problem {
    func at(_ mark: Mark, _ says: String) -> Problem {
      Problem(
        SourcePosition(file: file, line: mark.line, column: mark.column), path: "", says: says)
    }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return at(mark, "is no YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      return at(context.mark, "says `\(keys.joined(separator: "`, `"))` twice in one group")
    default:
      return Problem(SourcePosition(file: file, line: 1), path: "", says: "is no YAML")
    }
  }
}
