/// How the label of a two-option column reads, where the column says who is opted out.
///
/// Whoever calls the true of a column "Allow" means consent by it: mapped as it is, everybody who
/// agreed would be opted out, and nobody who refused. Only English words are judged.
package enum ConsentLabel: Sendable, Equatable {
  case consent, refusal
  /// "Yes", or nothing that this knows.
  case neutral

  package init(_ label: String) {
    let words = ConsentLabel.words(label)
    func hold(_ phrases: [String]) -> Bool { phrases.contains { words.contains(" " + $0) } }
    if hold(ConsentLabel.doubleRefusals) {
      self = .consent
    } else if hold(ConsentLabel.refusals) {
      self = .refusal
    } else {
      self = hold(ConsentLabel.consents) ? .consent : .neutral
    }
  }

  private static let doubleRefusals = [
    "not opt out", "not opted out", "not unsubscribe", "not refuse", "not block",
  ]
  private static let refusals = [
    "do not ", "don t ", "dont ", "does not ", "may not ", "must not ", "cannot ", "can not ",
    "not allow", "not follow", "not subscribe", "not opt in", "not opted in", "not consent",
    "not permit", "not agree", "not accept", "no consent", "no permission", "no longer ", "never ",
    "refuse", "opt out", "opted out", "optout", "unsubscribe", "unfollow", "disallow", "decline",
    "denied", "deny", "block", "withdraw", "revoke", "forbid", "prohibit",
  ]
  private static let consents = [
    "allow", "follow", "opt in", "opted in", "optin", "subscribe", "consent", "yes to ",
    "may be contacted", "can be contacted", "may contact", "permit", "agree", "accept",
  ]

  /// In lower case, one space between words and around them.
  private static func words(_ label: String) -> String {
    let letters = label.lowercased().map { $0.isLetter || $0.isNumber ? $0 : " " }
    return " " + letters.split(separator: " ").map { String($0) }.joined(separator: " ") + " "
  }
}

extension ConsentLabel {
  /// Pairs of an opt-out job whose column says the opposite of what the attribute takes it for.
  ///
  /// A warning each: labels are for people, and people may mean something else by them.
  package static func warnings(
    _ fields: [OptOutSettings.Field], table: TableSchema
  ) -> [MappingFinding] {
    fields.compactMap { field in
      warning(
        field, table,
        cure: field.invert ? "no `invert: true`" : "`invert: true`, where true is consent")
    }
  }

  /// The same of the opt-outs that an ingress job maps itself.
  package static func warnings(
    _ settings: IngressSettings, table: TableSchema
  ) -> [MappingFinding] {
    settings.fields.compactMap { field in
      guard ConsentAttribute(field.to) != nil else { return nil }
      let isTurned = field.replace["true"] == "false"
      let pair = OptOutSettings.Field(
        dynamics: field.from, campaign: field.to, invert: isTurned, position: field.position)
      return warning(
        pair, table,
        cure: isTurned
          ? "no `replace`" : "`replace: { true: false, false: true }`, where true is consent")
    }
  }

  private static func warning(
    _ field: OptOutSettings.Field, _ table: TableSchema, cure: String
  ) -> MappingFinding? {
    guard let column = table.column(field.dynamics), column.kind == .boolean,
      let labels = column.options.first(where: { $0.value == "1" })?.labels
    else { return nil }
    let wrong = field.invert ? ConsentLabel.refusal : .consent
    guard labels.values.contains(where: { ConsentLabel($0) == wrong }) else { return nil }
    let reads = field.invert ? "refusal, and it is turned round" : "consent"
    return MappingFinding(
      field.position,
      "\(field.dynamics) feeds \(field.campaign), where true is opted out, and its label for true "
        + "reads like \(reads) (campaign-sync discover \(table.logicalName) shows the labels)",
      expected: cure)
  }
}
