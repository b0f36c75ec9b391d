import Core

/// A customer's own tables: a chain of three below contact, each row with its parent or without.
extension TableDefinition {
  package static let vehicle = custom(
    "cs_vehicle", "cs_Vehicle", label: "Vehicle", code: 10_101, statuses: vehicleStatuses,
    columns: [
      text("cs_name", "cs_Name", 100, .oneOf(models, empty: 2), label: "Name"),
      parent("cs_contactid", "cs_ContactId", of: "contact", empty: 6, label: "Owner"),
      text("cs_vin", "cs_VIN", 17, .serial("WVWZZZ1JZ"), label: "VIN"),
      text("cs_licenseplate", "cs_LicensePlate", 20, .oneOf(plates, empty: 8), label: "Plate"),
      choice("cs_fuel", "cs_Fuel", fuels, empty: 5, label: "Fuel"),
      ColumnDefinition(
        "cs_features", .multiSelect(features), .severalChoices([1, 2, 3, 4, 5], empty: 30),
        label: "Features", schemaName: "cs_Features"),
      money("cs_price", "cs_Price", 1_000_0000...180_000_0000, empty: 20, label: "Price"),
      ColumnDefinition(
        "cs_mileage", .integer(0...2_000_000), .whole(0...320_000, empty: 10), label: "Mileage",
        schemaName: "cs_Mileage"),
      ColumnDefinition(
        "cs_displacement", .decimal(scale: 3, 0...100), .decimal(scale: 3, 600...6_500, empty: 25),
        label: "Displacement", schemaName: "cs_Displacement"),
      ColumnDefinition(
        "cs_consumption", .double(scale: 2, -100...100), .decimal(scale: 2, -50...1_950, empty: 30),
        label: "Consumption", schemaName: "cs_Consumption"),
      flag("cs_isleased", "cs_IsLeased", 35, label: "Leased"),
    ]
      + dates(
        day: "cs_registeredon", "cs_RegisteredOn", local: "cs_warrantyends", "cs_WarrantyEnds",
        independent: "cs_nextinspection", "cs_NextInspection")
      + [memo("cs_note", "cs_Note", empty: 60, label: "Note")])

  package static let service = custom(
    "cs_service", "cs_Service", label: "Service", code: 10_102, statuses: serviceStatuses,
    columns: [
      text("cs_name", "cs_Name", 200, .oneOf(jobs, empty: 1), label: "Name"),
      parent("cs_vehicleid", "cs_VehicleId", of: "cs_vehicle", empty: 5, label: "Vehicle"),
      text("cs_orderno", "cs_OrderNo", 20, .serial("SO-"), label: "Order"),
      choice("cs_type", "cs_Type", serviceTypes, empty: 3, label: "Type"),
      ColumnDefinition(
        "cs_work", .multiSelect(work), .severalChoices([10, 20, 30, 40], empty: 25),
        label: "Work", schemaName: "cs_Work"),
      money("cs_cost", "cs_Cost", 0...9_000_0000, empty: 10, label: "Cost"),
      ColumnDefinition(
        "cs_hours", .decimal(scale: 2, 0...1_000), .decimal(scale: 2, 25...4_000, empty: 15),
        label: "Hours", schemaName: "cs_Hours"),
      ColumnDefinition(
        "cs_rating", .double(scale: 5, 0...5), .decimal(scale: 5, 100_000...500_000, empty: 50),
        label: "Rating", schemaName: "cs_Rating"),
      ColumnDefinition(
        "cs_odometer", .integer(0...2_000_000), .whole(5...320_000, empty: 12), label: "Odometer",
        schemaName: "cs_Odometer"),
      flag("cs_underwarranty", "cs_UnderWarranty", 22, label: "Under Warranty"),
    ]
      + dates(
        day: "cs_servicedate", "cs_ServiceDate", local: "cs_startedat", "cs_StartedAt",
        independent: "cs_plannedfor", "cs_PlannedFor")
      + [memo("cs_comment", "cs_Comment", empty: 45, label: "Comment")])

  package static let serviceItem = custom(
    "cs_serviceitem", "cs_ServiceItem", label: "Service Item", code: 10_103,
    statuses: SystemColumns.statuses,
    columns: [
      text("cs_name", "cs_Name", 200, .oneOf(parts, empty: 1), label: "Name"),
      parent("cs_serviceid", "cs_ServiceId", of: "cs_service", empty: 4, label: "Service"),
      text("cs_partno", "cs_PartNo", 40, .serial("P/N;"), label: "Part Number"),
      choice("cs_kind", "cs_Kind", kinds, empty: 2, label: "Kind"),
      ColumnDefinition(
        "cs_quantity", .decimal(scale: 4, -1_000...100_000),
        .decimal(scale: 4, -5_000...120_000, empty: 3),
        label: "Quantity", schemaName: "cs_Quantity"),
      money("cs_unitprice", "cs_UnitPrice", 0...1_200_0000, empty: 6, label: "Unit Price"),
      flag("cs_isreturned", "cs_IsReturned", 4, label: "Returned"),
    ]
      + dates(
        day: "cs_orderedon", "cs_OrderedOn", local: "cs_fittedat", "cs_FittedAt",
        independent: "cs_expires", "cs_Expires"))

  // MARK: columns

