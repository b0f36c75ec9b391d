import Core

/// The contact table: Microsoft's columns and three of a customer's own.
extension TableDefinition {
  package static let contact: TableDefinition = {
    var table = TableDefinition(
      "contact", set: "contacts", id: "contactid", name: "fullname", label: "Contact", code: 2,
      columns: person + channels + addresses + facts + preferences + customer + system)
    table.keys = [AlternateKey(name: "cs_customernumberkey", columns: ["cs_customernumber"])]
    return table
  }()

  private static func text(
    _ name: String, _ max: Int, _ recipe: Recipe = .nothing, label: String, format: String = "Text"
  ) -> ColumnDefinition {
    ColumnDefinition(name, .string(max: max, format: format), recipe, label: label)
  }

  private static let person: [ColumnDefinition] = [
    ColumnDefinition(
      "contactid", .uniqueIdentifier, .key, label: "Contact", schemaName: "ContactId",
      access: [.read, .create]),
    ColumnDefinition(
      "fullname", .string(max: 160, format: "Text"), .fullName, label: "Full Name",
      schemaName: "FullName", access: .read),
    text("firstname", 50, .given(empty: 3), label: "First Name"),
    text("middlename", 50, .middle(empty: 80), label: "Middle Name"),
    text("lastname", 50, .family(empty: 1), label: "Last Name"),
    text("suffix", 10, .oneOf(Vocabulary.suffixes, empty: 92), label: "Suffix"),
    text("salutation", 100, .oneOf(Vocabulary.titles, empty: 40), label: "Salutation"),
    text("nickname", 100, .oneOf(Vocabulary.nicknames, empty: 75), label: "Nickname"),
    text("jobtitle", 100, .oneOf(Vocabulary.jobs, empty: 30), label: "Job Title"),
    text("department", 100, .oneOf(Vocabulary.departments, empty: 50), label: "Department"),
    ColumnDefinition(
      "birthdate", .dateTime(.dateOnly), .day(-14_600...12_000, empty: 35), label: "Birthday",
      schemaName: "BirthDate"),
    ColumnDefinition(
      "anniversary", .dateTime(.dateOnly), .day(3_000...19_500, empty: 85), label: "Anniversary"),
    ColumnDefinition(
      "gendercode",
      .picklist(
        [.init(1, "Male", french: "Masculin"), .init(2, "Female", french: "Féminin")], global: nil),
      .choice([1, 2], empty: 12), label: "Gender", schemaName: "GenderCode"),
    ColumnDefinition(
      "familystatuscode",
      .picklist(
        [.init(1, "Single"), .init(2, "Married"), .init(3, "Divorced"), .init(4, "Widowed")],
        global: nil), .choice([1, 2, 3, 4], empty: 60), label: "Marital Status"),
    ColumnDefinition(
      "numberofchildren", .integer(0...1_000_000_000), .whole(0...5, empty: 70),
      label: "No. of Children", schemaName: "NumberOfChildren"),
  ]

  private static let channels: [ColumnDefinition] = [
    text("emailaddress1", 100, .mail(number: 1, empty: 5), label: "Email", format: "Email"),
    text("emailaddress2", 100, .mail(number: 2, empty: 85), label: "Email 2", format: "Email"),
    text("emailaddress3", 100, .mail(number: 3, empty: 97), label: "Email 3", format: "Email"),
    text("mobilephone", 50, .phone(number: 1, empty: 30), label: "Mobile Phone", format: "Phone"),
    text("telephone1", 50, .phone(number: 2, empty: 40), label: "Business Phone", format: "Phone"),
    text("telephone2", 50, .phone(number: 3, empty: 80), label: "Home Phone", format: "Phone"),
    text("fax", 50, .phone(number: 4, empty: 90), label: "Fax", format: "Phone"),
    ColumnDefinition(
      "preferredcontactmethodcode",
      .picklist(
        [
          .init(1, "Any"), .init(2, "Email"), .init(3, "Phone"), .init(4, "Fax"), .init(5, "Mail"),
        ], global: nil), .choice([1, 1, 1, 2, 3, 5], empty: 0),
      label: "Preferred Method of Contact", schemaName: "PreferredContactMethodCode",
      initial: .whole(1)),
  ]

  private static let addresses: [ColumnDefinition] = [
    ColumnDefinition(
      "address1_composite", .memo(max: 1000), .address, label: "Address 1",
      schemaName: "Address1_Composite", access: .read),
    text("address1_line1", 250, .street(empty: 15), label: "Address 1: Street 1"),
    text("address1_line2", 250, .oneOf(Vocabulary.companies, empty: 80), label: "Street 2"),
    text("address1_line3", 250, label: "Address 1: Street 3"),
    text("address1_city", 80, .city(empty: 14), label: "Address 1: City"),
    text("address1_stateorprovince", 50, label: "Address 1: State/Province"),
    text("address1_postalcode", 20, .postalCode(empty: 16), label: "Address 1: ZIP/Postal Code"),
    text("address1_country", 80, .country(empty: 14), label: "Address 1: Country/Region"),
    ColumnDefinition(
      "address1_latitude", .double(scale: 5, -90...90),
      .decimal(scale: 5, -8_999_999...8_999_999, empty: 70), label: "Address 1: Latitude"),
    ColumnDefinition(
      "address1_longitude", .double(scale: 5, -180...180),
      .decimal(scale: 5, -17_999_999...17_999_999, empty: 70), label: "Address 1: Longitude"),
    text("address2_city", 80, .city(empty: 90), label: "Address 2: City"),
  ]

