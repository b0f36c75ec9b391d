import Core
import TestSupport

/// The contacts of these tests: both schemas, the job file, and rows that come out of a number.
enum Contacts {
  static let table = TableSchema(
    logicalName: "contact", entitySet: "contacts", primaryId: "contactid", isChangeTracked: true,
    columns: [
      ColumnSchema(name: "contactid", kind: .uniqueIdentifier),
      ColumnSchema(name: "firstname", kind: .string),
      ColumnSchema(name: "lastname", kind: .string),
      ColumnSchema(
        name: "gendercode", kind: .picklist,
        options: [.init(value: "1", labels: [:]), .init(value: "2", labels: [:])]),
      ColumnSchema(name: "cs_points", kind: .integer),
      ColumnSchema(name: "cs_vip", kind: .boolean),
      ColumnSchema(name: "cs_seen", kind: .dateTime(.userLocal)),
      ColumnSchema(name: "cs_tier", kind: .string),
      ColumnSchema(name: "donotbulkemail", kind: .boolean),
      ColumnSchema(name: "followemail", kind: .boolean),
    ])

  static let profile = ResourceSchema(
    name: "profile", family: .profileAndServicesExt,
    fields: [
      FieldSchema(name: "externalId", kind: .text, maxLength: 100),
      FieldSchema(name: "firstName", kind: .text, maxLength: 30),
      FieldSchema(name: "lastName", kind: .text, maxLength: 100),
      FieldSchema(name: "gender", kind: .enumeration(["unknown", "male", "female"])),
      FieldSchema(name: "cusPoints", kind: .integer),
      FieldSchema(name: "cusVip", kind: .boolean),
      FieldSchema(name: "cusSeen", kind: .dateTime),
      FieldSchema(name: "cusTier", kind: .text),
      FieldSchema(name: "blackListEmail", alias: "denyListEmail", kind: .boolean),
      FieldSchema(name: "blackListMobile", alias: "denyListMobile", kind: .boolean),
    ])

  static var settings: IngressSettings {
    var settings = IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId",
      fields: [
        FieldMapping(from: "firstname", to: "firstName"),
        FieldMapping(from: "lastname", to: "lastName"),
        FieldMapping(from: "gendercode", to: "gender", replace: ["1": "male", "2": "female"]),
        FieldMapping(from: "cs_points", to: "cusPoints"),
        FieldMapping(from: "cs_vip", to: "cusVip"),
        FieldMapping(from: "cs_seen", to: "cusSeen"),
        FieldMapping(from: "cs_tier", to: "cusTier", applyUpdates: false),
      ])
    settings.load = IngressSettings.Import(
      workflow: "WKF101", signal: "signal1", parameters: ["files": "{files}"],
      done: "imports/{run}.done", rejects: "imports/rejects/{job}-*.txt")
    settings.csv.partSize = 300
    return settings
  }

  /// Rows of the tier "left" do not pass.
  static func filter(
    _ whenFilteredOut: IngressSettings.Filter.WhenFilteredOut
  ) -> IngressSettings.Filter {
    let condition = IngressSettings.Filter.Condition(
      column: "cs_tier", comparison: .notEquals, value: "left",
      position: SourcePosition(file: "jobs/contacts.yaml", line: 9))
    return IngressSettings.Filter(
      match: .all, conditions: [condition], whenFilteredOut: whenFilteredOut)
  }

  static func key(_ number: Int) -> RowKey {
    RowKey(high: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, low: UInt64(number))
  }

  static func row(_ number: Int) -> [String: JSONValue] {
    [
      "firstname": .string("Zoë \(number)"),
      "lastname": number % 5 == 0 ? .null : .string("d'Arc; \"\(number)\"\nné"),
      "gendercode": number % 3 == 0 ? .null : .number(String(number % 3)),
      "cs_points": .number(String(number * 7)),
      "cs_vip": .bool(number % 2 == 0),
      "cs_seen": number % 4 == 0 ? .null : .string("2026-03-01T08:09:\(10 + number % 50)Z"),
      "cs_tier": .string(number % 2 == 0 ? "gold" : "silver"),
    ]
  }

  static let tooLong = JSONValue.string(String(repeating: "x", count: 31))

  /// Two rows in forty cannot be mapped.
  static func fill(_ table: MemoryTable, _ count: Int, isFaultless: Bool = false) {
    for number in 0..<count {
      var row = row(number)
      if !isFaultless, number % 20 == 13 { row["firstname"] = tooLong }
      table.put(key(number), row)
    }
  }
}
