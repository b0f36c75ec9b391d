import Core

/// The two logs that are exported.
package enum EventKind: String, Sendable, CaseIterable {
  case sending, tracking

  /// The columns of an export, in order.
  var columns: [EventColumn] {
    switch self {
    case .sending:
      [
        .logId, .externalId, .address, .messageType, .status, .failureType, .failureReason,
        .eventDate, .lastModified, .deliveryId, .deliveryLabel, .campaignId, .mirrorPage,
        .testProfile,
      ]
    case .tracking:
      [
        .trackId, .logId, .externalId, .messageType, .urlType, .url, .logDate, .deliveryId,
        .deliveryLabel, .campaignId, .mirrorPage, .testProfile,
      ]
    }
  }
}

/// A column of an export; its raw value is the header.
package enum EventColumn: String, Sendable {
  case logId, trackId, externalId, address, messageType, status, failureType, failureReason
  case eventDate, lastModified, deliveryId, deliveryLabel, campaignId, mirrorPage, testProfile
  case urlType, url, logDate

  /// True for what Extract file never puts in quotes.
  var isNumber: Bool {
    switch self {
    case .logId, .trackId, .messageType, .status, .failureType, .failureReason, .testProfile,
      .urlType:
      true
    default: false
    }
  }
}

/// A row as an export had it: what may change later is kept.
struct ExportedRow: Sendable {
  /// In the sending or tracking log.
  var index: Int
  var state: SendingState
  var date: Int64
  var modified: Int64
}

/// What the logs of the sandbox's Campaign hold.
struct EventRecords: Sendable {
  var deliveries: [Delivery] = []
  var sendings: [Sending] = []
  var tracking: [TrackingRow] = []

  static let firstLogId = 8_000_000
  static let firstTrackId = 55_000_000

  private static let brokenDates = ["2026-02-30 25:61:00.000Z", "31.12.2026", "soon"]
  static let tooLongURL = "https://www.example.org/" + String(repeating: "x", count: 2_100)

  /// The text of a column, before the dialect; times are the dialect's own.
  func text(
    _ column: EventColumn, _ row: ExportedRow, _ kind: EventKind, _ dialect: ExportDialect
  ) -> String {
    let tracked = kind == .tracking ? tracking[row.index] : nil
    let sending = sendings[tracked?.sending ?? row.index]
    let delivery = deliveries[sending.delivery]
    let flaw = tracked?.flaw ?? sending.flaw
    switch column {
    case .logId: return String(EventRecords.firstLogId + (tracked?.sending ?? row.index))
    case .trackId: return String(EventRecords.firstTrackId + row.index)
    case .externalId: return sending.recipient.externalId
    case .address: return address(sending, delivery)
    case .messageType: return String(delivery.channel.rawValue)
    case .status: return String(row.state.status)
    case .failureType: return String(row.state.failureType)
    case .failureReason: return String(row.state.failureReason)
    case .eventDate, .logDate:
      guard flaw != .brokenDate else {
        return EventRecords.brokenDates[row.index % EventRecords.brokenDates.count]
      }
      return dialect.time(row.date)
    case .lastModified: return dialect.time(row.modified)
    case .deliveryId: return delivery.name
    case .deliveryLabel: return delivery.label
    case .campaignId: return delivery.campaign
    case .mirrorPage:
      if flaw == .tooLong { return EventRecords.tooLongURL }
      guard delivery.hasMirrorPage else { return "" }
      let seal = String(mix(UInt64(tracked?.sending ?? row.index), 77), radix: 36)
      return "https://t.example.org/nl/jsp/m.jsp?c=%40\(seal)%3D"
    case .testProfile: if case .test = sending.recipient { return "1" } else { return "0" }
    case .urlType: return String(tracked?.type ?? 0)
    case .url: return url(tracked, flaw)
    }
  }

  private func url(_ row: TrackingRow?, _ flaw: Flaw) -> String {
    guard let row, [1, 10, 11].contains(row.type) else { return "" }
    return flaw == .tooLong ? EventRecords.tooLongURL : TrackingRow.links[row.link]
  }

  private func address(_ sending: Sending, _ delivery: Delivery) -> String {
    let seal = mix(salt(sending.recipient.externalId), 5)
    switch delivery.channel {
    case .email: return "reader.\(String(seal, radix: 36))@example.org"
    case .sms: return "+4420\(1_000_000 + seal % 8_999_999)"
    case .push: return String(seal, radix: 16)
    }
  }
}
