import Core
import Testing

@Suite struct ConsentLabelTests {
  @Test(
    "A label says that somebody agreed",
    arguments: [
      "Allow", "allowed", "Follow", "Opt in", "Opted-In", "Subscribed", "Subscribe", "Consent",
      "Consent given", "Yes to e-mail", "May be contacted", "Not opted out", "Accepts e-mail",
    ])
  func consent(_ label: String) { #expect(ConsentLabel(label) == .consent) }

  @Test(
    "A label says that somebody refused",
    arguments: [
      "Do Not Allow", "Don't allow", "Don\u{2019}t follow", "Not allowed", "Refused", "Opt out",
      "Opted-out", "Unsubscribed", "Do not contact", "Not subscribed", "No consent", "Disallowed",
      "May not be contacted", "Do Not Send", "Never", "Consent withdrawn",
    ])
  func refusal(_ label: String) { #expect(ConsentLabel(label) == .refusal) }

  @Test("A label says neither", arguments: ["Yes", "No", "True", "", "1", "Send", "Shallow", "Ja"])
  func neutral(_ label: String) { #expect(ConsentLabel(label) == .neutral) }

  struct Case: Sendable {
    var label: String
    var isTurned: Bool
    var warns: Bool
  }

  @Test(
    "A column whose true means the opposite of its attribute is told",
    arguments: [
      Case(label: "Allow", isTurned: false, warns: true),
      Case(label: "Allow", isTurned: true, warns: false),
      Case(label: "Do Not Allow", isTurned: false, warns: false),
      Case(label: "Do Not Allow", isTurned: true, warns: true),
      Case(label: "Yes", isTurned: false, warns: false),
      Case(label: "Yes", isTurned: true, warns: false),
    ])
  func warnings(the: Case) {
    let place = SourcePosition(file: "jobs/opt-out.yaml", line: 6)
    let table = Fixture.table([
      ColumnSchema(
        name: "donotemail", kind: .boolean,
        options: [
          .init(value: "0", labels: [1033: "Follow"]), .init(value: "1", labels: [1033: the.label]),
        ])
    ])
    let field = OptOutSettings.Field(
      dynamics: "donotemail", campaign: "denyListEmail", invert: the.isTurned, position: place)
    let pairs = ConsentLabel.warnings([field], table: table)
    #expect(pairs.map(\.position) == (the.warns ? [place] : []))
    #expect(pairs.allSatisfy { $0.expected?.contains("invert") == true })

    let replace = the.isTurned ? ["true": "false", "false": "true"] : [:]
    let own = Fixture.settings([
      FieldMapping(from: "donotemail", to: "blackListEmail", replace: replace, position: place),
      FieldMapping(from: "donotemail", to: "cusFlag", replace: replace, position: place),
    ])
    let warnings = ConsentLabel.warnings(own, table: table)
    #expect(warnings.map(\.position) == (the.warns ? [place] : []), "and no other field")
    #expect(warnings.allSatisfy { $0.expected?.contains("replace") == true })
    #expect(!(pairs + warnings).contains { $0.description.contains(the.label + "\"") })
  }

  @Test func aColumnThatIsNotThereIsToldElsewhere() {
    let field = OptOutSettings.Field(
      dynamics: "gone", campaign: "denyList", invert: false,
      position: SourcePosition(file: "", line: 1))
    #expect(ConsentLabel.warnings([field], table: Fixture.table([])).isEmpty)
  }
}
