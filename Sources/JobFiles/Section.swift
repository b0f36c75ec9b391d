import Core
import Yams

/// One group of a YAML document; remembers which keys were asked for.
///
/// - Shape: scalars are taken as they are written, so `NO`, `1.0` and `0x1` stay text.
final class Section {
  /// Where the group is written: the line of its key, or the first line of a list's item.
  let position: SourcePosition
  let path: String
  let problems: Problems
  private let schemaPath: String
  private let pairs: [(key: String, mark: Mark?, value: Node)]
  private var asked: [String] = []

  init(
    at position: SourcePosition, path: String, schemaPath: String = "", node: Node,
    _ problems: Problems
  ) {
    self.position = position
    self.path = path
    self.schemaPath = schemaPath
    self.problems = problems
    var pairs: [(key: String, mark: Mark?, value: Node)] = []
    for (key, value) in node.mapping ?? [:] {
      guard let name = key.scalar?.string else {
        let place = Section.place(key.mark, or: position)
        problems.add(Problem(place, path: path, says: "has a list or a group for a key"))
        continue
      }
      pairs.append((key: name, mark: key.mark, value: value))
    }
    self.pairs = pairs
  }

  private static func place(_ mark: Mark?, or other: SourcePosition) -> SourcePosition {
    mark.map { SourcePosition(file: other.file, line: $0.line, column: $0.column) } ?? other
  }

  /// Of the value, where it is one value; of the key, where it is a list or a group.
  func place(of key: String) -> SourcePosition {
    guard let pair = pairs.first(where: { $0.key == key }) else { return position }
    return Section.place(pair.value.scalar == nil ? pair.mark : pair.value.mark, or: position)
  }

  /// Of an item of a list; of the list's key where there is no such item.
  func place(of key: String, item: Int) -> SourcePosition {
    let items = pairs.first { $0.key == key }?.value.sequence.map(Array.init) ?? []
    guard items.indices.contains(item) else { return place(of: key) }
    return Section.place(items[item].mark, or: position)
  }

  func path(of key: String) -> String { path.isEmpty ? key : path + "." + key }

  func has(_ key: String) -> Bool { pairs.contains { $0.key == key } }

  func node(_ key: String) -> Node? {
    asked.append(key)
    problems.ask(schemaPath + key)
    return pairs.first { $0.key == key }?.value
  }

  /// Every key with its value, for groups whose keys the user chooses.
  func entries() -> [(key: String, value: Node)] {
    problems.ask(schemaPath + "*")
    asked += pairs.map(\.key)
    return pairs.map { (key: $0.key, value: $0.value) }
  }

  /// Those whose values are single ones.
  func texts() -> [(key: String, value: String)] {
    entries().compactMap { key, value in
      guard let text = value.scalar?.string else {
        complain(key, "must be one value")
        return nil
      }
      return (key: key, value: text)
    }
  }

  func complain(_ key: String, _ says: String, nearest: String? = nil) {
    problems.add(Problem(place(of: key), path: path(of: key), says: says, nearest: nearest))
  }

  /// Complains about keys nobody asked for.
  func finish() {
    let known = Set(asked).sorted()
    for pair in pairs where !asked.contains(pair.key) {
      let place = Section.place(pair.mark, or: position)
      guard pair.key != "<<" else {
        problems.add(
          Problem(
            place, path: path(of: pair.key), says: "merges keys, which is not taken; write them out"
          ))
        continue
      }
      problems.add(
        Problem(
          place, path: path(of: pair.key),
          says: "is no key here; known are: \(known.joined(separator: ", "))",
          nearest: Nearest.name(to: pair.key, among: known)))
    }
  }

  /// True where the keys are no others than these; says nothing about those that are.
  func hasOnly(_ keys: Set<String>) -> Bool { pairs.allSatisfy { keys.contains($0.key) } }
}

extension Section {
  /// A text; empty counts as missing.
  func text(_ key: String) -> String? {
    guard let node = node(key) else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      complain(key, node.scalar == nil ? "must be one value" : "is empty; write a value")
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
    return group(key, node)
  }

  func group(_ key: String, _ node: Node) -> Section {
    Section(
      at: place(of: key), path: path(of: key), schemaPath: schemaPath + key + ".", node: node,
      problems)
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
      let place = place(of: key, item: index)
      guard item.mapping != nil else {
        problems.add(Problem(place, path: path, says: "must be a group of keys"))
        return nil
      }
      return Section(
        at: place, path: path, schemaPath: schemaPath + key + "[].", node: item, problems)
    }
  }

  /// A list of texts, one at least.
  func texts(_ key: String) -> [String]? {
    guard let node = node(key) else { return nil }
    return texts(key, in: node)
  }

  func texts(_ key: String, in node: Node) -> [String]? {
    let texts = node.sequence?.map { $0.scalar?.string ?? "" } ?? []
    guard !texts.isEmpty, !texts.contains("") else {
      complain(key, "must be a list of texts, `[one, two]`")
      return nil
    }
    return texts
  }
}
