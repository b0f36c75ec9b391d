import Core

/// The opt-out job file -> settings.
enum OptOutFile {
  static func read(_ root: Section, name: String) -> OptOutSettings {
    let direction: OptOutSettings.Direction = root.choice("direction", .disabled)
    if !root.has("direction") { root.complain("direction", "is missing") }
    let readsCampaign = direction == .campaignToDynamics || direction == .bidirectional
    var settings = OptOutSettings(
      name: name, direction: direction, files: root.section("from").map(files),
      fields: fields(root))
    if readsCampaign, settings.files == nil, !root.has("from") {
      root.complain("from", "is missing: say which opt-out files of Campaign are read")
    }
    if !readsCampaign, root.has("fields") {
      root.complain(
        "fields",
        "has no place with `direction: \(direction.rawValue)`: map opt-outs to Campaign "
          + "in the ingress job of contact")
    }
    if readsCampaign, !root.has("fields") {
      root.complain("fields", "is missing; `{ dynamics: donotbulkemail, campaign: denyListEmail }`")
    }
    settings.rejectLimit = IngressFile.rejectLimit(root)
    root.finish()
    return settings
  }

  private static func files(_ section: Section) -> OptOutSettings.Files {
    var files = OptOutSettings.Files(
      pattern: section.required("files", "exports/optout_*.csv"),
      key: section.required("key", "externalId"),
      modified: section.required("modified", "\"{campaign}_modified\""))
    files.timeZone = section.text("timeZone") ?? files.timeZone
    section.finish()
    return files
  }

  private static func fields(_ root: Section) -> [OptOutSettings.Field] {
    root.sections("fields").map { section in
      let field = OptOutSettings.Field(
        dynamics: section.required("dynamics", "donotbulkemail"),
        campaign: section.required("campaign", "denyListEmail"),
        invert: section.flag("invert", false), position: section.position)
      let name = field.campaign.replacing("blackList", with: "denyList")
      if !field.campaign.isEmpty, !OptOutSettings.attributes.contains(name) {
        section.complain(
          "campaign", "must be one of \(OptOutSettings.attributes.joined(separator: ", "))",
          nearest: Nearest.name(to: field.campaign, among: OptOutSettings.attributes))
      }
      section.finish()
      return field
    }
  }
}
