import Core
import HTTP
import JSONPages

extension DataverseClient {
  /// A table of activities for one job, from its metadata alone.
  func activityTable(_ mapping: ActivityMapping) async throws(SyncError) -> ActivityTable {
    let action = "read the columns of \(mapping.table)"
    let path = "EntityDefinitions(LogicalName=\(PercentEncoding.odataText(mapping.table)))"
    let response = try await get(
      "\(root)\(path)?$select=LogicalName,EntitySetName,PrimaryIdAttribute,IsActivity",
      for: action)
    if let fault = DataverseFault(response) {
      guard fault.cause == .unknownTable else { throw fault.error(action) }
      return try await noActivities(mapping, "Dynamics has no table \(mapping.table)")
    }
    let entity = try parse(response, for: action)
    guard entity["IsActivity"]?.flag == true, entity["PrimaryIdAttribute"]?.text == "activityid"
    else {
      return try await noActivities(mapping, "\(mapping.table) is no table of activities")
    }
    let schema = try TableSchema(
      entity: entity, columns: try await columns(below: path, for: action), for: action)
    let sheet = ActivitySheet(
      mapping: mapping, schema: schema, writable: try await writable(below: path, for: action))
    return sheet.table(
      regarding: try await wayToContact(below: path, for: action),
      completedStatus: mapping.state == .completed
        ? try await completedStatus(below: path, for: action) : nil)
  }

  /// Names that may be written when a row is created.
  private func writable(
    below entity: String, for action: String
  ) async throws(SyncError) -> Set<String> {
    let items = try await list(
      "\(entity)/Attributes?$select=LogicalName,AttributeOf,IsValidForCreate", for: action)
    return Set(
      items.compactMap { item in
        let isOwn = item["AttributeOf"]?.text == nil && item["IsValidForCreate"]?.flag == true
        return isOwn ? item["LogicalName"]?.text : nil
      })
  }

  /// The navigation property by which an activity of this table is regarding a contact.
  private func wayToContact(
    below entity: String, for action: String
  ) async throws(SyncError) -> String? {
    let select = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
    let ways = try await list(
      "\(entity)/ManyToOneRelationships?$select=\(select)"
        + "&$filter=ReferencedEntity%20eq%20'contact'", for: action)
    let way = ways.first {
      $0["ReferencingAttribute"]?.text == "regardingobjectid"
        && $0["ReferencedEntity"]?.text == "contact"
    }
    return way?["ReferencingEntityNavigationPropertyName"]?.text
  }

  /// The status reason that goes with Completed unless somebody chooses another one.
  private func completedStatus(
    below entity: String, for action: String
  ) async throws(SyncError) -> Int? {
    let states = try await list(
      "\(entity)/Attributes/Microsoft.Dynamics.CRM.StateAttributeMetadata"
        + "?$select=LogicalName&$expand=OptionSet($select=Options)", for: action)
    let options = states.first { $0["LogicalName"]?.text == "statecode" }?["OptionSet"]?["Options"]
    return options?.items?.first { $0["Value"]?.integer == 1 }?["DefaultStatus"]?.integer
  }

  /// Nothing can be written to it; the nearest tables that could be meant.
  private func noActivities(
    _ mapping: ActivityMapping, _ problem: String
  ) async throws(SyncError) -> ActivityTable {
    let list = try await list(
      "EntityDefinitions?$select=LogicalName&$filter=IsActivity%20eq%20true",
      for: "list the tables of activities")
    let names = list.compactMap { $0["LogicalName"]?.text }
    let finding = MappingFinding(
      mapping.position, problem, expected: "the logical name of a table of activities",
      nearest: Nearest.name(to: mapping.table, among: names))
    return ActivityTable(
      logicalName: mapping.table, entitySet: "", state: mapping.state, regarding: "",
      columns: [:], findings: [finding])
  }
}

/// A job's columns held against those of the table.
private struct ActivitySheet {
  let mapping: ActivityMapping
  let schema: TableSchema
  let writable: Set<String>

  func table(regarding: String?, completedStatus: Int?) -> ActivityTable {
    var findings: [MappingFinding] = []
    if regarding == nil {
      findings.append(
        MappingFinding(
          mapping.position, "an activity of \(mapping.table) cannot be regarding a contact"))
    }
    var columns: [String: ActivityTable.Column] = [:]
    var roles: [String: String] = [:]
    for (role, name) in mapping.columns.sorted(by: { $0.key < $1.key }) {
      if let finding = finding(role, name, takenBy: roles[name]) {
        findings.append(finding)
        continue
      }
      roles[name] = role
      guard let column = schema.column(name) else { continue }
      columns[role] = ActivityTable.Column(
        name: column.name, kind: column.kind, maxLength: column.maxLength)
    }
    return ActivityTable(
      logicalName: schema.logicalName, entitySet: schema.entitySet, state: mapping.state,
      regarding: regarding ?? "", columns: columns,
      subjectLength: schema.column("subject")?.maxLength,
      timeColumns: ["actualend", "sortdate"].filter {
        writable.contains($0) && schema.column($0) != nil
      },
      createsCompleted: writable.contains("statecode") && writable.contains("statuscode"),
      completedStatus: completedStatus, findings: findings)
  }

  private func finding(_ role: String, _ name: String, takenBy other: String?) -> MappingFinding? {
    let here = mapping.position
    if let other {
      return MappingFinding(here, "\(role) and \(other) go to one column, \(name)")
    }
    if ActivitySheet.own.contains(name) {
      return MappingFinding(here, "\(role): \(name) is written by the tool itself")
    }
    let isTime = role == "at"
    let fitting = schema.columns.filter {
      ActivitySheet.fits($0.kind, isTime: isTime) && writable.contains($0.name)
        && !ActivitySheet.own.contains($0.name)
    }
    let nearest = Nearest.name(to: name, among: fitting.map(\.name))
    let expected = isTime ? "a column of dates and times" : "a text column"
    guard let column = schema.columns.first(where: { $0.name == name }) else {
      return MappingFinding(
        here, "\(role): \(mapping.table) has no column \(name)", expected: expected,
        nearest: nearest)
    }
    guard ActivitySheet.fits(column.kind, isTime: isTime) else {
      return MappingFinding(
        here, "\(role): \(name) is of another kind", expected: expected, nearest: nearest)
    }
    guard writable.contains(name) else {
      return MappingFinding(
        here, "\(role): \(name) cannot be written when an activity is created",
        nearest: nearest)
    }
    return nil
  }

  /// What every activity gets anyway; the two times may be named again for the time.
  private static let own: Set<String> = [
    "activityid", "subject", "regardingobjectid", "ownerid", "statecode", "statuscode",
  ]

  private static func fits(_ kind: ColumnSchema.Kind, isTime: Bool) -> Bool {
    switch kind {
    case .dateTime: isTime
    case .string, .memo: !isTime
    default: false
    }
  }
}
