import Foundation
import TestSupport
import Yams

/// A JSON Schema of `docs/schema`, as far as these schemas go.
struct JSONSchema {
  let root: [String: Any]

  init(_ name: String) throws {
    let file = Golden.fixtures.deletingLastPathComponent()
      .appendingPathComponent("docs/schema/\(name).json")
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    root = object as? [String: Any] ?? [:]
  }

  /// Every key: `fields[].to`, `import.parameters.*`.
  var keys: Set<String> { keys(of: root, "") }

  private func keys(of schema: [String: Any], _ path: String) -> Set<String> {
    let schema = resolved(schema)
    var found: Set<String> = []
    for case let choice as [String: Any] in schema["oneOf"] as? [Any] ?? [] {
      found.formUnion(keys(of: choice, path))
    }
    for case (let key, let value as [String: Any]) in schema["properties"] as? [String: Any] ?? [:]
    {
      found.insert(path + key)
      found.formUnion(keys(of: value, path + key + "."))
      if let items = resolved(value)["items"] as? [String: Any] {
        found.formUnion(keys(of: items, path + key + "[]."))
      }
    }
    if schema["additionalProperties"] is [String: Any] { found.insert(path + "*") }
    return found
  }

  /// Every part of the schema, with its place.
  func parts() -> [(path: String, schema: [String: Any])] {
    func parts(_ value: Any, _ path: String) -> [(path: String, schema: [String: Any])] {
      guard let schema = value as? [String: Any] else {
        return (value as? [Any] ?? []).enumerated().flatMap { parts($1, "\(path)[\($0)]") }
      }
      let inner = schema.filter { !["default", "examples", "enum", "const"].contains($0.key) }
      return [(path, schema)] + inner.flatMap { parts($1, "\(path)/\($0)") }
    }
    return parts(root, "")
  }

  /// What of a YAML text the schema does not allow.
  func complaints(about yaml: String) throws -> [String] {
    complaints(try Yams.compose(yaml: yaml).map(Self.value) ?? NSNull(), root, "")
  }

  func complaints(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
    let schema = resolved(schema)
    var found = mismatches(value, schema).map { "\(path): \($0)" }
    if let choices = schema["oneOf"] as? [[String: Any]] {
      let each = choices.map { complaints(value, $0, path) }
      if each.filter(\.isEmpty).count != 1 { found += each.min { $0.count < $1.count } ?? [] }
    }
    if let group = value as? [String: Any] {
      for case let key as String in schema["required"] as? [Any] ?? [] where group[key] == nil {
        found.append("\(path): \(key) is required")
      }
      if let least = schema["minProperties"] as? Int, group.count < least { found.append(path) }
      let known = schema["properties"] as? [String: [String: Any]] ?? [:]
      for (key, value) in group {
        if let inner = known[key] ?? (schema["additionalProperties"] as? [String: Any]) {
          found += complaints(value, inner, "\(path).\(key)")
        } else if schema["additionalProperties"] as? Bool == false {
          found.append("\(path): \(key) is unknown")
        }
      }
    }
    if let list = value as? [Any] {
      if let least = schema["minItems"] as? Int, list.count < least { found.append(path) }
      if let most = schema["maxItems"] as? Int, list.count > most { found.append(path) }
      if let items = schema["items"] as? [String: Any] {
        found += list.enumerated().flatMap { complaints($1, items, "\(path)[\($0)]") }
      }
    }
    return found
  }

  private func mismatches(_ value: Any, _ schema: [String: Any]) -> [String] {
    var found: [String] = []
    let types = schema["type"].map { $0 as? [String] ?? [$0 as? String ?? ""] }
    if let types, types.isDisjoint(with: Self.types(of: value)) { found.append("is no \(types)") }
    if let constant = schema["const"], !Self.equal(constant, value) { found.append("const") }
    if let values = schema["enum"] as? [Any], !values.contains(where: { Self.equal($0, value) }) {
      found.append("is none of \(values)")
    }
    if let pattern = schema["pattern"] as? String, let text = value as? String,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      found.append("does not match \(pattern)")
    }
    if let number = value as? Int {
      if let least = schema["minimum"] as? Int, number < least { found.append("too small") }
      if let most = schema["maximum"] as? Int, number > most { found.append("too large") }
    }
    return found
  }

  private func resolved(_ schema: [String: Any]) -> [String: Any] {
    guard let name = (schema["$ref"] as? String)?.split(separator: "/").last,
      let target = (root["$defs"] as? [String: Any])?[String(name)] as? [String: Any]
    else { return schema }
    return target
  }

  private static func equal(_ one: Any, _ other: Any) -> Bool {
    (one as? NSObject)?.isEqual(other as? NSObject) ?? false
  }

  private static func types(of value: Any) -> Set<String> {
    switch value {
    case is Bool: ["boolean"]
    case is Int: ["integer", "number"]
    case is Double: ["number"]
    case is String: ["string"]
    case is [Any]: ["array"]
    case is [String: Any]: ["object"]
    default: ["null"]
    }
  }

  /// As an editor sees it, which types plain scalars.
  private static func value(_ node: Node) -> Any {
    if let mapping = node.mapping {
      return Dictionary(
        mapping.map { ($0.key.scalar?.string ?? "", value($0.value)) },
        uniquingKeysWith: { first, _ in first })
    }
    if let sequence = node.sequence { return sequence.map(value) }
    guard let scalar = node.scalar, scalar.style == .plain else {
      return node.scalar?.string ?? ""
    }
    if ["true", "false"].contains(scalar.string) { return scalar.string == "true" }
    if ["", "~", "null"].contains(scalar.string) { return NSNull() }
    if let whole = Int(scalar.string) { return whole }
    if let number = Double(scalar.string) { return number }
    return scalar.string
  }
}

extension Array where Element == String {
  fileprivate func isDisjoint(with other: Set<String>) -> Bool { Set(self).isDisjoint(with: other) }
}
