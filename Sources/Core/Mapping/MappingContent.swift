/// Everything of a job file that decides what a row looks like: the *content* of a checkpoint.
///
/// - Shape of `text`: a line per fact, three columns divided by tabs: subject, property, value; in
///   the order of the job file, since the order of fields is the order of CSV columns. Tabs, line
///   ends and backslashes in values are escaped. The digest of it goes to the checkpoint, the text
///   to its state, so that a later change can be told in words.
package struct MappingContent: Sendable, Equatable {
  package let text: String

  /// A text of an earlier run.
  package init(text: String) { self.text = text }

  package init(_ settings: IngressSettings) {
    var facts: [Fact] = []
    switch settings.choices {
    case .values: facts.append(Fact("choices", "yield", "values"))
    case .labels(let language): facts.append(Fact("choices", "yield", "labels in \(language)"))
    }
    for field in settings.fields { facts += Fact.facts(of: field) }
    if let filter = settings.filter { facts += Fact.facts(of: filter) }
    for parent in settings.parents {
      let subject = "parent of \(parent.field)"
      facts.append(Fact(subject, "job", parent.job))
      if parent.isRequired { facts.append(Fact(subject, "required", "true")) }
    }
    for optOut in settings.optOuts {
      let subject = Fact.optOut + optOut.campaign
      facts.append(Fact(subject, "from", optOut.dynamics))
      facts.append(Fact(subject, "invert", String(optOut.invert)))
    }
    text = facts.map(\.line).joined()
  }

  /// Of an opt-out job: its direction and its pairs.
  package init(_ settings: OptOutSettings) {
    var facts = [Fact("direction", "is", settings.direction.rawValue)]
    for field in settings.fields {
      let subject = "field \(ConsentAttribute(field.campaign)?.name ?? field.campaign)"
      facts.append(Fact(subject, "column", field.dynamics))
      facts.append(Fact(subject, "invert", String(field.invert)))
    }
    text = facts.map(\.line).joined()
  }

  package var utf8: [UInt8] { Array(text.utf8) }

  /// Whether nothing but the pairs of the opt-out job is different: no record that exists is mapped
  /// otherwise than before.
  package func differsInOptOutsOnly(from old: MappingContent) -> Bool {
    func own(_ content: MappingContent) -> [Fact] {
      Fact.read(content.text).filter { !$0.subject.hasPrefix(Fact.optOut) }
    }
    return old != self && own(old) == own(self)
  }

  /// What is different now, in words; empty where nothing is.
  ///
  /// - Shape: "field email: maxLength 30 -> 40", "field email: added", "field email: removed".
  package func changes(since old: MappingContent) -> [String] {
    let (before, after) = (Fact.read(old.text), Fact.read(text))
    var changes: [String] = []
    for subject in Fact.subjects(before + after) {
      let (was, now) = (
        before.filter { $0.subject == subject }, after.filter { $0.subject == subject }
      )
      if was.isEmpty {
        changes.append("\(subject): added")
      } else if now.isEmpty {
        changes.append("\(subject): removed")
      } else {
        for name in Fact.properties(was + now) {
          let one = was.first { $0.property == name }?.value ?? "none"
          let two = now.first { $0.property == name }?.value ?? "none"
          if one != two { changes.append("\(subject): \(name) \(one) -> \(two)") }
        }
      }
    }
    if changes.isEmpty && old != self { changes.append("fields: in another order") }
    return changes
  }
}

private struct Fact: Equatable {
  /// A field is "field NAME", so no other subject begins like this.
  static let optOut = "opt-out "

  var subject: String
  var property: String
  var value: String

  init(_ subject: String, _ property: String, _ value: String) {
    self.subject = subject
    self.property = property
    self.value = value
  }

  static func facts(of field: FieldMapping) -> [Fact] {
    let subject = "field \(field.to)"
    var facts = [Fact(subject, "from", field.from)]
    if let length = field.maxLength { facts.append(Fact(subject, "maxLength", String(length))) }
    facts.append(Fact(subject, "tooLong", field.tooLong.rawValue))
    facts.append(Fact(subject, "applyUpdates", String(field.applyUpdates)))
    for (key, value) in field.replace.sorted(by: { $0.key < $1.key }) {
      facts.append(Fact(subject, "replace \"\(key)\"", "\"\(value)\""))
    }
    return facts
  }

  static func facts(of filter: IngressSettings.Filter) -> [Fact] {
    var facts = [
      Fact("filter", "match", filter.match.rawValue),
      Fact("filter", "whenFilteredOut", filter.whenFilteredOut.rawValue),
    ]
    for (index, condition) in filter.conditions.enumerated() {
      let value = condition.value.map { " \"\($0)\"" } ?? ""
      facts.append(
        Fact(
          "filter", "condition \(index + 1)",
          "\(condition.column) \(condition.comparison.rawValue)\(value)"))
    }
    return facts
  }

  var line: String {
    [subject, property, value].map(Fact.escape).joined(separator: "\t") + "\n"
  }

  static func read(_ text: String) -> [Fact] {
    text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(unescape)
      return parts.count == 3 ? Fact(parts[0], parts[1], parts[2]) : nil
    }
  }

  static func subjects(_ facts: [Fact]) -> [String] { distinct(facts.map(\.subject)) }
  static func properties(_ facts: [Fact]) -> [String] { distinct(facts.map(\.property)) }

  private static func distinct(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  private static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\t": escaped += "\\t"
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  private static func unescape(_ text: Substring) -> String {
    var plain = ""
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if !isEscaped && scalar == "\\" {
        isEscaped = true
        continue
      }
      switch (isEscaped, scalar) {
      case (true, "t"): plain += "\t"
      case (true, "n"): plain += "\n"
      case (true, "r"): plain += "\r"
      default: plain.unicodeScalars.append(scalar)
      }
      isEscaped = false
    }
    return plain
  }
}
