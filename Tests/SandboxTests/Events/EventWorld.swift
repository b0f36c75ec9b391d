import Core
import HTTP
import JSONPages
import Sandbox
import Testing

/// Dynamics, Campaign's logs and the SFTP storage between them, with a simple tool that does it right.
struct EventWorld {
  let storage = TemporaryStorage()
  let fixture: DataverseFixture
  /// Of Campaign; that of Dynamics stands still, so that its tokens last.
  let clock = SandboxClock(base: Instant(seconds: 1_768_000_000), isRunning: false)
  let log: EventLog

  init(rows: Int = 120, knobs: (inout DataverseKnobs) -> Void = { _ in }) async throws {
    fixture = try await DataverseFixture(rows: rows) {
      $0.limitsEnabled = false
      knobs(&$0)
    }
    log = EventLog(home: storage.home, clock: clock)
  }

  @discardableResult
  func export(_ change: (inout ExportOrder) -> Void = { _ in }) async throws -> [ExportedFile] {
    var order = ExportOrder()
    change(&order)
    return try await log.export(order, contacts: fixture.service)
  }

  func compare(_ settings: EgressSettings) async throws -> EventComparisonResult {
    try await EventComparison(settings).run(log, against: fixture.service)
  }

  /// The job file of one event, as `jobs/egress-*.yaml` would have it.
  static func settings(_ event: EgressSettings.Event) -> EgressSettings {
    let isTracking = event == .open || event == .click
    var roles = [
      "id": isTracking ? "trackId" : "logId", "contact": "externalId",
      "at": isTracking ? "logDate" : "eventDate", "message": "messageType",
      "campaign": "campaignId", "delivery": "deliveryId", "mirror": "mirrorPage",
    ]
    var columns = [
      "campaign": "adobe_campaignname", "delivery": "adobe_deliveryname",
      "mirror": "adobe_mirrorpageurl",
    ]
    switch event {
    case .send: (roles["status"], columns["at"]) = ("status", "adobe_datesent")
    case .bounce: (roles["failure"], columns["at"]) = ("failureType", "adobe_datebounced")
    case .open: (roles["type"], columns["at"]) = ("urlType", "adobe_dateopened")
    case .click:
      (roles["type"], columns["at"]) = ("urlType", "adobe_dateclicked")
      (roles["url"], columns["url"]) = ("url", "adobe_trackingurl")
    }
    let log = isTracking ? "tracking" : "sending"
    return EgressSettings(
      name: "egress-\(event.rawValue)", event: event,
      files: .init(pattern: "exports/\(log)_*.csv", columns: roles),
      table: "adobe_campaignemail\(event.rawValue)", columns: columns)
  }

  /// One row of a file, by header.
  typealias Row = [String: String]

  /// The rows of a file without quotes.
  func rows(_ name: String) -> [Row] {
    var lines = (storage.read(name) ?? "").split(separator: "\n").map {
      $0.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
    }
    guard !lines.isEmpty else { return [] }
    let header = lines.removeFirst()
    return lines.map { Row(zip(header, $0)) { first, _ in first } }
  }

  func names(of log: String) -> [String] {
    storage.names("exports").filter { $0.hasPrefix(log) }.map { "exports/" + $0 }
  }

  /// The events of a job in all files, each once.
  func events(_ event: EgressSettings.Event) -> [Row] {
    let isTracking = event == .open || event == .click
    var seen: Set<String> = []
    return names(of: isTracking ? "tracking" : "sending").flatMap { rows($0) }.filter { row in
      let isEvent =
        switch event {
        case .send: row["status"] == "1"
        case .bounce: row["failureType"] == "2"
        case .open: row["urlType"] == "2"
        case .click: ["1", "10", "11"].contains(row["urlType"])
        }
      return isEvent && row["messageType"] == "0" && RowKey(row["externalId"] ?? "") != nil
        && seen.insert(row[isTracking ? "trackId" : "logId"] ?? "").inserted
    }
  }

  /// Writes what a tool must write; `change` spoils it.
  func write(
    _ event: EgressSettings.Event, change: (inout [Row]) -> Void = { _ in }
  ) async throws {
    var rows = events(event)
    change(&rows)
    let settings = Self.settings(event)
    let set = event == .bounce ? settings.table + "set" : settings.table + "s"
    for row in rows { try await post(row, settings, set) }
  }

  func post(_ row: Row, _ settings: EgressSettings, _ set: String) async throws {
    let roles = settings.files.columns
    func text(_ role: String) -> String { row[roles[role] ?? ""] ?? "" }
    let subject = "Campaign Name: \(text("campaign")); Delivery Name: \(text("delivery"))"
    var members: [JSONValue.Member] = [
      .init("subject", .string(subject)), .init("statecode", 1),
      .init("actualend", .string(text("at"))), .init("sortdate", .string(text("at"))),
      .init(
        "regardingobjectid_contact_\(settings.table)@odata.bind",
        .string("/contacts(\(text("contact")))")),
    ]
    for (role, column) in settings.columns where !text(role).isEmpty {
      members.append(.init(column, .string(text(role))))
    }
    _ = try await fixture.send(
      "POST", set, body: String(decoding: JSONValue.object(members).encoded, as: UTF8.self))
  }
}
