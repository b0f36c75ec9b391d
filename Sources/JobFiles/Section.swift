import Core
import Yams

/// One mapping of a YAML document; remembers which keys were asked for.
///
/// - Shape: scalars are taken as they are written, so `NO`, `1.0` and `0x1` stay text.
final class Section {
  let file: String
  let path: String
  let mark: Mark?
  let problems: Problems
  private let pairs: [(key: Node, value: Node)]
  private var asked: [String] = []

  init(file: String, path: String, node: Node, problems: Problems) {
    self.file = file
    self.path = path
    self.problems = problems
    mark = node.mark
    pairs = node.mapping.map { mapping in mapping.map { (key: $0.key, value: $0.value) } } ?? []
  }

  var position: SourcePosition { place(mark) }

  func place(_ mark: Mark?) -> SourcePosition {
    SourcePosition(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  func place(of key: String) -> SourcePosition {
    pairs.first { $0.key.scalar?.string == key }.map { place($0.value.mark) } ?? position
  }

  func path(of key: String) -> String { path.isEmpty ? key : path + "." + key }

  func has(_ key: String) -> Bool { pairs.contains { $0.key.scalar?.string == key } }

  func node(_ key: String) -> Node? {
    asked.append(key)
    return pairs.first { $0.key.scalar?.string == key }?.value
  }

  var keys: [String] { pairs.compactMap { $0.key.scalar?.string } }

  /// Every key with its value, for mappings whose keys the user chooses.
  func entries() -> [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = []
    for pair in pairs {
      guard let key = pair.key.scalar?.string else { continue }
      asked.append(key)
      guard let value = pair.value.scalar?.string else {
        complain(key, "must be one value")
        continue
      }
      entries.append((key: key, value: value))
    }
    return entries
  }

  func complain(_ key: String, _ says: String, nearest: String? = nil) {
    problems.add(Problem(place(of: key), path: path(of: key), says: says, nearest: nearest))
  }

  /// Complains about keys nobody asked for.
  func finish() {
    for pair in pairs {
      let key = pair.key.scalar?.string ?? "?"
      guard !asked.contains(key) else { continue }
      let known = Set(asked).sorted().joined(separator: ", ")
      problems.add(
        Problem(
          place(pair.key.mark), path: path(of: key), says: "is no key here; known are: \(known)",
          nearest: Nearest.name(to: key, among: asked)))
    }
  }
}

extension Section {
  /// A text; empty counts as missing.
  func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      complain(key, "must be a text")
      return nil
    }
    return text
  }

  func required(_ key: String, _ example: String) -> String {
    if let text = text(key) { return text }
    if !has(key) { complain(key, "is missing; write for example `\(key): \(example)`") }
    return ""
  }

  func section(_ key: String) -> Section? {
    guard let node = node(key) else { return nil }
    guard node.mapping != nil else {
      complain(key, "must be a group of keys")
      return nil
    }
    return Section(file: file, path: path(of: key), node: node, problems: problems)
  }

  func requiredSection(_ key: String) -> Section? {
    if !has(key) { complain(key, "is missing; it is a group of keys") }
    return section(key)
  }

  /// A list of groups.
  func sections(_ key: String) -> [Section] {
    guard let node = node(key) else { return [] }
    guard let items = node.sequence else {
      complain(key, "must be a list")
      return []
    }
    return items.enumerated().compactMap { index, item in
      let path = path(of: "\(key)[\(index)]")
      guard item.mapping != nil else {
        problems.add(Problem(place(item.mark), path: path, says: "must be a group of keys"))
        return nil
      }
      return Section(file: file, path: path, node: item, problems: problems)
    }
  }

  /// A list of texts.
  func texts(_ key: String) -> [String]? {
    guard let node = node(key) else { return nil }
    guard let items = node.sequence else {
      complain(key, "must be a list of texts")
      return nil
    }
    return items.compactMap { item in
      if item.scalar == nil { complain(key, "must be a list of texts") }
      return item.scalar?.string
    }
  }
}
