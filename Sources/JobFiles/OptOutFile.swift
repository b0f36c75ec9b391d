import Core

/// The opt-out job file -> settings.
enum OptOutFile {
  static func read(_ root: Section, name: String) -> OptOutSettings {
    let direction: OptOutSettings.Direction = root.choice("direction", .disabled)
    if !root.has("direction") {
      let known = OptOutSettings.Direction.allCases.map(\.rawValue)
      root.complain("direction", "is missing; one of \(known.joined(separator: ", "))")
    }
    var settings = OptOutSettings(
      name: name, direction: direction, files: root.section("from").map(files),
      fields: fields(root))
    if settings.readsCampaign, settings.files == nil, !root.has("from") {
      root.complain("from", "is missing: say which opt-out files of Campaign are read")
    }
    let isKnown = root.has("direction") && !root.problems.hold("direction")
    if !settings.readsCampaign, isKnown, root.has("fields") {
      root.complain(
        "fields",
        "has no place with `direction: \(direction.rawValue)`: map opt-outs to Campaign "
          + "in the ingress job of contact")
    }
    if settings.readsCampaign, !root.has("fields") {
      root.complain("fields", "is missing; `{ dynamics: donotbulkemail, campaign: denyListEmail }`")
    }
    checkTwice(settings, root)
    settings.rejectLimit = IngressFile.rejectLimit(root)
    root.finish()
    return settings
  }

  private static func files(_ section: Section) -> OptOutSettings.Files {
    var files = OptOutSettings.Files(
      pattern: section.required("files", "exports/optout_*.csv"),
      key: section.required("key", "externalId"),
      modified: section.required("modified", "\"{campaign}_modified\""))
    if !files.pattern.isEmpty { section.remotePath("files", files.pattern, isPattern: true) }
    if !files.modified.isEmpty {
      Placeholders.check(files.modified, section, "modified", ["{campaign}"])
      if !files.modified.contains("{campaign}") {
        section.complain("modified", "must hold {campaign}: each attribute has its own time")
      }
    }
    files.timeZone = section.text("timeZone", as: .timeZone) ?? files.timeZone
    if let csv = section.section("csv") {
      files.separator = csv.separator("separator", files.separator)
      files.quote = csv.choice("quote", files.quote)
      csv.finish()
    }
    files.stableFor = section.duration("stableFor", files.stableFor)
    section.finish()
    return files
  }

  private static func fields(_ root: Section) -> [OptOutSettings.Field] {
    root.sections("fields").map { section in
      let field = OptOutSettings.Field(
        dynamics: section.required("dynamics", "donotbulkemail", as: .logicalName),
        campaign: section.required("campaign", "denyListEmail", as: .field),
        invert: section.flag("invert", false), position: section.position)
      if !field.campaign.isEmpty, !OptOutSettings.attributes.contains(denyName(field.campaign)) {
        section.complain(
          "campaign", "must be one of \(OptOutSettings.attributes.joined(separator: ", "))",
          nearest: Nearest.name(to: field.campaign, among: OptOutSettings.attributes))
      }
      section.finish()
      return field
    }
  }

  /// A column and an attribute make one pair, or a decision would have two outcomes.
  private static func checkTwice(_ settings: OptOutSettings, _ root: Section) {
    var (columns, attributes): (Set<String>, Set<String>) = ([], [])
    for (index, field) in settings.fields.enumerated() {
      func complain(_ key: String, _ name: String) {
        root.problems.add(
          Problem(
            field.position, path: "fields[\(index)].\(key)",
            says: "names \(name) a second time; a column and an attribute make one pair"))
      }
      if !field.dynamics.isEmpty, !columns.insert(field.dynamics).inserted {
        complain("dynamics", field.dynamics)
      }
      if !field.campaign.isEmpty, !attributes.insert(denyName(field.campaign)).inserted {
        complain("campaign", field.campaign)
      }
    }
  }

  /// Instances call an opt-out `blackListEmail` or `denyListEmail`; both are one field.
  static func denyName(_ field: String) -> String { ConsentAttribute(field)?.name ?? field }
}
