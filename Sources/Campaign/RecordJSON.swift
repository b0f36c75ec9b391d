import Core

/// The body of a write: dotted names become nested objects.
func recordBody(_ fields: [FieldValue]) -> JSONValue {
  var body = JSONValue.object([])
  for field in fields {
    body = body.setting(ArraySlice(field.name.split(separator: ".").map(String.init)), field.json)
  }
  return body
}

extension FieldValue {
  /// In the form that Campaign takes; an empty number or boolean clears to `0` and `false`.
  fileprivate var json: JSONValue {
    switch form {
    case .text: .string(text)
    case .boolean:
      text.isEmpty ? false : text == "true" ? true : text == "false" ? false : .string(text)
    case .number: text.isEmpty ? 0 : isJSONNumber(text) ? .number(text) : .string(text)
    }
  }
}

extension JSONValue {
  fileprivate func setting(_ path: ArraySlice<String>, _ value: JSONValue) -> JSONValue {
    guard let name = path.first else { return value }
    var members = members ?? []
    let inner = path.dropFirst()
    if let index = members.firstIndex(where: { $0.name == name }) {
      members[index].value = members[index].value.setting(inner, value)
    } else {
      members.append(Member(name, JSONValue.object([]).setting(inner, value)))
    }
    return .object(members)
  }

  /// The value below a dotted name, as text in Campaign's form; absent, null, a link: `""`.
  func text(at name: String) -> String {
    var value: JSONValue? = self
    for part in name.split(separator: ".") { value = value?[String(part)] }
    return switch value {
    case .string(let text), .number(let text): text
    case .bool(let flag): flag ? "true" : "false"
    default: ""
    }
  }
}

/// As JSON writes numbers: `-12.5e3`, no leading zero, no plus sign.
func isJSONNumber(_ text: String) -> Bool {
  text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil
}
