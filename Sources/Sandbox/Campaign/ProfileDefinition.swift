import Core

extension ResourceDefinition {
  /// The person record, with the extension that the sync needs: a key, a filter and two fields.
  ///
  /// - Source: the data model of profile in the fact sheet, section 2.1.
  package static let profile = ResourceDefinition(
    "profile", label: "Profiles", schema: "nms:recipient", exposure: .builtIn, key: "externalId",
    filters: [
      FilterDefinition("byEmail", parameter: "email", .equals("email")),
      FilterDefinition("byKeysProfile", parameter: "email", .equals("email")),
      FilterDefinition("byText", parameter: "text", .text),
      FilterDefinition(
        "byExternalId", parameter: "externalId_parameter", .equals("externalId"), isExtension: true),
    ],
    fields: person + contact + optOuts + address + computed + links + extensions)

  private static let person: [FieldDefinition] = [
    FieldDefinition("birthDate", .date),
    FieldDefinition("firstName", .text(30)),
    FieldDefinition("middleName", .text(30)),
    FieldDefinition("lastName", .text(50)),
    FieldDefinition("gender", .enumeration(gender)),
    FieldDefinition("salutation", .text(20)),
    FieldDefinition("externalId", .text(100)),
    FieldDefinition("isExternal", .boolean),
    FieldDefinition("preferredLanguage", .enumeration(language)),
    FieldDefinition("timeZone", .enumeration(timeZone)),
    FieldDefinition("thumbnail", .text(255), absent: "/nl/img/thumbnails/defaultProfil.png"),
  ]

  private static let contact: [FieldDefinition] = [
    FieldDefinition("email", .text(128), isEmail: true),
    FieldDefinition("emailFormat", .enumeration(emailFormat)),
    FieldDefinition("fax", .text(32)),
    FieldDefinition("mobilePhone", .text(32)),
    FieldDefinition("phone", .text(32)),
  ]

  /// The closed list of eight.
  static let optOuts: [FieldDefinition] =
    ["", "Email", "Fax", "Mobile", "Phone", "PostalMail", "Pushnotification"].map {
      FieldDefinition("blackList" + $0, .boolean, alias: "denyList" + $0)
    } + [FieldDefinition("ccpaOptOut", .boolean)]

  private static let address: [FieldDefinition] =
    [
      "address1", "address2", "address3", "address4", "city", "countryCode", "stateCode", "zipCode",
    ].map { FieldDefinition("location." + $0, .text(255)) }
    + [FieldDefinition("postalAddress.addrDefined", .boolean)]

  private static let computed: [FieldDefinition] =
    [
      FieldDefinition("age", .computed(.age)),
      FieldDefinition("title", .computed(.title)),
      FieldDefinition("domain", .computed(.domain)),
      FieldDefinition("cryptedId", .computed(.cryptedId)),
      FieldDefinition("created", .computed(.created)),
      FieldDefinition("createdBy", .computed(.createdBy)),
      FieldDefinition("lastModified", .computed(.lastModified)),
      FieldDefinition("modifiedBy", .computed(.modifiedBy)),
      FieldDefinition("postalAddress.serialized", .computed(.serialized)),
      FieldDefinition("postalAddress.addrQuality", .computed(.quality)),
      FieldDefinition("postalAddress.addrErrorCount", .computed(.errorCount)),
      FieldDefinition("postalAddress.addrLastCheck", .computed(.lastCheck)),
    ] + (1...6).map { FieldDefinition("postalAddress.line\($0)", .computed(.line($0))) }

  private static let links: [FieldDefinition] = [
    FieldDefinition("country", .link(LinkDefinition(to: "countries"))),
    FieldDefinition("stateLink", .link(LinkDefinition(to: "state"))),
    FieldDefinition("emailStatus", .link(LinkDefinition(to: "addressStatus"))),
    FieldDefinition("appSubscription", .collection("appSubscription")),
    FieldDefinition("excludeLogs", .collection("excludeLog")),
    FieldDefinition("logs", .collection("broadLog")),
    FieldDefinition("places", .collection("place")),
    FieldDefinition("subHisto", .collection("subHisto")),
    FieldDefinition("subscriptions", .collection("subscription")),
    FieldDefinition("tracking", .collection("trackingLog")),
  ]

  private static let extensions: [FieldDefinition] =
    [
      ("AccountId", .text(36)), ("Anniversary", .date), ("CreditLimit", .number),
      ("CustomerNumber", .text(20)), ("CustomerSince", .dateTime), ("Department", .text(100)),
      ("Interests", .text(255)), ("JobTitle", .text(100)), ("LastVisit", .dateTime),
      ("LoyaltyPoints", .integer(bits: 32)), ("LoyaltyTier", .text(50)), ("Member", .boolean),
      ("Nickname", .text(100)), ("Note", .text(4000)), ("Points", .number),
    ].map { (name: String, kind: FieldDefinition.Kind) in
      FieldDefinition("cus" + name, kind, isExtension: true)
    } + [
      FieldDefinition("orgUnit", .link(LinkDefinition(to: "orgUnitBase")), isExtension: true)
    ]

  private static let gender = EnumerationDefinition(
    "gender", isByte: true, [("unknown", "Unknown"), ("male", "Male"), ("female", "Female")])

  private static let emailFormat = EnumerationDefinition(
    "emailFormat", isByte: true, [("unknown", "Unknown"), ("text", "Text"), ("html", "HTML")])

  private static let language = EnumerationDefinition(
    "language", isByte: false,
    [("none", "")]
      + [
        "da_dk", "de_de", "en_gb", "en_us", "es_es", "fi_fi", "fr_fr", "it_it", "ja_jp", "ko_kr",
        "nl_nl", "pt_br", "sv_se", "zh_cn",
      ].map { ($0, $0) })

  private static let timeZone = EnumerationDefinition(
    "timezone", isByte: false,
    [("none", "")]
      + [
        "America_Chicago", "America_Los_Angeles", "America_New_York", "America_Sao_Paulo",
        "Asia_Kolkata", "Asia_Shanghai", "Asia_Tokyo", "Australia_Sydney", "Europe_Berlin",
        "Europe_London", "Europe_Madrid", "Europe_Paris", "Europe_Rome", "UTC",
      ].map { ($0, $0) })
}
