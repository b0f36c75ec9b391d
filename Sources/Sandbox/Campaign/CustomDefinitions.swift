import Core

extension ResourceDefinition {
  /// Everything the sandbox's instance has published.
  package static let standard: [ResourceDefinition] = [
    .profile, .orgUnit, .vehicle, .dealer, .account, .service, .serviceItem,
  ]

  package static let orgUnit = ResourceDefinition(
    "orgUnitBase", label: "Organizational units", schema: "xtk:orgUnit", exposure: .builtIn,
    fields: [FieldDefinition("name", .text(64)), FieldDefinition("label", .text(128))])

  package static let dealer = custom(
    "Dealer", exposure: .unlinked,
    fields: [FieldDefinition("DealerName", .text(100)), FieldDefinition("City", .text(100))])

  /// No link to profile: below `customResources`.
  package static let account = custom(
    "Account", exposure: .unlinked,
    fields: [
      FieldDefinition("name", .text(160)), FieldDefinition("phone", .text(50)),
      FieldDefinition("email", .text(100)), FieldDefinition("accountNumber", .text(20)),
      FieldDefinition("city", .text(80)), FieldDefinition("industry", .text(50)),
      FieldDefinition("revenue", .number), FieldDefinition("employees", .integer(bits: 32)),
      FieldDefinition("creditHold", .boolean), FieldDefinition("onHoldSince", .dateTime),
      FieldDefinition("primaryContactId", .text(36)), FieldDefinition("ownerId", .text(36)),
      FieldDefinition("status", .integer(bits: 32)), FieldDefinition("note", .text(2000)),
    ])

  /// A child of profile: its link is of 0 or 1 cardinality, so it shows with and without its
  /// profile; it goes when the profile goes.
  package static let vehicle = custom(
    "Vehicle",
    fields: [
      FieldDefinition("vin", .text(17)), FieldDefinition("name", .text(100)),
      FieldDefinition("licensePlate", .text(20)), FieldDefinition("fuel", .text(50)),
      FieldDefinition("features", .text(255)), FieldDefinition("price", .number),
      FieldDefinition("mileage", .integer(bits: 32)), FieldDefinition("displacement", .number),
      FieldDefinition("consumption", .number), FieldDefinition("isLeased", .boolean),
      FieldDefinition("registeredOn", .date), FieldDefinition("warrantyEnds", .dateTime),
      FieldDefinition("nextInspection", .dateTime), FieldDefinition("ownerId", .text(36)),
      FieldDefinition("status", .integer(bits: 32)), FieldDefinition("note", .text(2000)),
    ] + parent("vehicleOwner", "profileExternalId", of: "profile"))

  /// The second level: linked to vehicle, and so to profile.
  package static let service = custom(
    "Service",
    fields: [
      FieldDefinition("name", .text(200)), FieldDefinition("orderNumber", .text(20)),
      FieldDefinition("type", .text(50)), FieldDefinition("work", .text(255)),
      FieldDefinition("cost", .number), FieldDefinition("hours", .number),
      FieldDefinition("rating", .number), FieldDefinition("odometer", .integer(bits: 32)),
      FieldDefinition("underWarranty", .boolean), FieldDefinition("serviceDate", .date),
      FieldDefinition("startedAt", .dateTime), FieldDefinition("plannedFor", .dateTime),
      FieldDefinition("status", .text(50)), FieldDefinition("comment", .text(2000)),
    ] + parent("serviceVehicle", "vehicleExternalId", of: "cusVehicle"))

  /// The third level: a link of 1 cardinality hides an item until its service is there.
  package static let serviceItem = custom(
    "ServiceItem",
    fields: [
      FieldDefinition("name", .text(200)), FieldDefinition("partNumber", .text(40)),
      FieldDefinition("kind", .text(50)), FieldDefinition("quantity", .number),
      FieldDefinition("unitPrice", .number), FieldDefinition("isReturned", .boolean),
      FieldDefinition("orderedOn", .date), FieldDefinition("fittedAt", .dateTime),
      FieldDefinition("expires", .dateTime), FieldDefinition("status", .integer(bits: 32)),
    ] + parent("itemService", "serviceExternalId", of: "cusService", isRequired: true))

  /// The field that holds the parent's key, and the link that joins by it.
  private static func parent(
    _ link: String, _ field: String, of target: String, isRequired: Bool = false
  ) -> [FieldDefinition] {
    [
      FieldDefinition(field, .text(100)),
      FieldDefinition(
        link,
        .link(
          LinkDefinition(
            to: target, join: .init(own: field, target: "externalId"), isRequired: isRequired,
            whenDeleted: .cascade))),
    ]
  }

  /// A custom resource as the sync wants it: `externalId` as identification key and filter.
  package static func custom(
    _ id: String, exposure: Exposure = .linked, fields: [FieldDefinition]
  ) -> ResourceDefinition {
    let audit = [
      FieldDefinition("created", .computed(.created)),
      FieldDefinition("lastModified", .computed(.lastModified)),
    ]
    return ResourceDefinition(
      "cus" + id, label: id, schema: "cus:" + id.lowercased(), exposure: exposure,
      key: "externalId",
      filters: [
        FilterDefinition("byExternalId", parameter: "externalId_parameter", .equals("externalId"))
      ],
      fields: [FieldDefinition("externalId", .text(100))] + fields + audit)
  }
}
