import Core

/// Which rows of a table an application user may read, where its role does not reach all.
struct RowReader {
  var owner: Int
  var user: RowKey

  /// A row without an owner is everybody's.
  func sees(_ row: RowView) -> Bool {
    row.value(owner).key.map { $0 == user } ?? true
  }
}

extension DataverseService {
  /// True where a narrow role is about this table.
  func isNarrow(_ definition: TableDefinition) -> Bool {
    definition.position(logical: "ownerid") != nil
      && (knobs.narrowTables.isEmpty || knobs.narrowTables.contains(definition.logicalName))
  }

  /// - Returns: nil where every row may be read.
  func reader(of table: Int, _ request: ODataRequest) -> RowReader? {
    let definition = stores[table].definition
    guard knobs.hidesOtherOwners || !knobs.readsWholeOrganization, isNarrow(definition),
      let owner = definition.position(logical: "ownerid")
    else { return nil }
    return RowReader(owner: owner, user: userKey(request.identity.client))
  }

  /// A row out of reach is refused, not missing.
  func checkReadable(
    _ row: RowView, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) {
    guard let reader = reader(of: table, request), !reader.sees(row) else { return }
    throw ODataFault(
      403, "0x80040220",
      "SecLib::AccessCheckEx failed. Returned hr = -2147187962, ObjectID: \(row.key), OwnerId: "
        + "\(row.value(reader.owner).key.map(\.description) ?? ""), OwnerIdType: 8 and "
        + "CallingUser: \(reader.user). ObjectTypeCode: \(row.definition.objectTypeCode), "
        + "objectBusinessUnitId: \(world.identifier("businessunit")), AccessRights: ReadAccess")
  }
}
