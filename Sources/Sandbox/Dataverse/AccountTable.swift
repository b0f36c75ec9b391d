import Core

/// The account table: companies that contacts belong to, each with its first contact.
extension TableDefinition {
  package static let account: TableDefinition = TableDefinition(
    "account", set: "accounts", id: "accountid", name: "name", label: "Account", code: 1,
    columns: [
      ColumnDefinition(
        "accountid", .uniqueIdentifier, .key, label: "Account", access: [.read, .create]),
      ColumnDefinition(
        "name", .string(max: 160, format: "Text"), .oneOf(Vocabulary.companies, empty: 0),
        label: "Name"),
      ColumnDefinition(
        "telephone1", .string(max: 50, format: "Phone"), .phone(number: 1, empty: 20),
        label: "Main Phone"),
      ColumnDefinition(
        "primarycontactid", .lookup(.lookup, [.init("contact", "primarycontactid")]),
        .reference("contact", empty: 25), label: "Primary Contact"),
      ColumnDefinition(
        "accountnumber", .string(max: 20, format: "Text"), .serial("A"), label: "Account Number"),
      ColumnDefinition(
        "emailaddress1", .string(max: 100, format: "Email"), .mail(number: 1, empty: 30),
        label: "Email"),
      ColumnDefinition(
        "address1_city", .string(max: 80, format: "Text"), .city(empty: 20),
        label: "Address 1: City"),
      ColumnDefinition(
        "industrycode",
        .picklist(
          [
            .init(1, "Accounting"), .init(2, "Agriculture; Fishing"), .init(3, "Broadcasting"),
            .init(4, "Building Supply", french: "Matériaux"),
          ], global: nil), .choice([1, 2, 3, 4], empty: 35), label: "Industry"),
      ColumnDefinition(
        "revenue", .money(scale: 2), .decimal(scale: 4, 0...90_000_000_0000, empty: 40),
        label: "Annual Revenue"),
      ColumnDefinition(
        "numberofemployees", .integer(0...1_000_000_000), .whole(1...25_000, empty: 35),
        label: "Number of Employees"),
      ColumnDefinition(
        "creditonhold", .boolean(yes: "Yes", no: "No"), .flag(percent: 6, empty: 0),
        label: "Credit Hold", initial: .bool(false)),
      ColumnDefinition(
        "lastonholdtime", .dateTime(.userLocal), .moment(1_577_836_800...1_735_600_000, empty: 80),
        label: "Last On Hold Time"),
      ColumnDefinition("description", .memo(max: 2000), .memo(empty: 70), label: "Description"),
    ] + SystemColumns.all(hasCurrency: true))
}