  private static func custom(
    _ name: String, _ schemaName: String, label: String, code: Int,
    statuses: [ColumnDefinition.Option], columns: [ColumnDefinition]
  ) -> TableDefinition {
    let key = ColumnDefinition(
      name + "id", .uniqueIdentifier, .key, label: label, schemaName: schemaName + "Id",
      access: [.read, .create])
    var table = TableDefinition(
      name, set: name + "s", id: name + "id", name: "cs_name", label: label, code: code,
      columns: [key] + columns + SystemColumns.all(hasCurrency: true, statuses: statuses))
    table.schemaName = schemaName
    table.isCustom = true
    return table
  }

  private static func text(
    _ name: String, _ schemaName: String, _ max: Int, _ recipe: Recipe, label: String
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .string(max: max, format: "Text"), recipe, label: label, schemaName: schemaName)
  }

  /// The lookup that makes the chain.
  private static func parent(
    _ name: String, _ schemaName: String, of table: String, empty: Int, label: String
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .lookup(.lookup, [.init(table, schemaName)]), .reference(table, empty: empty),
      label: label, schemaName: schemaName)
  }

  private static func choice(
    _ name: String, _ schemaName: String, _ options: [ColumnDefinition.Option], empty: Int,
    label: String
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .picklist(options, global: nil), .choice(options.map(\.value), empty: empty),
      label: label, schemaName: schemaName)
  }

  private static func money(
    _ name: String, _ schemaName: String, _ range: ClosedRange<Int64>, empty: Int, label: String
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .money(scale: 2), .decimal(scale: 4, range, empty: empty), label: label,
      schemaName: schemaName)
  }

  private static func flag(
    _ name: String, _ schemaName: String, _ percent: Int, label: String
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .boolean(yes: "Yes", no: "No"), .flag(percent: percent, empty: 2), label: label,
      schemaName: schemaName, initial: .bool(false))
  }

  private static func memo(
    _ name: String, _ schemaName: String, empty: Int, label: String
  ) -> ColumnDefinition {
    ColumnDefinition(
      name, .memo(max: 2000), .memo(empty: empty), label: label, schemaName: schemaName)
  }

  /// One column of each behaviour that times can have.
  private static func dates(
    day: String, _ daySchema: String, local: String, _ localSchema: String, independent: String,
    _ independentSchema: String
  ) -> [ColumnDefinition] {
    [
      ColumnDefinition(
        day, .dateTime(.dateOnly), .day(-3_000...20_000, empty: 18), label: day,
        schemaName: daySchema),
      ColumnDefinition(
        local, .dateTime(.userLocal), .moment(-90_000_000...1_893_456_000, empty: 22),
        label: local, schemaName: localSchema),
      ColumnDefinition(
        independent, .dateTime(.timeZoneIndependent),
        .moment(1_577_836_800...1_798_761_600, empty: 28), label: independent,
        schemaName: independentSchema),
    ]
  }
}

// MARK: values

private let vehicleStatuses: [ColumnDefinition.Option] = [
  .init(1, "On the road", state: 0), .init(727_000_010, "In the garage", state: 0),
  .init(2, "Scrapped", state: 1), .init(727_000_011, "Sold; exported", state: 1),
]
private let serviceStatuses: [ColumnDefinition.Option] = [
  .init(1, "Planned", state: 0), .init(727_000_020, "Done", state: 0),
  .init(2, "Cancelled", state: 1),
]
private let fuels: [ColumnDefinition.Option] = [
  .init(727_000_000, "Petrol", french: "Essence"), .init(727_000_001, "Diesel"),
  .init(727_000_002, "Electric", french: "Électrique"), .init(727_000_003, "Hybrid; plug-in"),
]
private let features: [ColumnDefinition.Option] = [
  .init(1, "Sunroof", french: "Toit ouvrant"), .init(2, "Tow bar"), .init(3, "Winter tyres"),
  .init(4, "Navigation; maps"), .init(5, "\"Sport\" seats"),
]
private let serviceTypes: [ColumnDefinition.Option] = [
  .init(1, "Inspection"), .init(2, "Repair", french: "Réparation"), .init(3, "Recall"),
]
private let work: [ColumnDefinition.Option] = [
  .init(10, "Oil"), .init(20, "Brakes"), .init(30, "Tyres"), .init(40, "Body; paint"),
]
private let kinds: [ColumnDefinition.Option] = [
  .init(1, "Part"), .init(2, "Labour"), .init(3, "Fee", french: "Frais"),
]
private let models = [
  "Adventure 1200", "Škoda Octavia", "Citroën \"Ami\"", "Golf; GTI", "Model Å", "Fiat 500e", "MINI",
  "Land Rover, long", "سيارة عائلية", "プリウス", "=HYPERLINK(1)", "Käfer '63", "T2\tcamper",
]
private let plates = [
  "B-CS 1234", "KÖ-ÄÖ 77", "AB12 CDE", "1-ABC-234", "75 ÉÀ 01", "١٢٣ أ ب", "品川 300 あ 12-34",
]
private let jobs = [
  "Annual inspection", "Brakes, front; rear", "Révision des 30 000 km", "Ölwechsel",
  "\"Rattling\" noise", "Recall 24V-117", "Reifen\nwechsel", "定期点検", " Bodywork ",
]
private let parts = [
  "Oil filter", "Brake pad \"Ceramic\"", "Labour; 15 min", "Bougie d'allumage", "Dichtung 8×12",
  "Screw M6, zinc", "ワイパー", "مرآة", "Fee 0.5 %",
]
