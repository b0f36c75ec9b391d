import Core

extension ResourceDefinition {
  /// Everything the sandbox's instance has published.
  package static let standard: [ResourceDefinition] = [.profile, .orgUnit, .vehicle, .dealer]

  package static let orgUnit = ResourceDefinition(
    "orgUnitBase", label: "Organizational units", schema: "xtk:orgUnit", exposure: .builtIn,
    fields: [FieldDefinition("name", .text(64)), FieldDefinition("label", .text(128))])

  /// The documented recipe for a child of profile: a 1 cardinality link hides it until its
  /// profile is there, and it goes when the profile goes.
  package static let vehicle = custom(
    "Vehicle",
    fields: [
      FieldDefinition("ProfileExternalId", .text(100)),
      FieldDefinition("VIN", .text(50)),
      FieldDefinition("VehicleName", .text(100)),
      FieldDefinition(
        "vehicleOwner",
        .link(
          LinkDefinition(
            to: "profile", join: .init(own: "ProfileExternalId", target: "externalId"),
            isRequired: true, whenDeleted: .cascade))),
    ])

  package static let dealer = custom(
    "Dealer", exposure: .unlinked,
    fields: [FieldDefinition("DealerName", .text(100)), FieldDefinition("City", .text(100))])

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
