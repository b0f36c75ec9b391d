import Core

/// What Campaign should hold for one Dynamics row, by the words of the job file.
///
/// Slow, obvious, and on purpose none of the tool's mapping: two wrongs must not agree.
struct ExpectedRow {
  /// What one field may hold.
  enum Field: Equatable {
    /// Exactly this, as Campaign keeps it.
    case exactly(String)
    /// One of these.
    case oneOf([String])
    /// This on a new record; an update writes nothing, so an older value may stand.
    case orOlder(String)
    case rejected

    var text: String? {
      switch self {
      case .exactly(let text), .orOlder(let text): text
      case .oneOf(let texts): texts.first
      case .rejected: nil
      }
    }
  }

  var key: String
  var fields: [Field]
  /// The tool must not write the row: it is absent, or as it was.
  var isRejected: Bool { fields.contains(.rejected) }
  /// The file takes it and the API does not: both are right.
  var isDoubtful: Bool
  /// The job's filter does not let the row through.
  var isFilteredOut = false
  /// It points at nothing, and has to point at something.
  var isParentless = false
  /// What the row points at is not in Campaign: it waits until that is.
  var lacksParent = false
}

/// The job file and both sides' types, as the comparison reads them.
struct ExpectedRowMaker {
  let settings: IngressSettings
  let resource: ResourceDefinition
  /// Column -> value -> label, for `choices: labels`; else the rows' annotations are read.
  let labels: [String: [String: String]]

  func row(_ source: JSONValue, primaryId: String) -> ExpectedRow? {
    guard let key = source[primaryId]?.text?.lowercased() else { return nil }
    var isDoubtful = false
    let fields = settings.fields.map { mapping -> ExpectedRow.Field in
      guard let position = resource.position(mapping.to) else { return .rejected }
      let field = resource.fields[position]
      let expected = self.field(mapping, field, of: source)
      if field.isEmail, case .exactly(let text) = expected, !text.isEmpty,
        !ValueRule.isEmail(text)
      {
        isDoubtful = true
      }
      return expected
    }
    return ExpectedRow(key: key, fields: fields, isDoubtful: isDoubtful)
  }

  private func field(_ mapping: FieldMapping, _ field: FieldDefinition, of source: JSONValue)
    -> ExpectedRow.Field
  {
    let value = source[mapping.from] ?? source["_\(mapping.from)_value"] ?? .null
    let isOptOut = ResourceDefinition.optOuts.contains { $0.name == field.name }
    guard let raw = yielded(mapping.from, value, of: source) else { return .rejected }
    let isReplaced = mapping.replace[raw] != nil
    let text = mapping.replace[raw] ?? raw

    if text.isEmpty {
      let isLeftOut = if case .enumeration = field.kind { true } else { false }
      if isLeftOut || isOptOut { return .orOlder(field.absent) }
      return mapping.applyUpdates ? .exactly(field.absent) : .orOlder(field.absent)
    }
    var texts = [shown(text, isReplaced ? .null : value, in: field)].compactMap { $0 }
    if settings.csv.quote == .none { texts += texts.map(withoutSpecials) }
    let kept = texts.map { keptText($0, mapping, field) }
    guard let first = kept.first, let first else { return .rejected }
    // Bulk may opt out and never in: true in Campaign may be older, false may not.
    if isOptOut, first == "false" { return .orOlder(first) }
    if !mapping.applyUpdates { return .orOlder(first) }
    let all = Set(kept.compactMap { $0 })
    return all.count > 1 ? .oneOf(all.sorted()) : .exactly(first)
  }

  /// What the column yields as text: null is empty, a choice its value or its label.
  private func yielded(_ column: String, _ value: JSONValue, of source: JSONValue) -> String? {
    switch value {
    case .null: return ""
    case .bool(let flag): return flag ? "true" : "false"
    case .array, .object: return nil
    case .number(let text), .string(let text):
      guard case .labels = settings.choices else { return text }
      if let names = labels[column] {
        let parts = text.split(separator: ",").map { names[String($0)] }
        guard parts.allSatisfy({ $0 != nil }) else { return nil }
        return parts.compactMap { $0 }.joined(separator: "; ")
      }
      let annotation = "@OData.Community.Display.V1.FormattedValue"
      // Times and numbers have formatted values too; only choices are replaced by theirs.
      if case .number = value, !text.contains("."), let label = source[column + annotation]?.text,
        label.contains(where: \.isLetter)
      {
        return label
      }
      return text
    }
  }

  /// The text as the part or the request carries it, before Campaign takes it.
  private func shown(_ text: String, _ value: JSONValue, in field: FieldDefinition) -> String? {
    let isTime = text.utf8.count >= 20 && text.utf8.dropFirst(10).first == 0x54
    switch field.kind {
    case .text where isTime && settings.csv.dateTime == .campaign && value.text == text:
      guard let instant = CampaignTime.instant(text) else { return text }
      let form = CampaignTime.text(instant).prefix(19)
      return String(form.map { $0 == "-" ? "/" : $0 })
    case .text where isTime && value.text == text:
      guard let instant = CampaignTime.instant(text) else { return text }
      return String(CampaignTime.text(instant).prefix(19).map { $0 == " " ? "T" : $0 }) + "Z"
    case .dateTime:
      guard let instant = CampaignTime.instant(text) else { return nil }
      return CampaignTime.text(Instant(seconds: instant.seconds))
    case .integer:
      let whole = ValueRule.plain(text)
      return whole.contains(".") ? nil : whole
    default:
      return text
    }
  }

  /// What Campaign keeps; nil where the length or the type forbids it.
  private func keptText(_ text: String, _ mapping: FieldMapping, _ field: FieldDefinition)
    -> String?
  {
    var text = text
    var limit = mapping.maxLength ?? Int.max
    // Only the built-in lengths are known to the tool; others are Campaign's to refuse.
    if case .text(let length) = field.kind, resource.exposure == .builtIn, !field.isExtension {
      limit = min(limit, length)
    }
    if text.unicodeScalars.count > limit {
      guard mapping.tooLong == .cut else { return nil }
      text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit)))
    }
    var plain = field
    plain.isEmail = false
    do {
      return try ValueRule(resource: resource, field: plain).stored(text) ?? field.absent
    } catch {
      return nil
    }
  }

  /// `quote: none`: what would break the line is a blank.
  private func withoutSpecials(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    var last: UnicodeScalar?
    for scalar in text.unicodeScalars {
      let isSpecial =
        scalar == "\n" || scalar == "\r" || scalar == "\""
        || scalar.value == UInt32(settings.csv.separator)
      if scalar != "\n" || last != "\r" { scalars.append(isSpecial ? " " : scalar) }
      last = scalar
    }
    return String(scalars)
  }
}
