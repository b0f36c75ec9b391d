import Campaign
import Core
import Dataverse
import JobFiles

/// What both metadata services say, for somebody who writes a job file.
struct Discovery {
  let workspace: Workspace
  let connections: Connections

  init(_ workspace: Workspace, _ connections: Connections) {
    self.workspace = workspace
    self.connections = connections
  }

  struct Tables {
    var tables: [TableEntry]
    /// Table -> the job that reads it.
    var jobs: [String: String]
  }

  struct Pair {
    var table: TableSchema
    /// Nil where no resource could be found.
    var resource: ResourceSchema?
    /// The name that was asked for.
    var resourceName: String
    var key = "externalId"
  }

  func tables() async throws(SyncError) -> Tables {
    Tables(
      tables: try await connections.dynamics().tables(),
      jobs: Dictionary(
        ingressJobs.map { ($0.table, $0.name) }, uniquingKeysWith: { first, _ in first }))
  }

  /// - Parameter resource: nil: that of the job for this table, else guessed by name.
  func look(at table: String, resource: String?) async throws(SyncError) -> Pair {
    let schema = try await connections.dynamics().table(table)
    let job = ingressJobs.first { $0.table == table }
    let name = resource ?? job?.resource ?? MappingGuess.resource(of: table)
    var pair = Pair(table: schema, resourceName: name)
    if let job, job.resource == name { pair.key = job.key }
    do throws(SyncError) {
      pair.resource = try await connections.campaign().resource(name)
    } catch {
      // A guess may be wrong; a name that somebody gave may not.
      guard resource == nil, job == nil, error.kind == .configuration else { throw error }
    }
    return pair
  }

  private var ingressJobs: [IngressSettings] {
    workspace.folder.jobs.compactMap { job in
      if case .ingress(let settings) = job { settings } else { nil }
    }
  }
}

extension Discovery.Tables {
  var lines: [String] {
    tables.map { table in
      let job = jobs[table.logicalName].map { "  job \($0)" } ?? ""
      return "\(table.logicalName)  \(table.isChangeTracked ? "tracked" : "not tracked")\(job)"
    }
  }

  var json: JSONValue {
    .array(
      tables.map { table in
        [
          "table": .string(table.logicalName), "changeTracking": .bool(table.isChangeTracked),
          "job": jobs[table.logicalName].map(JSONValue.string) ?? .null,
        ]
      })
  }
}

extension Discovery.Pair {
  var lines: [String] {
    var lines = [
      "table \(table.logicalName)  (primary id \(table.primaryId), change tracking "
        + "\(table.isChangeTracked ? "on" : "OFF"))"
    ]
    for column in table.columns where column.isReadable {
      let length = column.maxLength.map { " \($0)" } ?? ""
      lines.append("  \(column.name)  \(column.kind.words)\(length)")
      for option in column.options {
        lines.append("      \(option.value) = \(option.label.map { "\"\($0)\"" } ?? "(no label)")")
      }
    }
    guard let resource else {
      lines.append("no resource \(resourceName) in Campaign; name the right one with --resource")
      return lines
    }
    lines.append("resource \(resource.family.rawValue)/\(resource.name)")
    for field in resource.fields {
      let length = field.maxLength.map { " \($0)" } ?? ""
      let alias = field.alias.map { " (also \($0))" } ?? ""
      let readOnly = field.isReadOnly ? "  read-only" : ""
      lines.append("  \(field.name)\(alias)  \(field.kind.words)\(length)\(readOnly)")
    }
    return lines
  }

  var json: JSONValue {
    func number(_ count: Int?) -> JSONValue { count.map { .number(String($0)) } ?? .null }
    let columns = table.columns.filter(\.isReadable).map { column -> JSONValue in
      [
        "name": .string(column.name), "type": .string(column.kind.words),
        "maxLength": number(column.maxLength),
        "options": .array(
          column.options.map { option in
            ["value": .string(option.value), "label": option.label.map(JSONValue.string) ?? .null]
          }),
      ]
    }
    let fields = resource?.fields.map { field -> JSONValue in
      [
        "name": .string(field.name), "alias": field.alias.map(JSONValue.string) ?? .null,
        "type": .string(field.kind.words), "maxLength": number(field.maxLength),
        "readOnly": .bool(field.isReadOnly),
      ]
    }
    return [
      "table": .string(table.logicalName), "primaryId": .string(table.primaryId),
      "changeTracking": .bool(table.isChangeTracked), "columns": .array(columns),
      "resource": resource.map { .string($0.name) } ?? .null,
      "fields": fields.map(JSONValue.array) ?? .null,
    ]
  }
}

extension ColumnSchema.Option {
  /// English where there is one, else that of the lowest language code.
  var label: String? { labels[1033] ?? labels.min { $0.key < $1.key }?.value }
}

extension ColumnSchema.Kind {
  var words: String {
    switch self {
    case .boolean: "two options"
    case .integer: "whole number"
    case .bigInteger: "big whole number"
    case .decimal: "decimal"
    case .money: "money"
    case .double: "floating number"
    case .string: "text"
    case .memo: "long text"
    case .dateTime(.userLocal): "date and time"
    case .dateTime(.timeZoneIndependent): "date and time without zone"
    case .dateTime(.dateOnly): "date"
    case .picklist: "choice"
    case .state: "state"
    case .status: "status"
    case .multiSelect: "choices"
    case .lookup(let targets): "lookup of \(targets.joined(separator: ", "))"
    case .uniqueIdentifier: "guid"
    case .other: "other"
    }
  }
}

extension FieldSchema.Kind {
  var words: String {
    switch self {
    case .text: "text"
    case .integer: "whole number"
    case .number: "number"
    case .boolean: "boolean"
    case .date: "date"
    case .dateTime: "date and time"
    case .enumeration(let names): "enumeration \(names.joined(separator: ", "))"
    case .link: "link"
    case .collection: "collection"
    case .other: "other"
    }
  }
}
