/// The time of an event, as an export writes it.
///
/// - Shape: `2026-02-03 08:40:12.000Z`, with a `T` or slashes; without `Z` or an offset it is that of
///   the clocks in the job's zone. Of an hour that the clocks show twice, the first is meant.
/// - Units: whole seconds; a fraction is dropped.
enum EventTime: Equatable {
  case at(Instant)
  /// The clocks of the zone never showed it.
  case skipped
  case unreadable

  /// - Parameter whereTwice: what a time is that the clocks of the zone showed twice; nil: the first.
  init(_ text: String, _ zone: TimeZoneRules, whereTwice: EventTime? = nil) {
    let bytes = Array(text.utf8)
    let saysZone = EventTime.saysZone(bytes)
    let moment = withPointer(to: bytes) { Moment($0, bytes.count, isShifted: true) }
    guard let moment else {
      self = .unreadable
      return
    }
    let day = CivilDay.number(moment.year, moment.month, moment.day)
    let seconds =
      Int64(day) * 86_400 + Int64((moment.hour * 60 + moment.minute) * 60 + moment.second)
    if let whereTwice, !saysZone, zone.isTwice(local: seconds) {
      self = whereTwice
      return
    }
    let found = saysZone ? seconds : zone.moment(local: seconds)
    self = found.map { .at(Instant(seconds: $0)) } ?? .skipped
  }

  private static func saysZone(_ bytes: [UInt8]) -> Bool {
    bytes.count > 19 && (bytes.last == 0x5A || bytes[19...].contains { $0 == 0x2B || $0 == 0x2D })
  }
}
