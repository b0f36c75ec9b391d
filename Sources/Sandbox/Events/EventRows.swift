import Core

/// One message send of the sandbox's Campaign.
struct Delivery: Sendable {
  enum Channel: Int, Sendable { case email = 0, sms = 1, push = 40 }
  var number: Int
  var channel: Channel
  /// Empty: a delivery outside of any campaign.
  var campaign: String
  var hasMirrorPage: Bool

  var name: String { "DM\(190 + number)" }

  /// What people read; it has all that is hard on a reader of CSV.
  var label: String {
    ["Frühjahr \"20 %\"; neu, \(name)", "Offre d'été\nseconde ligne", "春のお知らせ", "News \(name)"][
      number % 4]
  }

  init(_ number: Int, isPlain: Bool) {
    self.number = number
    // The first three have one of each channel.
    channel = isPlain ? .email : number % 4 == 1 ? .sms : number % 4 == 2 ? .push : .email
    let campaigns = ["SpringLoyalty", "2026_Renewal", "", "Win-Back & more"]
    campaign = isPlain ? "SpringLoyalty" : campaigns[number / 2 % campaigns.count]
    hasMirrorPage = channel == .email && (isPlain || number % 7 != 3)
  }
}

/// Whom a message went to.
enum Recipient: Sendable {
  /// A contact of Dynamics, as of when the message was sent.
  case contact(RowKey)
  /// An external id that no contact has, or none at all.
  case stranger(String)
  /// A test profile: it has no external id.
  case test

  var externalId: String {
    switch self {
    case .contact(let key): key.description
    case .stranger(let text): text
    case .test: ""
    }
  }
}

/// What is wrong with a row on purpose.
enum Flaw: UInt8, Sendable { case none, tooLong, brokenDate }

/// A row of the sending log, as it stands now.
struct Sending: Sendable {
  var delivery: Int
  var recipient: Recipient
  var fate: SendingFate
  var step = 0
  var flaw = Flaw.none
  /// Milliseconds since 1970.
  var date: Int64
  var modified: Int64

  var state: SendingState { fate.states[step] }
  var isSettled: Bool { step + 1 >= fate.states.count }
}

/// Status, nature of failure and reason.
struct SendingState: Sendable, Equatable {
  var status: Int
  var failureType = 0
  var failureReason = 0

  static let pending = SendingState(status: 6)
  static let sent = SendingState(status: 1)
  static let ignored = SendingState(status: 0, failureType: 3, failureReason: 127)
  static let hard = SendingState(status: 2, failureType: 2, failureReason: 1)
  static let soft = SendingState(status: 2, failureType: 1, failureReason: 5)
  /// A soft bounce that still shows as sent.
  static let softSent = SendingState(status: 1, failureType: 1, failureReason: 3)
}

/// What becomes of a message, export by export.
enum SendingFate: UInt8, Sendable, CaseIterable {
  case sent, pending, bouncesLater, bouncesAtOnce, softThenSent, softSentThenSent, softSentThenHard,
    softForGood, ignored, pendingSoftHard

  var states: [SendingState] {
    switch self {
    case .sent: [.sent]
    case .pending: [.pending, .sent]
    case .bouncesLater: [.sent, .hard]
    case .bouncesAtOnce: [.hard]
    case .softThenSent: [.soft, .sent]
    case .softSentThenSent: [.softSent, .sent]
    case .softSentThenHard: [.softSent, .hard]
    case .softForGood: [.soft]
    case .ignored: [.ignored]
    case .pendingSoftHard: [.pending, .soft, .hard]
    }
  }

  private static let shares: [(SendingFate, Int)] = [
    (.sent, 68), (.pending, 9), (.bouncesLater, 5), (.bouncesAtOnce, 4), (.softThenSent, 4),
    (.softSentThenSent, 2), (.softSentThenHard, 2), (.softForGood, 2), (.ignored, 2),
    (.pendingSoftHard, 2),
  ]

  static func drawn(_ dice: inout Dice) -> SendingFate {
    var rest = dice.below(100)
    for (fate, share) in shares {
      if rest < share { return fate }
      rest -= share
    }
    return .sent
  }
}

/// A row of the tracking log: what one person did with one message.
struct TrackingRow: Sendable {
  var sending: Int
  /// 1, 10, 11: click; 2 open; 3 opt-out; 5 transaction; 6 mirror page.
  var type: Int
  var link: Int
  var flaw = Flaw.none
  var date: Int64

  private static let shares = [
    (2, 50), (1, 24), (10, 5), (11, 5), (6, 6), (3, 6), (5, 4),
  ]

  static func drawnType(_ dice: inout Dice) -> Int {
    var rest = dice.below(100)
    for (type, share) in shares {
      if rest < share { return type }
      rest -= share
    }
    return 2
  }

  static let links = [
    "https://www.example.org/offer", "https://www.example.org/p?id=42&utm=a;b,c",
    "https://shop.example.org/%C3%A9t%C3%A9?q=\"x\"&lang=fr",
    "https://www.example.org/p?x=<%= recipient.id %>#größe",
    "https://www.example.org/" + String(repeating: "path/", count: 130),
  ]
}
