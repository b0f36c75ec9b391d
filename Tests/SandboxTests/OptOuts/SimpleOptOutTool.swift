import Core
import Sandbox

/// A slow and obvious opt-out job: reads the files that it has not read, and decides about everybody.
struct SimpleOptOutTool {
  struct Seen {
    var isOut: Bool
    /// Seconds; nil: unknown.
    var at: Int64?
    /// An export before this one showed it otherwise, or at another time.
    var isChange = false
    var isNew = true
  }

  let world: ConsentWorld
  let direction: OptOutSettings.Direction
  /// Spoils the rule: an equal second counts as newer, and an unknown time too.
  var isCareless = false
  private var read: Set<String> = []
  private var seen: [String: Seen] = [:]
  private static let pairs = [
    (column: "donotbulkemail", place: 1, isInverted: false),
    (column: "followemail", place: 6, isInverted: true),
  ]

  init(_ world: ConsentWorld, _ direction: OptOutSettings.Direction) {
    (self.world, self.direction) = (world, direction)
  }

  mutating func run() async throws {
    // What is published later is read later, whatever its name says.
    for name in world.storage.names("exports") where read.insert(name).inserted {
      let text = world.storage.read("exports/" + name) ?? ""
      for line in text.split(separator: "\n").dropFirst() {
        take(line.split(separator: ";", omittingEmptySubsequences: false))
      }
    }
    for key in world.keys {
      for pair in Self.pairs { try await decide(key, pair) }
    }
  }

  private mutating func take(_ fields: [Substring]) {
    for place in Self.pairs.map(\.place) where !fields[1 + place * 2].isEmpty {
      let name = "\(fields[0]) \(place)"
      let isOut = fields[1 + place * 2] == "true"
      let at = CalendarText.parse(moment: fields[2 + place * 2])
      guard let known = seen[name] else {
        seen[name] = Seen(isOut: isOut, at: at)
        continue
      }
      if let at, let old = known.at {
        if at > old { seen[name] = Seen(isOut: isOut, at: at, isChange: true) }
      } else if known.isOut != isOut || at != nil && known.at == nil {
        seen[name] = Seen(isOut: isOut, at: at, isChange: at != nil && known.isOut != isOut)
      }
    }
  }

  private mutating func decide(
    _ key: RowKey, _ pair: (column: String, place: Int, isInverted: Bool)
  ) async throws {
    guard let row = await world.world.dataverse.row(key, of: "contact"),
      let profile = await world.world.campaign.optOuts(of: [key])[0],
      let flag = row[pair.column]?.flag
    else { return }
    let name = "\(key) \(pair.place)"
    let (isOut, there) = (flag != pair.isInverted, profile.value(pair.place))
    let known = seen[name].flatMap { $0.isOut == there ? $0 : nil }
    let modified = CalendarText.parse(moment: row["modifiedon"]?.text ?? "") ?? 0
    let isNewer =
      isCareless ? (known?.at ?? .max) >= modified : known?.at.map { $0 > modified } ?? false
    switch direction {
    case .bidirectional where isNewer:
      if isOut != there { try await write(key, pair, there) }
    case .bidirectional where isOut || there:
      if !isOut { try await write(key, pair, true) }
      let attribute = "blackList" + OptOutSettings.attributes[pair.place].dropFirst(8)
      if !there { try await world.patch(profile: key, .object([.init(attribute, true)])) }
    case .campaignToDynamics:
      guard let known, known.isNew else { return }
      seen[name]?.isNew = false
      let isAllowed = there || known.at != nil && known.isChange || isNewer
      if isOut != there, isAllowed { try await write(key, pair, there) }
    default: break
    }
  }

  private func write(
    _ key: RowKey, _ pair: (column: String, place: Int, isInverted: Bool), _ isOut: Bool
  ) async throws {
    let body: JSONValue = .object([.init(pair.column, .bool(isOut != pair.isInverted))])
    try await world.patch(contact: key, body)
  }
}
