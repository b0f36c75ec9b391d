import Core
import HTTP
import JSONPages

extension DataverseClient: TableCatalog {
  package func table(_ logicalName: String) async throws(SyncError) -> TableSchema {
    let action = "read the columns of \(logicalName)"
    let path = "EntityDefinitions(LogicalName=\(PercentEncoding.odataText(logicalName)))"
    let select = "LogicalName,EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled"
    let response = try await get("\(root)\(path)?$select=\(select)", for: action)
    if let fault = DataverseFault(response) {
      guard fault.cause == .unknownTable else { throw fault.error(action) }
      throw await unknownTable(logicalName, code: fault.codeText)
    }
    let entity = try parse(response, for: action)
    let columns = try await columns(below: path, for: action)
    return try TableSchema(entity: entity, columns: columns, for: action)
  }

  package func tableNames() async throws(SyncError) -> [String] {
    let action = "list the tables"
    let list = try await list("EntityDefinitions?$select=LogicalName", for: action)
    return list.compactMap { $0["LogicalName"]?.text }.sorted()
  }

  /// Every table, with what says whether a job can follow it.
  package func tables() async throws(SyncError) -> [TableEntry] {
    let action = "list the tables"
    let select = "LogicalName,ChangeTrackingEnabled"
    let list = try await list("EntityDefinitions?$select=\(select)", for: action)
    return list.compactMap { entity in
      entity["LogicalName"]?.text.map {
        TableEntry(
          logicalName: $0, isChangeTracked: entity["ChangeTrackingEnabled"]?.flag ?? false)
      }
    }.sorted { $0.logicalName < $1.logicalName }
  }

  package func organization() async throws(SyncError) -> Organization {
    let action = "ask Dynamics who we are"
    let identity = try await document("WhoAmI", for: action)
    guard let id = identity["OrganizationId"]?.text.flatMap({ RowKey($0) }) else {
      throw .incomplete("OrganizationId", action)
    }
    var organization = Organization(id: id.description)
    let path = "organizations?$select=expirechangetrackingindays,name"
    if let row = try await optional(path, for: action)?["value"]?.items?.first {
      organization.name = row["name"]?.text
      organization.tokenDays = row["expirechangetrackingindays"]?.integer
    }
    guard organization.name == nil else { return organization }
    let access = "Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
    let details = try await optional(
      "RetrieveCurrentOrganization(AccessType=\(access))", for: action)
    organization.name = details?["Detail"]?["FriendlyName"]?.text
    return organization
  }

  package func proveReadable(_ table: TableSchema) async throws(SyncError) {
    let action = "read one row of \(table.logicalName)"
    _ = try await list("\(table.entitySet)?$select=\(table.primaryId)&$top=1", for: action)
  }

  package func readsWholeOrganization(_ table: TableSchema) async throws(SyncError) -> Bool? {
    let action = "read the privileges of the application user"
    let depths = try await privilegeDepths(for: action)?["prvread" + table.logicalName]
    return depths?.contains("Global")
  }

  /// The application user's privileges by their names in small letters, each with how far it reaches,
  /// by any of its roles; nil where they cannot be read.
  func privilegeDepths(for action: String) async throws(SyncError) -> [String: Set<String>]? {
    guard let user = try await document("WhoAmI", for: action)["UserId"]?.text else { return nil }
    let path = "systemusers(\(user))/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
    let privileges = try await optional(path, for: action)?["RolePrivileges"]?.items ?? []
    var depths: [String: Set<String>] = [:]
    for privilege in privileges {
      guard let name = privilege["PrivilegeName"]?.text else { continue }
      depths[name.lowercased(), default: []].insert(privilege["Depth"]?.text ?? "")
    }
    return depths.isEmpty ? nil : depths
  }

  package func approximateCount(_ table: TableSchema) async throws(SyncError) -> Int? {
    let names = PercentEncoding.encode("['\(table.logicalName)']")
    let answer = try await optional(
      "RetrieveTotalRecordCount(EntityNames=\(names))", for: "count \(table.logicalName)")
    let counts = answer?["EntityRecordCountCollection"]
    let index = counts?["Keys"]?.items?.firstIndex { $0.text == table.logicalName }
    guard let index, let values = counts?["Values"]?.items, index < values.count else { return nil }
    return values[index].integer
  }

  func list(_ path: String, for action: String) async throws(SyncError) -> [JSONValue] {
    guard let items = try await document(path, for: action)["value"]?.items else {
      throw .incomplete("the list named value", action)
    }
    return items
  }

  /// What is good to know, where the application user may know it.
  private func optional(
    _ path: String, for action: String
  ) async throws(SyncError) -> JSONValue? {
    do {
      return try await document(path, for: action)
    } catch {
      switch error.kind {
      case .permission, .configuration, .protocolBroken: return nil
      default: throw error
      }
    }
  }

  private func unknownTable(_ name: String, code: String) async -> SyncError {
    let names = (try? await tableNames()) ?? []
    let nearest = Nearest.name(to: name, among: names)
    return SyncError(
      .configuration, "read the columns of \(name)", "Dynamics has no table of this name",
      code: code,
      next: nearest.map { "did you mean \($0)? " + DataverseClient.logicalNames }
        ?? DataverseClient.logicalNames)
  }

  private static let logicalNames =
    "correct `from.table`: the logical name, in the singular"
}
