import Core

/// The position that `$deltatoken` carries: a version and a time, as the service prints them.
struct DeltaToken: Sendable, Equatable {
  var version: Int64
  var when: Instant
  /// Deletions after this version are still to be reported.
  var deletionsSince: Int64
  /// Digest of the `$select` it belongs to, where the environment insists on it.
  var select: UInt64?

  init(version: Int64, when: Instant, deletionsSince: Int64? = nil, select: UInt64? = nil) {
    self.version = version
    self.when = when
    self.deletionsSince = deletionsSince ?? version
    self.select = select
  }

  /// The token as it is printed: `919042!08/22/2017 08:10:44`.
  var text: String {
    let days = Int(when.seconds / 86_400)
    let date = CalendarText.civil(days)
    let clock = CalendarText.moment(when.seconds).dropFirst(11).dropLast()
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    var text = "\(version)!\(two(date.month))/\(two(date.day))/\(date.year) \(clock)"
    if deletionsSince != version || select != nil { text += "!\(deletionsSince)" }
    if let select { text += "!\(select)" }
    return text
  }

  init?(_ text: String) {
    let parts = text.split(separator: "!", omittingEmptySubsequences: false)
    guard (2...4).contains(parts.count), let version = Int64(parts[0]), version >= 0 else {
      return nil
    }
    let moment = parts[1].split(separator: " ")
    let date = moment.first?.split(separator: "/") ?? []
    guard moment.count == 2, date.count == 3,
      let seconds = CalendarText.parse(
        moment: "\(date[2])-\(date[0])-\(date[1])T\(moment[1])Z")
    else { return nil }
    self.version = version
    when = Instant(seconds: seconds)
    deletionsSince = version
    if parts.count > 2 {
      guard let deletions = Int64(parts[2]) else { return nil }
      deletionsSince = deletions
    }
    if parts.count > 3 {
      guard let digest = UInt64(parts[3]) else { return nil }
      select = digest
    }
  }
}
