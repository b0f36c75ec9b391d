import Core

/// What an activity shows: the things that are compared, by name.
///
/// - Shape: texts in a fixed order; times in seconds since 1970.
struct ActivityContent: Sendable, Equatable {
  var contact: RowKey
  var times: [String]
  var texts: [String]

  /// All of it, or all but the contact, as one number that two different contents hardly share.
  func digest(withContact: Bool = true) -> ContentDigest {
    var digest = ContentDigest()
    if withContact { digest.add(contact) }
    for text in times + texts { digest.add(text) }
    return digest
  }
}

/// 128 bits of what was added.
struct ContentDigest: Hashable, Sendable {
  private var high: UInt64 = 0x6A09_E667_F3BC_C908
  private var low: UInt64 = 0xBB67_AE85_84CA_A73B

  mutating func add(_ text: String) {
    var word: UInt64 = 0
    var count: UInt64 = 0
    for byte in text.utf8 {
      word = word << 8 | UInt64(byte)
      count += 1
      if count % 8 == 0 { add(word) }
    }
    if count % 8 != 0 { add(word) }
    add(count)
  }

  mutating func add(_ key: RowKey) {
    add(key.high)
    add(key.low)
  }

  private mutating func add(_ word: UInt64) {
    high = mix(high, word)
    low = mix(low ^ 0x5851_F42D_4C95_7F2D, word &+ 1)
  }
}

/// An exported event that the job file makes an activity.
struct ExpectedActivity: Sendable {
  /// What the `id` column says.
  var id: String
  var content: ActivityContent
  /// The same with the other moment that a clock's text may mean in autumn.
  var alternative: ActivityContent?
  /// The contact was not there all the time: the activity may be there, and need not.
  var isOptional = false
}

/// How many exported rows became nothing, and why.
struct PassedOver: Sendable, Equatable {
  /// Rows that an earlier line had already.
  var repeated = 0
  /// Rows that are no event of this job: other types, other channels.
  var others = 0
  var unmatched = 0
  /// Events that Dynamics or the reading must refuse.
  var rejected = 0
}

/// What the activity table of a job can hold.
struct ActivityLimits: Sendable {
  /// Role -> MaxLength of the column that it goes to.
  var lengths: [String: Int] = [:]
  var subject = 200
}

/// Turns exported rows into the activities that the job file promises.
///
/// - Source: `docs/jobs.md`, not the tool's code: the same rules, found again.
struct ActivityMaker {
  let settings: EgressSettings
  let limits: ActivityLimits
  let zone: ZoneRules
  /// The first application user.
  let owner: RowKey

  /// Roles whose text goes to a column, in the order of `ActivityContent.texts`.
  static let textRoles = ["campaign", "delivery", "url", "mirror"]

  var roles: [String: String] { settings.files.columns }

  /// Headers and the values of which each must have one.
  var conditions: [(header: String, values: [String])] {
    if let when = settings.when { return when.map { ($0.key, $0.value) } }
    switch settings.event {
    case .send: return [(roles["status"] ?? "", ["1"])]
    case .bounce: return [(roles["failure"] ?? "", ["2"])]
    case .open: return [(roles["type"] ?? "", ["2"])]
    case .click: return [(roles["type"] ?? "", ["1", "10", "11"])]
    }
  }

  /// `Campaign Name: <id>; Delivery Name: <id>`.
  static func subject(campaign: String, delivery: String) -> String {
    "Campaign Name: \(campaign); Delivery Name: \(delivery)"
  }

  /// - Parameter texts: of the roles; nil where the export has no such column.
  /// - Returns: nil where the row must be refused.
  func activity(
    of contact: RowKey, id: String, texts: [String: String], moments: [Int64]
  ) -> ExpectedActivity? {
    let subject = ActivityMaker.subject(
      campaign: texts["campaign"] ?? "", delivery: texts["delivery"] ?? "")
    guard !id.isEmpty, let first = moments.first, subject.utf16.count <= limits.subject else {
      return nil
    }
    for (role, length) in limits.lengths where (texts[role] ?? "").utf16.count > length {
      return nil
    }
    func content(_ moment: Int64) -> ActivityContent {
      let time = String(moment)
      let mapped = ActivityMaker.textRoles.filter { settings.columns[$0] != nil }
      let state = settings.state == .completed ? "1" : "0"
      return ActivityContent(
        contact: contact,
        times: settings.columns["at"] == nil ? [time, time] : [time, time, time],
        texts: [subject, state, owner.description] + mapped.map { texts[$0] ?? "" })
    }
    var expected = ExpectedActivity(id: id, content: content(first))
    if moments.count > 1 { expected.alternative = content(moments[1]) }
    return expected
  }

  /// What the compared things are called, in their order.
  var names: [String] {
    var names = ["actualend", "sortdate"]
    if let column = settings.columns["at"] { names.append(column) }
    names += ["subject", "statecode", "ownerid"]
    return names + ActivityMaker.textRoles.compactMap { settings.columns[$0] }
  }
}