  private static let facts: [ColumnDefinition] = [
    ColumnDefinition("description", .memo(max: 2000), .memo(empty: 55), label: "Description"),
    ColumnDefinition(
      "creditlimit", .money(scale: 2), .decimal(scale: 4, 0...1_000_000_0000, empty: 65),
      label: "Credit Limit", schemaName: "CreditLimit"),
    ColumnDefinition(
      "creditlimit_base", .money(scale: 2), .copy("creditlimit"), label: "Credit Limit (Base)",
      schemaName: "CreditLimit_Base", access: .read),
    ColumnDefinition(
      "exchangerate", .decimal(scale: 10, 0.0000000001...100_000_000_000),
      .constant(.number("1.0000000000")), label: "Exchange Rate", access: .read),
    ColumnDefinition(
      "merged", .boolean(yes: "Yes", no: "No"), .flag(percent: 0, empty: 0), label: "Merged",
      access: .read, initial: .bool(false)),
    ColumnDefinition(
      "importsequencenumber", .integer(-2_147_483_648...2_147_483_647),
      .whole(1...40, empty: 50), label: "Import Sequence Number", access: [.read, .create]),
  ]

  private static func preference(
    _ name: String, _ percent: Int, _ label: String, yes: String = "Do Not Allow",
    no: String = "Allow", initially: Bool = false
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .boolean(yes: yes, no: no), .flag(percent: percent, empty: 1), label: label,
      initial: .bool(initially))
  }

  private static let preferences: [ColumnDefinition] = [
    preference("donotemail", 7, "Do not allow Emails"),
    preference("donotbulkemail", 15, "Do not allow Bulk Emails"),
    preference("donotphone", 9, "Do not allow Phone Calls"),
    preference("donotfax", 12, "Do not allow Faxes"),
    preference("donotpostalmail", 5, "Do not allow Mails"),
    preference("donotbulkpostalmail", 6, "Do not allow Bulk Mails", yes: "Yes", no: "No"),
    preference("donotsendmm", 8, "Send Marketing Materials", yes: "Do Not Send", no: "Send"),
    preference(
      "followemail", 92, "Follow Email Activity", yes: "Allow", no: "Do Not Allow", initially: true),
    preference("marketingonly", 4, "Marketing Only", yes: "Yes", no: "No"),
    preference("creditonhold", 2, "Credit Hold", yes: "Yes", no: "No"),
  ]

  private static let tiers: [ColumnDefinition.Option] = [
    .init(727_000_000, "Bronze"), .init(727_000_001, "Silver", french: "Argent"),
    .init(727_000_002, "Gold", french: "Or"), .init(727_000_003, "Platinum", french: "Platine"),
  ]
  private static let topics: [ColumnDefinition.Option] = [
    .init(1, "Travel"), .init(2, "Food; Wine"), .init(3, "Music"), .init(4, "Sport"),
  ]

  private static let customer: [ColumnDefinition] = [
    ColumnDefinition(
      "cs_loyaltytier", .picklist(tiers, global: "cs_tier"),
      .choice(tiers.map(\.value), empty: 20), label: "Loyalty Tier", schemaName: "cs_LoyaltyTier"),
    ColumnDefinition(
      "cs_interests", .multiSelect(topics), .severalChoices([1, 2, 3, 4], empty: 50),
      label: "Interests", schemaName: "cs_Interests"),
    ColumnDefinition(
      "cs_points", .decimal(scale: 4, -100_000_000_000...100_000_000_000),
      .decimal(scale: 4, -50_0000...99_999_9999, empty: 25), label: "Points",
      schemaName: "cs_Points"),
    ColumnDefinition(
      "cs_lastvisit", .dateTime(.timeZoneIndependent),
      .moment(1_577_836_800...1_735_600_000, empty: 45), label: "Last Visit",
      schemaName: "cs_LastVisit"),
    ColumnDefinition(
      "cs_customernumber", .string(max: 20, format: "Text"), .serial("C"),
      label: "Customer Number", schemaName: "cs_CustomerNumber"),
  ]

  private static let system: [ColumnDefinition] =
    [
      ColumnDefinition(
        "parentcustomerid",
        .lookup(
          .customer,
          [
            .init("account", "parentcustomerid_account"),
            .init("contact", "parentcustomerid_contact"),
          ]), .reference("account", empty: 40), label: "Company Name",
        schemaName: "ParentCustomerId"),
      ColumnDefinition(
        "masterid", .lookup(.lookup, [.init("contact", "masterid")]), label: "Master ID",
        access: .read),
    ] + SystemColumns.all(hasCurrency: true)
    + [
      ColumnDefinition(
        "entityimage", .virtual("ImageType"), label: "Entity Image", access: .read),
      ColumnDefinition(
        "preferredsystemuserid", .lookup(.lookup, [.init("systemuser", "preferredsystemuserid")]),
        label: "Preferred User"),
    ]
}
