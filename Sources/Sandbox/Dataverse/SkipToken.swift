import Core

/// Where a page ended: the cookie of `$skiptoken`, encoded three times as the service does.
///
/// - Shape: the state travels in the link, nothing is kept; a changed link is refused.
struct SkipToken: Sendable, Equatable {
  /// What the next page reads.
  enum Phase: String, Sendable {
    case rows = "r"
    /// Rows by version, where a tracked scan goes by that.
    case versions = "v"
    /// Rows written while a tracked scan was under way.
    case late = "l"
    case changes = "c"
    case deletions = "d"
  }

  var page: Int
  var phase = Phase.rows
  var isTracking = false
  /// Version at the start of a tracked scan, or that of the delta token.
  var since: Int64 = 0
  /// Versions above belong to the next delta.
  var upTo: Int64 = 0
  /// Deletions after this version have not been reported.
  var deletionsSince: Int64 = 0
  /// Last version that went out, in phases that go by version.
  var version: Int64 = 0
  /// Values of the sort columns of the last row.
  var values: [FieldValue] = []
  var first: RowKey
  var last: RowKey

  /// The row that went out last; nil where pages were empty up to now.
  var start: RowKey? { last == RowKey(high: 0, low: 0) ? nil : last }

  /// - Parameter query: the options of the request, which the link must not change.
  func text(primaryId: String, query: String) -> String {
    let state = state
    let check = SkipToken.check(state, query)
    let ids =
      "last=\"{\(last.description.uppercased())}\" first=\"{\(first.description.uppercased())}\""
    let inner =
      "<cookie page=\"\(page)\" state=\"\(state)\" check=\"\(check)\">"
      + "<\(primaryId) \(ids) /></cookie>"
    let middle = ODataURL.encode(inner)
    let outer =
      "<cookie pagenumber=\"\(page + 1)\" pagingcookie=\"\(ODataURL.encode(middle))\" "
      + "istracking=\"\(isTracking ? "True" : "False")\" />"
    // The pagingcookie is encoded already; what is left is the cookie around it.
    return outer.reduce(into: "") { text, character in
      switch character {
      case "<": text += "%3C"
      case ">": text += "%3E"
      case "\"": text += "%22"
      case " ": text += "%20"
      default: text.append(character)
      }
    }
  }

  private var state: String {
    var fields = [
      phase.rawValue, isTracking ? "1" : "0", String(page), String(since), String(upTo),
      String(deletionsSince), String(version), first.description, last.description,
    ]
    fields += values.map(SkipToken.text)
    return fields.map { ODataURL.encode($0) }.joined(separator: "!")
  }

  private static func check(_ state: String, _ query: String) -> String {
    String(mix(salt(state), salt(query)), radix: 16)
  }

  /// Reads the option's value as it was decoded once; nil where it is not one of ours.
  init?(_ text: String, primaryId: String, query: String) {
    guard text.hasPrefix("<cookie "), let cookie = SkipToken.attribute("pagingcookie", of: text),
      case let inner = ODataURL.decode(cookie, plusIsBlank: false),
      let state = SkipToken.attribute("state", of: inner),
      SkipToken.attribute("check", of: inner) == SkipToken.check(state, query),
      let number = SkipToken.attribute("pagenumber", of: text).flatMap({ Int($0) })
    else { return nil }
    let fields = state.split(separator: "!", omittingEmptySubsequences: false).map {
      ODataURL.decode($0, plusIsBlank: false)
    }
    guard fields.count >= 9, let phase = Phase(rawValue: fields[0]), let page = Int(fields[2]),
      let since = Int64(fields[3]), let upTo = Int64(fields[4]),
      let deletions = Int64(fields[5]), let version = Int64(fields[6]),
      let first = RowKey(fields[7]), let last = RowKey(fields[8]), number == page + 1
    else { return nil }
    self.init(
      page: page, phase: phase, isTracking: fields[1] == "1", since: since, upTo: upTo,
      deletionsSince: deletions, version: version,
      values: fields.dropFirst(9).map(SkipToken.value), first: first, last: last)
    let link = self.text(primaryId: primaryId, query: query)
    guard ODataURL.decode(link, plusIsBlank: false) == text else { return nil }
  }

  init(
    page: Int, phase: Phase = .rows, isTracking: Bool = false, since: Int64 = 0, upTo: Int64 = 0,
    deletionsSince: Int64 = 0, version: Int64 = 0, values: [FieldValue] = [],
    first: RowKey = RowKey(high: 0, low: 0), last: RowKey = RowKey(high: 0, low: 0)
  ) {
    self.page = page
    self.phase = phase
    self.isTracking = isTracking
    self.since = since
    self.upTo = upTo
    self.deletionsSince = deletionsSince
    self.version = version
    self.values = values
    self.first = first
    self.last = last
  }

  private static func attribute(_ name: String, of text: String) -> String? {
    guard let start = text.firstRange(of: " \(name)=\"") else { return nil }
    let rest = text[start.upperBound...]
    return rest.firstIndex(of: "\"").map { String(rest[..<$0]) }
  }

  private static func text(_ value: FieldValue) -> String {
    switch value {
    case .null: "0"
    case .bool(let flag): flag ? "b1" : "b0"
    case .whole(let number): "w\(number)"
    case .number(let text): "n\(text)"
    case .text(let text): "t\(text)"
    case .moment(let seconds): "m\(seconds)"
    case .day(let day): "d\(day)"
    case .key(let key), .reference(let key, _): "k\(key)"
    }
  }

  private static func value(_ text: String) -> FieldValue {
    let rest = String(text.dropFirst())
    switch text.first {
    case "b": return .bool(rest == "1")
    case "w": return .whole(Int64(rest) ?? 0)
    case "n": return .number(rest)
    case "t": return .text(rest)
    case "m": return .moment(Int64(rest) ?? 0)
    case "d": return .day(Int(rest) ?? 0)
    case "k": return RowKey(rest).map { .key($0) } ?? .null
    default: return .null
    }
  }
}
