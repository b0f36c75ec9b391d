import Core
import Testing

@Suite struct MappingFindingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let fields: [FieldMapping]
    let says: [String]
    var key = "externalId"
    var labels: Int?
    /// Table of the parent job of `firstName`.
    var parent: String?
    var testDescription: String { name }
  }

  static func map(
    _ from: String, _ to: String, _ replace: [String: String] = [:], maxLength: Int? = nil,
    line: Int = 7
  ) -> FieldMapping {
    FieldMapping(
      from: from, to: to, maxLength: maxLength, replace: replace,
      position: SourcePosition(file: "jobs/contacts.yaml", line: line))
  }

  static let cases = [
    Case(
      name: "unknown column", fields: [map("firstnam", "firstName")],
      says: ["contact has no column firstnam; did you mean firstname?"]),
    Case(
      name: "unknown field", fields: [map("firstname", "fristName")],
      says: ["profile has no field fristName; did you mean firstName?"]),
    Case(
      name: "both at once, in one line", fields: [map("xxx", "yyyyyyyyy")],
      says: ["contact has no column xxx", "profile has no field yyyyyyyyy"]),
    Case(
      name: "unreadable column", fields: [map("secret", "firstName")],
      says: ["secret cannot be read"]),
    Case(
      name: "column without a plain value", fields: [map("entityimage", "firstName")],
      says: ["entityimage is not a column with one plain value"]),
    Case(name: "read-only field", fields: [map("firstname", "age")], says: ["age is read-only"]),
    Case(
      name: "link", fields: [map("firstname", "country")],
      says: ["country is not a field with one plain value; expected a field"]),
    Case(
      name: "types that cannot convert",
      fields: [map("birthdate", "cusCount"), map("numberofchildren", "birthDate", line: 8)],
      says: [
        "birthdate (a date) does not fit cusCount; expected a column that makes a whole number",
        "numberofchildren (a number) does not fit birthDate; expected a column that makes a date",
      ]),
    Case(
      name: "two options in a number", fields: [map("donotemail", "cusCount")],
      says: [
        "the choices of donotemail do not fit cusCount, a whole number; "
          + "expected a replacement for each of them"
      ]),
    Case(
      name: "two options in a number, replaced",
      fields: [map("donotemail", "cusCount", ["true": "1", "false": "0"])], says: []),
    Case(
      name: "choice in an enumeration without replacements", fields: [map("gendercode", "gender")],
      says: [
        "the choices of gendercode do not fit gender, an enumeration; "
          + "expected a replacement for each of them"
      ]),
    Case(
      name: "replacement outside of the enumeration",
      fields: [map("gendercode", "gender", ["1": "mail", "2": "female"])],
      says: [
        "the replacement \"mail\" for gender: not a name of the enumeration; "
          + "expected unknown, male, female; did you mean male?"
      ]),
    Case(
      name: "the sentinel of byte enumerations",
      fields: [map("gendercode", "gender", ["1": "__Invalid_value__", "2": "female"])],
      says: [
        "the replacement \"__Invalid_value__\" for gender: not a name of the enumeration; "
          + "expected unknown, male, female"
      ]),
    Case(
      name: "undefined choice",
      fields: [map("gendercode", "gender", ["1": "male", "7": "female"])],
      says: ["gendercode has no choice \"7\" to replace; expected 1, 2"]),
    Case(
      name: "undefined label",
      fields: [map("gendercode", "gender", ["Mal": "male", "Female": "female"])],
      says: [
        "gendercode has no choice \"Mal\" to replace; expected Male, Female; did you mean Male?"
      ], labels: 1033),
    Case(
      name: "no labels in the language", fields: [map("gendercode", "firstName")],
      says: ["no choice of gendercode has a label in language 1031"], labels: 1031),
    Case(
      name: "two options by label",
      fields: [map("donotemail", "denyListEmail", ["Allow": "false"])],
      says: ["donotemail has no choice \"Allow\" to replace; expected true, false"]),
    Case(
      name: "replacement of the wrong type",
      fields: [map("numberofchildren", "cusCount", ["1": "one"])],
      says: ["the replacement \"one\" for cusCount: not a number; expected a whole number"]),
    Case(
      name: "replacement that is too long",
      fields: [map("gendercode", "firstName", ["1": "far too long"], maxLength: 5)],
      says: [
        "the replacement \"far too long\" for firstName: longer than the field; expected a text"
      ]),
    Case(
      name: "maxLength of a date", fields: [map("birthdate", "birthDate", maxLength: 10)],
      says: ["maxLength is for texts, and birthDate is a date"]),
    Case(
      name: "two columns for one field",
      fields: [
        map("donotemail", "denyListEmail", line: 7), map("donotemail", "blackListEmail", line: 8),
      ],
      says: ["blackListEmail is already fed by line 7"]),
    Case(
      name: "the key mapped, too", fields: [map("firstname", "externalId")],
      says: ["externalId is the key and gets the primary id of every row"]),
    Case(
      name: "unknown key", fields: [],
      says: ["profile has no field externalID; did you mean externalId?"],
      key: "externalID"),
    Case(name: "read-only key", fields: [], says: ["age is read-only"], key: "age"),
    Case(
      name: "key of the wrong type", fields: [],
      says: ["cusCount cannot be a key; expected a text"], key: "cusCount"),
    Case(
      name: "key too short", fields: [],
      says: ["firstName holds 30 characters; expected 36, for a guid"], key: "firstName"),
    Case(
      name: "lookup of another table than the parent's", fields: [map("ownerid", "firstName")],
      says: [
        "ownerid is a lookup of systemuser, team, and the parent job parents brings account; "
          + "expected a lookup of account, or the job of its table"
      ], parent: "account"),
    Case(
      name: "lookup of several tables, the parent's among them",
      fields: [map("parentcustomerid", "firstName")], says: [], parent: "account"),
    Case(
      name: "lookup whose targets nobody tells", fields: [map("cs_vehicleid", "firstName")],
      says: [], parent: "account"),
    Case(
      name: "parent's table unknown", fields: [map("ownerid", "firstName")], says: [], parent: ""),
    Case(name: "nothing", fields: [map("firstname", "firstName")], says: []),
  ]

  static let table = Fixture.table([
    ColumnSchema(name: "firstname", kind: .string),
    ColumnSchema(name: "birthdate", kind: .dateTime(.dateOnly)),
    ColumnSchema(name: "numberofchildren", kind: .integer),
    ColumnSchema(name: "donotemail", kind: .boolean),
    ColumnSchema(
      name: "gendercode", kind: .picklist,
      options: [
        ColumnSchema.Option(value: "1", labels: [1033: "Male"]),
        ColumnSchema.Option(value: "2", labels: [1033: "Female"]),
      ]),
    ColumnSchema(name: "secret", kind: .string, isReadable: false),
    ColumnSchema(name: "ownerid", kind: .lookup(targets: ["systemuser", "team"])),
    ColumnSchema(name: "parentcustomerid", kind: .lookup(targets: ["account", "contact"])),
    ColumnSchema(name: "cs_vehicleid", kind: .lookup(targets: [])),
    ColumnSchema(name: "entityimage", kind: .other),
  ])

  static let profile = Fixture.profile([
    FieldSchema(name: "firstName", kind: .text, maxLength: 30),
    FieldSchema(name: "birthDate", kind: .date),
    FieldSchema(name: "age", kind: .integer, isReadOnly: true),
    FieldSchema(name: "cusCount", kind: .integer),
    FieldSchema(name: "country", kind: .link),
    FieldSchema(name: "blackListEmail", alias: "denyListEmail", kind: .boolean),
    FieldSchema(
      name: "gender", kind: .enumeration(["unknown", "male", "female", "__Invalid_value__"])),
  ])

  @Test(arguments: cases)
  func saysEverythingThatIsWrong(_ the: Case) {
    var settings = Fixture.settings(the.fields)
    settings.key = the.key
    if let language = the.labels { settings.choices = .labels(language: language) }
    if let parent = the.parent {
      settings.parents = [.init(field: "firstName", job: "parents", table: parent)]
    }
    let findings = RowPlan.findings(settings, table: Self.table, resource: Self.profile)
    var words: [String] = []
    for finding in findings {
      let prefix = "jobs/contacts.yaml:\(finding.position.line): "
      #expect(finding.description.hasPrefix(prefix))
      words.append(String(finding.description.dropFirst(prefix.count)))
    }
    #expect(words == the.says)
  }

  @Test func oneErrorCarriesAllFindings() {
    let settings = Fixture.settings([
      Self.map("firstnam", "firstName", line: 7), Self.map("firstname", "age", line: 9),
    ])
    let error = #expect(throws: SyncError.self) {
      try RowPlan(settings, table: Self.table, resource: Self.profile)
    }
    #expect(error?.kind == .configuration)
    #expect(
      error?.reason == """
        jobs/contacts.yaml:7: contact has no column firstnam; did you mean firstname?
        jobs/contacts.yaml:9: age is read-only
        """)
  }
}
