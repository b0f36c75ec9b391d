import Core

/// Reads a resource's description into its schema.
///
/// - Shape: `content` maps a field to its descriptor; a block of fields (`item`) has a `content`
///   of its own and becomes dotted names.
/// - Source: `GET /<family>/resourceType/<resource>`.
struct ResourceMetadata {
  private let resource: String
  private(set) var fields: [FieldSchema] = []

  /// Nil where the document describes no fields.
  init?(_ document: JSONValue, of resource: String) {
    guard let content = document["content"], content.members?.isEmpty == false else { return nil }
    self.resource = resource
    add(content, below: "", readOnly: false)
    guard isProfile else { return }
    if let block = fields.firstIndex(where: { $0.name == "location" }) {
      fields.remove(at: block)
      fields += BuiltInProfile.location.map { FieldSchema(name: "location.\($0)", kind: .text) }
    }
  }

  private var isProfile: Bool { resource == "profile" }

  private mutating func add(_ content: JSONValue, below block: String, readOnly: Bool) {
    for member in content.members ?? [] {
      let given = member.value["apiName"]?.text ?? ""
      let own = given.isEmpty ? member.name : given
      let name = block.isEmpty || own.hasPrefix(block) ? own : block + own
      let isReadOnly = readOnly || isReadOnly(member.value, name)
      if let inner = member.value["content"], inner.members?.isEmpty == false {
        add(inner, below: name + ".", readOnly: isReadOnly)
      } else {
        fields.append(field(name, member.value, isReadOnly))
      }
    }
  }

  private func field(_ name: String, _ descriptor: JSONValue, _ isReadOnly: Bool) -> FieldSchema {
    FieldSchema(
      name: name, alias: isProfile ? BuiltInProfile.alias(of: name) : nil,
      kind: fieldKind(descriptor), isReadOnly: isReadOnly,
      maxLength: isProfile ? BuiltInProfile.lengths[name] : nil)
  }

  private func isReadOnly(_ descriptor: JSONValue, _ name: String) -> Bool {
    if auditFields.contains(name) { return true }
    if isProfile, BuiltInProfile.readOnly.contains(name) { return true }
    if isProfile, name.hasPrefix("postalAddress.") { return name != BuiltInProfile.writablePostal }
    return ["readOnly", "isReadOnly", "computed", "isComputed"].contains { key in
      descriptor[key]?.flag == true || descriptor[key]?.text == "true"
    }
  }
}

/// The kind of a field: the technical type decides where it is known, else the high-level one.
func fieldKind(_ descriptor: JSONValue) -> FieldSchema.Kind {
  let type = (descriptor["type"]?.text ?? "").lowercased()
  let technical = (descriptor["resType"]?.text ?? "").lowercased()
  switch type {
  case "link": return .link
  case "collection": return .collection
  case "enumeration", "enum": return .enumeration(enumerationNames(descriptor["values"]))
  default: break
  }
  if let values = descriptor["values"], !enumerationNames(values).isEmpty {
    return .enumeration(enumerationNames(values))
  }
  return plainKind(technical) ?? plainKind(type) ?? .other
}

private func plainKind(_ type: String) -> FieldSchema.Kind? {
  switch type {
  case "string", "text", "memo", "uuid", "cdata", "html": .text
  case "byte", "short", "long", "int", "int64", "integer": .integer
  case "float", "double", "decimal", "number", "money": .number
  case "boolean", "bool": .boolean
  case "date": .date
  case "datetime", "datetimetz", "datetimenotz", "timestamp", "date/time": .dateTime
  case "link": .link
  case "collection": .collection
  default: nil
  }
}

/// Internal names; `values` is a map by name or a list, each entry with a `name` or not.
private func enumerationNames(_ values: JSONValue?) -> [String] {
  let names: [String] =
    switch values {
    case .object(let members): members.map { $0.value["name"]?.text ?? $0.name }
    case .array(let items): items.compactMap { $0.text ?? $0["name"]?.text }
    default: []
    }
  return names.filter { $0 != "__Invalid_value__" }
}
