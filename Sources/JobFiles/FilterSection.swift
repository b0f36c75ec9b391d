import Core

/// `filter:` -> its conditions.
enum FilterSection {
  static func read(_ section: Section) -> IngressSettings.Filter {
    let filter = IngressSettings.Filter(
      match: section.choice("match", .all),
      conditions: section.sections("where").map(condition),
      whenFilteredOut: section.choice("whenFilteredOut", .keep))
    if filter.conditions.isEmpty {
      section.complain("where", "needs at least one condition, or leave `filter` out")
    }
    section.finish()
    return filter
  }

  private static func condition(_ section: Section) -> IngressSettings.Filter.Condition {
    let value = section.node("value")
    if let value, value.scalar == nil { section.complain("value", "must be one value") }
    let comparison: IngressSettings.Filter.Comparison = section.choice("is", .equals)
    if !section.has("is") {
      section.complain("is", "is missing; write for example `is: equals`")
    }
    let condition = IngressSettings.Filter.Condition(
      column: section.required("column", "statecode", as: .logicalName), comparison: comparison,
      value: value?.scalar?.string, position: section.position)
    let takesNone = comparison == .isEmpty || comparison == .isNotEmpty
    guard section.has("is") else {
      section.finish()
      return condition
    }
    if takesNone, section.has("value") {
      section.complain("value", "has no use with \(comparison.rawValue)")
    }
    if !takesNone, !section.has("value") {
      section.complain("value", "is missing; \(comparison.rawValue) compares with a value")
    }
    section.finish()
    return condition
  }
}
