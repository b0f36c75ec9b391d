import Core

/// How a value that somebody sends becomes the text that Campaign keeps.
struct ValueRule {
  let resource: ResourceDefinition
  let field: FieldDefinition
  var truncates = false

  /// The text to keep; nil where the field gets its default back.
  func stored(_ value: JSONValue) throws(CampaignFault) -> String? {
    switch value {
    case .null: nil
    case .bool(let flag): try stored(flag ? "true" : "false")
    case .number(let text), .string(let text): try stored(text)
    case .array, .object:
      throw .badType("[object]", typeName)
    }
  }

  func stored(_ text: String) throws(CampaignFault) -> String? {
    let kept = try normal(text)
    return kept == field.absent ? nil : kept
  }

  private func normal(_ text: String) throws(CampaignFault) -> String {
    switch field.kind {
    case .text(let length): try limited(text, to: length)
    case .integer(let bits): try whole(text, bits: bits)
    case .number: try decimal(text)
    case .boolean: try flag(text)
    case .enumeration(let enumeration): try name(text, in: enumeration)
    case .date: try date(text)
    case .dateTime: try dateTime(text)
    case .link, .collection, .computed: throw .readOnly(field.name)
    }
  }

  private func limited(_ text: String, to length: Int) throws(CampaignFault) -> String {
    if field.isEmail, !text.isEmpty, !ValueRule.isEmail(text) { throw .badEmail(field.name) }
    let scalars = text.unicodeScalars
    guard scalars.count > length else { return text }
    guard truncates else { throw .tooLong(length) }
    return String(String.UnicodeScalarView(scalars.prefix(length)))
  }

  private func whole(_ text: String, bits: Int) throws(CampaignFault) -> String {
    if text.isEmpty { return field.absent }
    let number = Int64(text.hasPrefix("+") ? "x" : text)
    guard let number, bits == 64 || abs(number) < Int64(1) << (bits - 1) else {
      throw .badType(text, typeName)
    }
    return String(number)
  }

  private func decimal(_ text: String) throws(CampaignFault) -> String {
    if text.isEmpty { return field.absent }
    guard let number = Double(text), number.isFinite else { throw .badType(text, typeName) }
    return ValueRule.plain(text)
  }

  private func flag(_ text: String) throws(CampaignFault) -> String {
    switch text {
    case "true", "1": return "true"
    case "false", "0", "": return "false"
    default: throw .badType(text, typeName)
    }
  }

  private func name(_ text: String, in enumeration: EnumerationDefinition) throws(CampaignFault)
    -> String
  {
    guard enumeration.values.contains(where: { $0.name == text }) else {
      throw .badEnumeration(text, enumeration, field: field.name, of: resource)
    }
    return text
  }

  private func date(_ text: String) throws(CampaignFault) -> String {
    if text.isEmpty { return "" }
    guard let date = CampaignTime.date(text) else { throw .badType(text, typeName) }
    return date
  }

  private func dateTime(_ text: String) throws(CampaignFault) -> String {
    if text.isEmpty { return "" }
    guard let instant = CampaignTime.instant(text) else { throw .badType(text, typeName) }
    return CampaignTime.text(instant)
  }

  private var typeName: String {
    switch field.kind {
    case .integer(let bits): "integer (\(bits) bit)"
    case .number: "double"
    case .boolean: "boolean"
    case .date: "date"
    case .dateTime: "datetime"
    default: "text"
    }
  }

  /// One `@` with something on both sides, and no blank.
  static func isEmail(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: 0x40, omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
      && !text.utf8.contains { $0 <= 0x20 }
  }

  /// The number without what does not count: `20000.0000` is `20000`, `-0.0` is `0`.
  ///
  /// - Shape: text with an exponent stays as it came.
  static func plain(_ text: String) -> String {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }) else {
      return text
    }
    let isNegative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    var whole = String(parts[0].drop { $0 == "0" })
    if whole.isEmpty { whole = "0" }
    var fraction = parts.count > 1 ? String(parts[1]) : ""
    while fraction.hasSuffix("0") { fraction.removeLast() }
    let number = fraction.isEmpty ? whole : whole + "." + fraction
    return isNegative && number != "0" ? "-" + number : number
  }
}
