import Core

/// The columns that the platform gives to every row that somebody owns.
enum SystemColumns {
  static let states: [ColumnDefinition.Option] = [.init(0, "Active"), .init(1, "Inactive")]
  static let statuses: [ColumnDefinition.Option] = [
    .init(1, "Active", state: 0), .init(2, "Inactive", state: 1),
  ]

  private static func user(_ name: String, _ label: String) -> ColumnDefinition {
    ColumnDefinition(
      name, .lookup(.lookup, [.init("systemuser", name)]), .reference("systemuser", empty: 0),
      label: label, access: .read)
  }

  static func all(
    hasCurrency: Bool, states: [ColumnDefinition.Option] = states,
    statuses: [ColumnDefinition.Option] = statuses,
    stateAccess: ColumnDefinition.Access = [.read, .update]
  ) -> [ColumnDefinition] {
    let currency = ColumnDefinition(
      "transactioncurrencyid",
      .lookup(.lookup, [.init("transactioncurrency", "transactioncurrencyid")]),
      .reference("transactioncurrency", empty: 0), label: "Currency")
    return [
      ColumnDefinition(
        "statecode", .state(states), .state, label: "Status", access: stateAccess,
        initial: .whole(0)),
      ColumnDefinition(
        "statuscode", .status(statuses), .status, label: "Status Reason", initial: .whole(1)),
      ColumnDefinition(
        "ownerid",
        .lookup(.owner, [.init("systemuser", "ownerid"), .init("team", "ownerid")]),
        .reference("systemuser", empty: 0), label: "Owner"),
      ColumnDefinition(
        "owningbusinessunit", .lookup(.lookup, [.init("businessunit", "owningbusinessunit")]),
        .reference("businessunit", empty: 0), label: "Owning Business Unit", access: .read),
      user("createdby", "Created By"), user("modifiedby", "Modified By"),
      ColumnDefinition(
        "createdon", .dateTime(.userLocal), .created, label: "Created On", access: .read),
      ColumnDefinition(
        "modifiedon", .dateTime(.userLocal), .modified, label: "Modified On", access: .read),
      ColumnDefinition(
        "overriddencreatedon", .dateTime(.userLocal), label: "Record Created On",
        access: [.read, .create]),
      ColumnDefinition("versionnumber", .bigInteger, .version, access: .read),
    ] + (hasCurrency ? [currency] : [])
  }
}

/// Tables that others point at: few columns, real rows.
extension TableDefinition {
  private static func plain(
    _ name: String, set: String, id: String, nameColumn: String, label: String, code: Int,
    recipe: Recipe
  ) -> TableDefinition {
    var table = TableDefinition(
      name, set: set, id: id, name: nameColumn, label: label, code: code,
      columns: [
        ColumnDefinition(id, .uniqueIdentifier, .key, label: label, access: [.read, .create]),
        ColumnDefinition(nameColumn, .string(max: 160, format: "Text"), recipe, label: "Name"),
        version,
      ])
    table.hasBulkMessages = false
    table.isWritable = false
    table.isChangeTracked = false
    return table
  }
  private static let version = ColumnDefinition(
    "versionnumber", .bigInteger, .version, access: .read)

  package static let systemUser = plain(
    "systemuser", set: "systemusers", id: "systemuserid", nameColumn: "fullname", label: "User",
    code: 8, recipe: .oneOf(["# Campaign Sync", "Ada Byron", "SYSTEM"], empty: 0))
  package static let team = plain(
    "team", set: "teams", id: "teamid", nameColumn: "name", label: "Team", code: 9,
    recipe: .constant(.text("contoso")))
  package static let businessUnit = plain(
    "businessunit", set: "businessunits", id: "businessunitid", nameColumn: "name",
    label: "Business Unit", code: 10, recipe: .constant(.text("contoso")))
  package static let currency = plain(
    "transactioncurrency", set: "transactioncurrencies", id: "transactioncurrencyid",
    nameColumn: "currencyname", label: "Currency", code: 9105,
    recipe: .constant(.text("Euro")))
}

extension DataverseSchema {
  /// What the sandbox serves: contacts, the tables that they point at, the chain below them, and
  /// the activities regarding them.
  package static let standard = DataverseSchema(tables: [
    .contact, .account, .systemUser, .team, .businessUnit, .currency, .vehicle, .service,
    .serviceItem, .emailSend, .emailOpen, .emailClick, .emailBounce, .activityPointer,
  ])
}
