import Core
import Testing

@Suite struct ChoiceLabelsTests {
  private func table(_ labels: [String: String], _ kind: ColumnSchema.Kind = .picklist)
    -> TableSchema
  {
    let options = labels.sorted { $0.key < $1.key }.map {
      ColumnSchema.Option(value: $0.key, labels: [1033: $0.value, 1031: "egal"])
    }
    return TableSchema(
      logicalName: "contact", entitySet: "contacts", primaryId: "contactid", isChangeTracked: true,
      columns: [
        ColumnSchema(name: "gendercode", kind: kind, options: options),
        ColumnSchema(name: "firstname", kind: .string),
        ColumnSchema(name: "donotemail", kind: .boolean, options: options),
        ColumnSchema(name: "other", kind: .picklist, options: options),
      ])
  }

  private func settings(_ choices: ChoiceStyle = .labels(language: 1033)) -> IngressSettings {
    var settings = IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId",
      fields: ["gendercode", "firstname", "donotemail"].map { FieldMapping(from: $0, to: $0) })
    settings.choices = choices
    return settings
  }

  @Test func theyAreThoseOfTheMappedChoiceColumns() {
    let labels = ChoiceLabels(settings(), table: table(["1": "Male", "2": "Female"]))
    #expect(labels?.columns == ["gendercode": ["1": "Male", "2": "Female"]])
    #expect(ChoiceLabels(settings(.values), table: table(["1": "Male"])) == nil)
    #expect(ChoiceLabels(settings(), table: table(["1": "Male"], .string)) == nil)
  }

  @Test(
    "A label that is another one is drift; a choice that is new or gone is none",
    arguments: [
      (["1": "Male", "2": "Female"], []), (["1": "Man", "2": "Female"], ["1"]),
      (["1": "Male", "2": "Female", "10": "Other"], []), (["1": "Male"], ["2"]),
      (["1": "Female", "2": "Male"], ["1", "2"]),
    ])
  func drift(now: [String: String], values: [String]) {
    let before = ChoiceLabels(columns: ["gendercode": ["1": "Male", "2": "Female"]])
    let drifts = before.changes(to: ChoiceLabels(columns: ["gendercode": now, "new": ["1": "x"]]))
    #expect(drifts == (values.isEmpty ? [] : [LabelDrift(column: "gendercode", values: values)]))
  }

  @Test func theSentenceNamesValuesAndNoLabels() {
    let drift = LabelDrift(column: "gendercode", values: ["10", "2"])
    #expect(
      LabelDrift.sentence([drift], job: "contacts")
        == "labels changed in Dynamics since contacts was loaded (gendercode: another label of 2, "
        + "10): rows written before keep the old ones until `campaign-sync replay contacts`")
    let many = LabelDrift(column: "x", values: (1...14).map(String.init))
    #expect(many.words.hasSuffix("11, 12 and 2 more"))
  }
}
