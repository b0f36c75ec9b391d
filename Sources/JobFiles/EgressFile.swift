import Core

/// An egress job file -> settings.
enum EgressFile {
  static let roles = [
    "id", "contact", "at", "type", "status", "failure", "message", "campaign", "delivery", "url",
    "mirror",
  ]

  static func read(_ root: Section, name: String) -> EgressSettings {
    let event: EgressSettings.Event = root.choice("event", .send)
    if !root.has("event") { root.complain("event", "is missing; one of send, open, click, bounce") }
    let to = root.requiredSection("to")
    var settings = EgressSettings(
      name: name, event: event, files: files(root, event),
      table: to?.required("table", "adobe_campaignemailclick", as: .logicalName) ?? "",
      columns: columns(to))
    settings.state = to?.choice("state", .completed) ?? .completed
    to?.finish()
    settings.unmatched = root.choice("unmatched", .count)
    settings.when = root.section("when").map(when)
    if settings.when?.isEmpty == true { root.complain("when", "needs a header and its values") }
    settings.rejectLimit = IngressFile.rejectLimit(root)
    root.finish()
    return settings
  }

  private static func files(_ root: Section, _ event: EgressSettings.Event)
    -> EgressSettings.Files
  {
    guard let from = root.requiredSection("from") else {
      return EgressSettings.Files(pattern: "", columns: [:])
    }
    let columns = from.requiredSection("columns")
    var names: [String: String] = [:]
    for role in roles { names[role] = columns?.text(role) }
    for role in needed(root, event) where columns?.has(role) == false {
      columns?.complain(role, "is missing; \(event.rawValue) needs the header of this column")
    }
    columns?.finish()
    var files = EgressSettings.Files(
      pattern: from.required("files", "exports/tracking_*.csv"), columns: names)
    if !files.pattern.isEmpty { from.remotePath("files", files.pattern, isPattern: true) }
    if let csv = from.section("csv") {
      files.separator = csv.separator("separator", files.separator)
      files.quote = csv.choice("quote", files.quote)
      files.timeZone = csv.text("timeZone", as: .timeZone) ?? files.timeZone
      csv.finish()
    }
    files.stableFor = from.duration("stableFor", files.stableFor)
    from.finish()
    return files
  }

  /// The roles without which no row is an event; `when` takes the place of the event's own.
  private static func needed(_ root: Section, _ event: EgressSettings.Event) -> [String] {
    guard root.has("event"), !root.problems.hold("event") else { return [] }
    let own =
      switch event {
      case .send: "status"
      case .bounce: "failure"
      case .open, .click: "type"
      }
    return ["id", "contact", "at"] + (root.has("when") ? [] : [own])
  }

  private static func columns(_ to: Section?) -> [String: String] {
    guard let section = to?.section("columns") else { return [:] }
    var columns: [String: String] = [:]
    for role in ["campaign", "delivery", "at", "url", "mirror"] {
      columns[role] = section.text(role, as: .logicalName)
    }
    section.finish()
    return columns
  }

  private static func when(_ section: Section) -> [String: [String]] {
    var when: [String: [String]] = [:]
    for (key, value) in section.entries() { when[key] = section.texts(key, in: value) }
    return when
  }
}
