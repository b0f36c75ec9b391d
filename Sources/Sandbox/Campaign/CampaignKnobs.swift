import Core

/// What a test or an operator of the sandbox may turn while it runs.
package struct CampaignKnobs: Sendable, Equatable {
  /// Seconds.
  package var tokenLifetime = 86399
  package var expiresInMilliseconds = false
  /// Serve `denyList*` instead of `blackList*`.
  package var denyListNames = false
  /// The identification key refuses a second row with the same key.
  package var uniqueKeys = true
  /// The by-key filters of the extension exist.
  package var keyFilters = true
  /// A filter without its parameter finds everything instead of nothing.
  package var looseFilters = false
  /// *Create the Profiles & Services Ext API* was published.
  package var extensionPublished = true
  package var truncateLongText = false
  /// Rows from which on paging must be forced.
  package var bigTable = 100_000
  /// Another number makes every handle given so far unreadable.
  package var handleGeneration = 0
  /// Requests a minute and client; 0: no limit.
  package var requestsPerMinute = 0
  /// Seconds between two signals, and the status of a signal that comes too early.
  package var signalWindow = 600
  package var earlySignalStatus = 200
  package var showState = true
  package var showParameters = true
  /// Resources whose links are published anew: as 1 cardinality, or as 0 or 1 cardinality.
  package var oneCardinality: [String] = []
  package var zeroOrOneCardinality: [String] = []
  /// What happens to rows that point at a deleted one.
  ///
  /// - Shape: `cascade`, `clear`, `nothing`, or `asPublished`.
  package var whenTargetDeleted = "asPublished"
  /// How the change of a row that its missing parent hides is refused.
  package var hiddenStatus = 404

  /// How an import ends: `done`, `error`, `never`, `partial`.
  package var importEnd = "done"
  /// Rows after which a `partial` import stops in error.
  package var importRows = 1000
  /// Seconds from the signal to the first row.
  package var importDelay = 0
  package var checkColumns = true
  package var deleteSourceFiles = true
  package var optOutOnInsertOnly = true
  /// Load file takes ISO times, else Campaign's slashes.
  package var isoTimes = false

  package init() {}

  /// The values as one flat object.
  package var json: JSONValue {
    let flags = CampaignKnobs.flags.map { JSONValue.Member($0, .bool(self[keyPath: $1])) }
    let numbers = CampaignKnobs.numbers.map {
      JSONValue.Member($0, .number(String(self[keyPath: $1])))
    }
    let lists = CampaignKnobs.lists.map {
      JSONValue.Member($0, .array(self[keyPath: $1].map(JSONValue.string)))
    }
    let words = CampaignKnobs.words.map { name, path, _ in
      JSONValue.Member(name, .string(self[keyPath: path]))
    }
    return .object(flags + numbers + words + lists)
  }

  /// Sets what the object names; nothing where one of its members is wrong.
  package mutating func apply(_ json: JSONValue) throws(SyncError) {
    var next = self
    for member in json.members ?? [] {
      if let flag = CampaignKnobs.flags.first(where: { $0.0 == member.name }),
        let value = member.value.flag
      {
        next[keyPath: flag.1] = value
      } else if let number = CampaignKnobs.numbers.first(where: { $0.0 == member.name }),
        let value = member.value.integer, value >= 0
      {
        next[keyPath: number.1] = value
      } else if let word = CampaignKnobs.words.first(where: { $0.0 == member.name }),
        let value = member.value.text, word.2.contains(value)
      {
        next[keyPath: word.1] = value
      } else if let list = CampaignKnobs.lists.first(where: { $0.0 == member.name }),
        let values = member.value.items
      {
        next[keyPath: list.1] = values.compactMap(\.text)
      } else {
        throw SyncError(
          .configuration, "set the Campaign knob \(member.name)",
          "there is no such knob, or it does not take that value",
          next: "read the knobs first; their names and types are shown")
      }
    }
    self = next
  }

  private typealias Flag = WritableKeyPath<CampaignKnobs, Bool> & Sendable
  private typealias Number = WritableKeyPath<CampaignKnobs, Int> & Sendable
  private typealias Word = WritableKeyPath<CampaignKnobs, String> & Sendable
  private typealias List = WritableKeyPath<CampaignKnobs, [String]> & Sendable

  private static let flags: [(String, Flag)] = [
    ("expiresInMilliseconds", \.expiresInMilliseconds), ("denyListNames", \.denyListNames),
    ("uniqueKeys", \.uniqueKeys), ("keyFilters", \.keyFilters),
    ("looseFilters", \.looseFilters), ("extensionPublished", \.extensionPublished),
    ("truncateLongText", \.truncateLongText), ("showState", \.showState),
    ("showParameters", \.showParameters), ("checkColumns", \.checkColumns),
    ("deleteSourceFiles", \.deleteSourceFiles), ("optOutOnInsertOnly", \.optOutOnInsertOnly),
    ("isoTimes", \.isoTimes),
  ]

  private static let numbers: [(String, Number)] = [
    ("tokenLifetime", \.tokenLifetime), ("bigTable", \.bigTable),
    ("handleGeneration", \.handleGeneration), ("requestsPerMinute", \.requestsPerMinute),
    ("signalWindow", \.signalWindow), ("earlySignalStatus", \.earlySignalStatus),
    ("importRows", \.importRows), ("importDelay", \.importDelay),
    ("hiddenStatus", \.hiddenStatus),
  ]

  private static let words: [(String, Word, [String])] = [
    ("importEnd", \.importEnd, ["done", "error", "never", "partial"]),
    (
      "whenTargetDeleted", \.whenTargetDeleted, ["asPublished", "cascade", "clear", "nothing"]
    ),
  ]

  private static let lists: [(String, List)] = [
    ("oneCardinality", \.oneCardinality), ("zeroOrOneCardinality", \.zeroOrOneCardinality),
  ]
}

/// What the instance has counted since it started.
package struct CampaignMeters: Sendable, Equatable {
  /// In Adobe's units: insert 1; delete 1; update 2, or 1 if nothing changed.
  package var engineCalls = 0
  /// Requests behind the gateway, by method.
  package var requests: [String: Int] = [:]
  package var tokens = 0
  package var refused = 0
  package var inserts = 0
  package var updates = 0
  package var unchanged = 0
  package var deletes = 0
  package var signals = 0
  package var importedRows = 0
  package var rejectedRows = 0

  package init() {}

  package var httpCalls: Int { requests.values.reduce(0, +) }

  package var json: JSONValue {
    let methods = requests.sorted { $0.key < $1.key }.map {
      JSONValue.Member($0.key, .number(String($0.value)))
    }
    let counts = [
      ("engineCalls", engineCalls), ("httpCalls", httpCalls), ("tokens", tokens),
      ("refused", refused), ("inserts", inserts), ("updates", updates), ("unchanged", unchanged),
      ("deletes", deletes), ("signals", signals), ("importedRows", importedRows),
      ("rejectedRows", rejectedRows),
    ].map { JSONValue.Member($0, .number(String($1))) }
    return .object(counts + [JSONValue.Member("requests", .object(methods))])
  }
}
