import Core

/// The custom activities on which Campaign's events arrive, and the view of all activities.
///
/// - Source: fact sheet 10.3 and 10.4; the real names are the customer's.
extension TableDefinition {
  package static let emailSend = activity(
    "adobe_campaignemailsend", "adobe_CampaignEmailSend", label: "Adobe Campaign Email Send",
    code: 10_201, columns: [date("adobe_datesent", "adobe_DateSent", "Date Sent"), mirrorPage])

  package static let emailOpen = activity(
    "adobe_campaignemailopen", "adobe_CampaignEmailOpen", label: "Adobe Campaign Email Open",
    code: 10_202,
    columns: [date("adobe_dateopened", "adobe_DateOpened", "Date Opened"), mirrorPage]
  )

  package static let emailClick = activity(
    "adobe_campaignemailclick", "adobe_CampaignEmailClick",
    label: "Adobe Campaign Email URL Click", code: 10_203,
    columns: [
      date("adobe_dateclicked", "adobe_DateClicked", "Date Clicked"),
      url("adobe_trackingurl", "adobe_TrackingUrl", "Tracking URL"), mirrorPage,
    ])

  /// Its entity set is no plural: names come from the metadata only.
  package static let emailBounce = activity(
    "adobe_campaignemailbounce", "adobe_CampaignEmailBounce", set: "adobe_campaignemailbounceset",
    label: "Adobe Campaign Email Bounce", code: 10_204,
    columns: [date("adobe_datebounced", "adobe_DateBounced", "Date Bounced"), mirrorPage])

  /// What all activities have in common, read-only: a contact's timeline.
  package static let activityPointer: TableDefinition = {
    var columns = common(
      of: "activitypointer",
      regarding: [
        .init("contact", "regardingobjectid_contact"),
        .init("account", "regardingobjectid_account"),
      ])
    columns[0].recipe = .key
    var table = TableDefinition(
      "activitypointer", set: "activitypointers", id: "activityid", name: "subject",
      label: "Activity", code: 4200, columns: columns)
    table.schemaName = "ActivityPointer"
    table.isActivity = true
    table.isWritable = false
    table.hasBulkMessages = false
    table.isChangeTracked = false
    return table
  }()

  private static func activity(
    _ name: String, _ schemaName: String, set: String? = nil, label: String, code: Int,
    columns: [ColumnDefinition]
  ) -> TableDefinition {
    let own = [
      text("adobe_campaignname", "adobe_CampaignName", 100, "Campaign Name"),
      text("adobe_deliveryname", "adobe_DeliveryName", 100, "Delivery Name"),
    ]
    let regarding = ["contact", "account"].map {
      ColumnDefinition.Target($0, "regardingobjectid_\($0)_\(name)")
    }
    var table = TableDefinition(
      name, set: set ?? name + "s", id: "activityid", name: "subject", label: label, code: code,
      columns: common(of: name, regarding: regarding) + own + columns)
    table.schemaName = schemaName
    table.isActivity = true
    table.isCustom = true
    return table
  }

  // MARK: columns

  private static func common(
    of table: String, regarding: [ColumnDefinition.Target]
  ) -> [ColumnDefinition] {
    var subject = ColumnDefinition("subject", .string(max: 200, format: "Text"), label: "Subject")
    subject.isRequired = true
    return [
      ColumnDefinition(
        "activityid", .uniqueIdentifier, .key, label: "Activity", schemaName: "ActivityId",
        access: [.read, .create]),
      ColumnDefinition(
        "activitytypecode", .entityName, label: "Activity Type",
        schemaName: "ActivityTypeCode", access: .read, initial: .text(table)),
      subject,
      ColumnDefinition("from", .virtual("PartyListType"), label: "From"),
      ColumnDefinition("to", .virtual("PartyListType"), label: "To"),
      ColumnDefinition("description", .memo(max: 2000), label: "Description"),
      ColumnDefinition(
        "regardingobjectid", .lookup(.lookup, regarding), label: "Regarding",
        schemaName: "RegardingObjectId"),
      moment("scheduledstart", "Start Date"), moment("scheduledend", "Due Date"),
      moment("actualstart", "Actual Start"), moment("actualend", "Actual End"),
      moment("sortdate", "Sort Date"),
      ColumnDefinition(
        "actualdurationminutes", .integer(0...2_147_483_647), label: "Actual Duration"),
      ColumnDefinition(
        "prioritycode", .picklist(priorities, global: nil), label: "Priority", initial: .whole(1)),
      ColumnDefinition(
        "isbilled", .boolean(yes: "Yes", no: "No"), label: "Is Billed", initial: .bool(false)),
      ColumnDefinition(
        "isworkflowcreated", .boolean(yes: "Yes", no: "No"), label: "Is Workflow Created",
        initial: .bool(false)),
    ]
      + SystemColumns.all(
        hasCurrency: false, states: states, statuses: statuses,
        stateAccess: [.read, .create, .update])
  }

  private static func moment(_ name: String, _ label: String) -> ColumnDefinition {
    ColumnDefinition(name, .dateTime(.userLocal), label: label)
  }

  private static func date(
    _ name: String, _ schemaName: String, _ label: String
  ) -> ColumnDefinition {
    ColumnDefinition(name, .dateTime(.userLocal), label: label, schemaName: schemaName)
  }

  private static func text(
    _ name: String, _ schemaName: String, _ max: Int, _ label: String
  ) -> ColumnDefinition {
    ColumnDefinition(name, .string(max: max, format: "Text"), label: label, schemaName: schemaName)
  }

  private static func url(
    _ name: String, _ schemaName: String, _ label: String
  ) -> ColumnDefinition {
    ColumnDefinition(name, .string(max: 2000, format: "Url"), label: label, schemaName: schemaName)
  }

  private static let mirrorPage = url(
    "adobe_mirrorpageurl", "adobe_MirrorPageUrl", "Mirror Page URL")

  /// Open, completed, cancelled, scheduled: numbers that other tables use otherwise.
  private static let states: [ColumnDefinition.Option] = [
    .init(0, "Open"), .init(1, "Completed"), .init(2, "Canceled"), .init(3, "Scheduled"),
  ]
  private static let statuses: [ColumnDefinition.Option] = [
    .init(1, "Open", state: 0), .init(2, "Completed", state: 1), .init(3, "Canceled", state: 2),
    .init(4, "Scheduled", state: 3),
  ]
  private static let priorities: [ColumnDefinition.Option] = [
    .init(0, "Low"), .init(1, "Normal"), .init(2, "High"),
  ]
}
