import Core
import Testing

@Suite struct MappingContentTests {
  private func settings() -> IngressSettings {
    var settings = Fixture.settings([
      FieldMapping(from: "firstname", to: "firstName", maxLength: 30, tooLong: .cut),
      FieldMapping(from: "emailaddress1", to: "email"),
      FieldMapping(from: "gendercode", to: "gender", replace: ["1": "male", "2": "female"]),
    ])
    settings.parents = [IngressSettings.Parent(field: "profileExternalId", job: "contacts")]
    return settings
  }

  private func changes(_ edit: (inout IngressSettings) -> Void) -> [String] {
    var edited = settings()
    edit(&edited)
    let old = MappingContent(text: MappingContent(settings()).text)
    return MappingContent(edited).changes(since: old)
  }

  @Test func theTextIsForPeopleToo() {
    #expect(
      MappingContent(settings()).text == """
        choices\tyield\tvalues
        field firstName\tfrom\tfirstname
        field firstName\tmaxLength\t30
        field firstName\ttooLong\tcut
        field firstName\tapplyUpdates\ttrue
        field email\tfrom\temailaddress1
        field email\ttooLong\treject
        field email\tapplyUpdates\ttrue
        field gender\tfrom\tgendercode
        field gender\ttooLong\treject
        field gender\tapplyUpdates\ttrue
        field gender\treplace "1"\t"male"
        field gender\treplace "2"\t"female"
        parent of profileExternalId\tjob\tcontacts

        """)
  }

  @Test func tellsChangesInWords() {
    #expect(changes { _ in }.isEmpty)
    #expect(changes { $0.fields[0].maxLength = 40 } == ["field firstName: maxLength 30 -> 40"])
    #expect(changes { $0.fields[0].maxLength = nil } == ["field firstName: maxLength 30 -> none"])
    #expect(changes { $0.fields[1].maxLength = 9 } == ["field email: maxLength none -> 9"])
    #expect(
      changes { $0.fields[2].replace = ["1": "m\tale"] } == [
        "field gender: replace \"1\" \"male\" -> \"m\tale\"",
        "field gender: replace \"2\" \"female\" -> none",
      ])
    #expect(changes { $0.fields.removeLast() } == ["field gender: removed"])
    #expect(changes { $0.fields.append(FieldMapping(from: "a", to: "b")) } == ["field b: added"])
    #expect(
      changes { $0.fields[0].applyUpdates = false } == [
        "field firstName: applyUpdates true -> false"
      ])
    #expect(
      changes { $0.choices = .labels(language: 1033) } == [
        "choices: yield values -> labels in 1033"
      ])
    #expect(changes { $0.parents = [] } == ["parent of profileExternalId: removed"])
    #expect(changes { $0.fields.swapAt(0, 1) } == ["fields: in another order"])
  }

  @Test func aFilterIsContent() {
    func condition(
      _ comparison: IngressSettings.Filter.Comparison, _ value: String?
    ) -> IngressSettings.Filter.Condition {
      .init(
        column: "statecode", comparison: comparison, value: value,
        position: SourcePosition(file: "", line: 0))
    }
    let filter = IngressSettings.Filter(
      match: .all, conditions: [condition(.equals, "0")], whenFilteredOut: .keep)
    #expect(changes { $0.filter = filter } == ["filter: added"])
    var old = settings()
    old.filter = filter
    var new = old
    new.filter?.match = .any
    new.filter?.whenFilteredOut = .delete
    new.filter?.conditions = [condition(.notEquals, "0"), condition(.isEmpty, nil)]
    #expect(
      MappingContent(new).changes(since: MappingContent(old)) == [
        "filter: match all -> any", "filter: whenFilteredOut keep -> delete",
        "filter: condition 1 statecode equals \"0\" -> statecode notEquals \"0\"",
        "filter: condition 2 none -> statecode isEmpty",
      ])
  }

  @Test func operationAndPositionsAreNoContent() {
    let none = changes {
      $0.csv.partSize = 1
      $0.rejectLimit = 0.5
      $0.deletes.floor = 7
      $0.fields[0].position = SourcePosition(file: "elsewhere", line: 99)
    }
    #expect(none.isEmpty)
  }
}
