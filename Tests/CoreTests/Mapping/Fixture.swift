import Core
import TestSupport

/// Tables and resources from the short words of `fixtures/csv` and `fixtures/mapping`.
enum Fixture {
  static func read(_ path: String) throws -> JSONValue {
    try FixtureJSON.parse(try Golden.read(path))
  }

  /// Words for every kind of column that can be mapped, and every type of field.
  static let kinds = [
    "boolean", "integer", "bigInteger", "decimal", "money", "double", "string", "memo", "userLocal",
    "timeZoneIndependent", "dateOnly", "picklist", "state", "status", "multiSelect", "lookup",
    "owner", "uniqueIdentifier",
  ]
  static let targets = [
    "text", "integer", "number", "boolean", "date", "dateTime", "enumeration",
  ]

  static func kind(_ word: String) -> ColumnSchema.Kind {
    switch word {
    case "boolean": .boolean
    case "integer": .integer
    case "bigInteger": .bigInteger
    case "decimal": .decimal
    case "money": .money
    case "double": .double
    case "string": .string
    case "memo": .memo
    case "userLocal": .dateTime(.userLocal)
    case "timeZoneIndependent": .dateTime(.timeZoneIndependent)
    case "dateOnly": .dateTime(.dateOnly)
    case "picklist": .picklist
    case "state": .state
    case "status": .status
    case "multiSelect": .multiSelect
    case "lookup": .lookup(targets: ["account"])
    case "owner": .lookup(targets: ["systemuser", "team"])
    case "uniqueIdentifier": .uniqueIdentifier
    default: .other
    }
  }

  static func target(_ word: String, names: [String] = []) -> FieldSchema.Kind {
    switch word {
    case "text": .text
    case "integer": .integer
    case "number": .number
    case "boolean": .boolean
    case "date": .date
    case "dateTime": .dateTime
    case "enumeration": .enumeration(names)
    default: .other
    }
  }

  /// The field that a column of that kind would usually be mapped to.
  static func usualTarget(_ word: String) -> FieldSchema.Kind {
    switch word {
    case "boolean": .boolean
    case "integer", "bigInteger": .integer
    case "decimal", "money", "double": .number
    case "userLocal", "timeZoneIndependent": .dateTime
    case "dateOnly": .date
    default: .text
    }
  }

  /// `{ "1": "Gold" }`: value and label in English; `{ "1": { "1033": ..., "1031": ... } }`: in
  /// several languages; null where there is no label.
  static func options(_ value: JSONValue?) -> [ColumnSchema.Option] {
    (value?.members ?? []).map { option in
      var labels: [Int: String] = [:]
      for label in option.value.members ?? [.init("1033", option.value)] {
        if let language = Int(label.name) { labels[language] = label.value.text }
      }
      return ColumnSchema.Option(value: option.name, labels: labels)
    }
  }

  static func csv(_ value: JSONValue?) -> CSVSettings {
    var csv = CSVSettings()
    csv.separator = value?["separator"]?.text?.utf8.first ?? csv.separator
    csv.quote = CSVSettings.Quote(rawValue: value?["quote"]?.text ?? "") ?? csv.quote
    csv.dateTime =
      CSVSettings.DateTimeForm(rawValue: value?["dateTime"]?.text ?? "") ?? csv.dateTime
    return csv
  }

  static func table(_ columns: [ColumnSchema]) -> TableSchema {
    TableSchema(
      logicalName: "contact", entitySet: "contacts", primaryId: "contactid",
      isChangeTracked: true,
      columns: [ColumnSchema(name: "contactid", kind: .uniqueIdentifier)] + columns)
  }

  static func profile(_ fields: [FieldSchema]) -> ResourceSchema {
    ResourceSchema(
      name: "profile", family: .profileAndServicesExt,
      fields: [FieldSchema(name: "externalId", kind: .text, maxLength: 100)] + fields)
  }

  static func settings(_ fields: [FieldMapping]) -> IngressSettings {
    var settings = IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId", fields: fields)
    settings.position = SourcePosition(file: "jobs/contacts.yaml", line: 3)
    return settings
  }
}
