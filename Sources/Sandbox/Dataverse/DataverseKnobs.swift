import Core

/// What an operator of the stand-in can turn while it runs.
package struct DataverseKnobs: Sendable, Equatable {
  package enum LinkPosition: String, Sendable { case alternate, before, after }
  package enum TokenMark: String, Sendable { case start, end }
  /// Taken; or the metadata says that it is not valid for create, and it is left out or refused.
  package enum ActivityState: String, Sendable { case create, ignore, reject }
  package enum RefusalBody: String, Sendable { case empty, html, json }
  package enum TrackedOrder: String, Sendable { case key, version }

  // Identity
  package var tokenLifetime = 3599
  /// The one environment that tokens are given for; empty: any.
  package var audience = ""
  package var secretExpired = false
  package var unauthorizedBody = RefusalBody.html
  /// Client ids without an application user here.
  package var strangers: [String] = []
  /// Privileges that every application user lacks: `prvReadContact`.
  package var missingPrivileges: [String] = []
  /// False: the privilege to read reaches a user's own rows only.
  ///
  /// Reads return no others, and change tracking is refused.
  package var readsWholeOrganization = true
  /// Reads, tracked ones too, leave out other owners' rows; the privilege still looks whole.
  package var hidesOtherOwners = false
  /// The tables that the two above are about; none: all whose rows have owners.
  package var narrowTables: [String] = []
  /// Another number is another environment behind the same address: its OrganizationId differs.
  package var organization = 1

  // Answers
  package var maxPageSize = 5000
  package var shufflesColumns = true
  package var links = LinkPosition.alternate
  package var escapesNonASCII = false
  /// A full last page still has a next link, and an empty page follows.
  package var emptyLastPage = false
  package var gzip = true
  package var keepsPages = false
  package var staleTotals = false
  /// `gt`, `ge`, `lt` and `le` of a guid are a 400; `eq`, lists of keys and reads by id are not.
  package var rejectsGuidRanges = false
  /// The order of rows and of next links where a guid decides it.
  package var guidSort = GuidOrder.sql
  /// The order in which filters compare guids; another than that of the rows is the worst lie.
  package var guidFilter = GuidOrder.sql
  /// Of a hundred pages, how many have fewer rows than were asked for, and a next link all the same.
  package var shortPages = 0
  /// How many have none; at most 90.
  package var emptyPages = 0

  // Others who write while somebody reads
  /// So many mutations to come, one after every `mutateEvery`-th page of `mutateTable`.
  package var mutations = 0
  package var mutateEvery = 1
  package var mutateTable = "contact"
  package var mutateSeed = 1
  /// Rows of each mutation.
  package var mutateCreates = 1
  package var mutateUpdates = 1
  package var mutateDeletes = 1
  package var mutateRecreates = 0

  // Change tracking
  package var untracked: [String] = []
  package var tokenMarks = TokenMark.start
  /// By version: a row that changes during the scan leaves its place and comes in the delta.
  package var trackedOrder = TrackedOrder.key
  package var expiryDays = 7
  package var expiredStatus = 400
  /// A delta token goes with the `$select` of its scan alone; `$count` with a token stays allowed.
  package var rejectsOtherSelect = false
  package var reportsRecreatedDeletion = false

  // Writes
  package var withoutBulk: [String] = []
  package var hasUpsertMultiple = true
  package var failsRepeatedTargets = true
  /// Tables whose rows go with the row that a lookup of theirs points at.
  package var cascadeDeletes: [String] = []
  /// Tables whose lookups are emptied then; of neither kind: the lookup dangles.
  package var removeLinks: [String] = []
  /// What becomes of a state that the create of an activity sends.
  package var activityState = ActivityState.create
  /// `regardingobjectid_contact` also means the lookup of a concrete activity table.
  package var acceptsBareRegarding = false
  /// The status where a lookup is bound to a row that is not there: 404, in some versions 400.
  package var missingTargetStatus = 404

  // Limits
  package var limitsEnabled = true
  package var requestLimit = 6000
  package var executionLimit = 1_200_000
  package var concurrencyLimit = 52
  package var windowSeconds = 300
  /// The window, and every wait that is asked for, are multiplied by this.
  package var timeScale = 1.0
  package var servers = 1
  package var dopHint = 4
  package var retryAfterSeconds = 5
  package var retryAfterIsDate = false
  package var decimalCodes = false
  package var requestCost = 20
  package var rowCostMicroseconds = 200
  package var cellCostMicroseconds = 8
  package var writeCost = 15
  /// For each row of a CreateMultiple, UpdateMultiple or UpsertMultiple.
  package var bulkWriteCost = 5
  /// What a create costs more where a process runs at each: Campaign's package ships two.
  package var workflowCost = 30
  /// The tables whose processes are active.
  package var workflowTables = ["adobe_campaignemailclick", "adobe_campaignemailbounce"]
  /// So many operations in batches to come are answered with 429, each alone.
  package var throttledParts = 0
  /// So many PATCHes to come with an etag find that somebody else wrote the row just before.
  package var staleWrites = 0
  /// Real milliseconds that a request is under way for each modelled one; 0: as fast as it goes.
  ///
  /// Equal to `timeScale`, the whole model runs at one speed.
  package var pace = 0.0

  package init() {}
}

extension DataverseKnobs {
  private enum Slot: Sendable {
    case flag(WritableKeyPath<DataverseKnobs, Bool> & Sendable)
    case number(WritableKeyPath<DataverseKnobs, Int> & Sendable)
    case fraction(WritableKeyPath<DataverseKnobs, Double> & Sendable)
    case text(WritableKeyPath<DataverseKnobs, String> & Sendable)
    case texts(WritableKeyPath<DataverseKnobs, [String]> & Sendable)
    case links, mark, refusal, state, trackedOrder
    case guids(WritableKeyPath<DataverseKnobs, GuidOrder> & Sendable)
  }

  private static let slots: [(String, Slot)] = [
    ("tokenLifetime", .number(\.tokenLifetime)), ("audience", .text(\.audience)),
    ("secretExpired", .flag(\.secretExpired)), ("unauthorizedBody", .refusal),
    ("strangers", .texts(\.strangers)), ("missingPrivileges", .texts(\.missingPrivileges)),
    ("readsWholeOrganization", .flag(\.readsWholeOrganization)),
    ("hidesOtherOwners", .flag(\.hidesOtherOwners)), ("narrowTables", .texts(\.narrowTables)),
    ("organization", .number(\.organization)),
    ("maxPageSize", .number(\.maxPageSize)), ("shufflesColumns", .flag(\.shufflesColumns)),
    ("links", .links), ("escapesNonASCII", .flag(\.escapesNonASCII)),
    ("emptyLastPage", .flag(\.emptyLastPage)), ("gzip", .flag(\.gzip)),
    ("keepsPages", .flag(\.keepsPages)), ("staleTotals", .flag(\.staleTotals)),
    ("rejectsGuidRanges", .flag(\.rejectsGuidRanges)), ("guidSort", .guids(\.guidSort)),
    ("guidFilter", .guids(\.guidFilter)), ("shortPages", .number(\.shortPages)),
    ("emptyPages", .number(\.emptyPages)), ("mutations", .number(\.mutations)),
    ("mutateEvery", .number(\.mutateEvery)), ("mutateTable", .text(\.mutateTable)),
    ("mutateSeed", .number(\.mutateSeed)), ("mutateCreates", .number(\.mutateCreates)),
    ("mutateUpdates", .number(\.mutateUpdates)), ("mutateDeletes", .number(\.mutateDeletes)),
    ("mutateRecreates", .number(\.mutateRecreates)), ("trackedOrder", .trackedOrder),
    ("untracked", .texts(\.untracked)),
    ("tokenMarks", .mark), ("expiryDays", .number(\.expiryDays)),
    ("expiredStatus", .number(\.expiredStatus)),
    ("rejectsOtherSelect", .flag(\.rejectsOtherSelect)),
    ("reportsRecreatedDeletion", .flag(\.reportsRecreatedDeletion)),
    ("withoutBulk", .texts(\.withoutBulk)), ("hasUpsertMultiple", .flag(\.hasUpsertMultiple)),
    ("failsRepeatedTargets", .flag(\.failsRepeatedTargets)),
    ("cascadeDeletes", .texts(\.cascadeDeletes)), ("removeLinks", .texts(\.removeLinks)),
    ("activityState", .state), ("acceptsBareRegarding", .flag(\.acceptsBareRegarding)),
    ("missingTargetStatus", .number(\.missingTargetStatus)),
    ("limitsEnabled", .flag(\.limitsEnabled)), ("requestLimit", .number(\.requestLimit)),
    ("executionLimit", .number(\.executionLimit)),
    ("concurrencyLimit", .number(\.concurrencyLimit)),
    ("windowSeconds", .number(\.windowSeconds)), ("timeScale", .fraction(\.timeScale)),
    ("servers", .number(\.servers)), ("dopHint", .number(\.dopHint)),
    ("retryAfterSeconds", .number(\.retryAfterSeconds)),
    ("retryAfterIsDate", .flag(\.retryAfterIsDate)), ("decimalCodes", .flag(\.decimalCodes)),
    ("requestCost", .number(\.requestCost)),
    ("rowCostMicroseconds", .number(\.rowCostMicroseconds)),
    ("cellCostMicroseconds", .number(\.cellCostMicroseconds)),
    ("writeCost", .number(\.writeCost)), ("bulkWriteCost", .number(\.bulkWriteCost)),
    ("workflowCost", .number(\.workflowCost)), ("workflowTables", .texts(\.workflowTables)),
    ("throttledParts", .number(\.throttledParts)),
    ("staleWrites", .number(\.staleWrites)), ("pace", .fraction(\.pace)),
  ]

  /// Every knob by its name.
  package var json: JSONValue {
    .object(
      DataverseKnobs.slots.map { name, slot in
        let value: JSONValue =
          switch slot {
          case .flag(let path): .bool(self[keyPath: path])
          case .number(let path): .number(String(self[keyPath: path]))
          case .fraction(let path): .number("\(self[keyPath: path])")
          case .text(let path): .string(self[keyPath: path])
          case .texts(let path): .array(self[keyPath: path].map(JSONValue.string))
          case .links: .string(links.rawValue)
          case .mark: .string(tokenMarks.rawValue)
          case .refusal: .string(unauthorizedBody.rawValue)
          case .state: .string(activityState.rawValue)
          case .trackedOrder: .string(trackedOrder.rawValue)
          case .guids(let path): .string(self[keyPath: path].rawValue)
          }
        return .init(name, value)
      })
  }

  /// These knobs with those of `json` turned; nil where a name or a type is unknown.
  package func with(_ json: JSONValue) -> DataverseKnobs? {
    var knobs = self
    for member in json.members ?? [] {
      guard let slot = DataverseKnobs.slots.first(where: { $0.0 == member.name })?.1,
        knobs.turn(slot, to: member.value)
      else { return nil }
    }
    return knobs
  }

  private mutating func turn(_ slot: Slot, to value: JSONValue) -> Bool {
    switch slot {
    case .flag(let path): set(path, value.flag)
    case .number(let path): set(path, value.integer)
    case .fraction(let path):
      if case .number(let text) = value { set(path, Double(text)) } else { false }
    case .text(let path): set(path, value.text)
    case .texts(let path): set(path, value.items.map { $0.compactMap(\.text) })
    case .links: set(\.links, value.text.flatMap(LinkPosition.init(rawValue:)))
    case .mark: set(\.tokenMarks, value.text.flatMap(TokenMark.init(rawValue:)))
    case .refusal: set(\.unauthorizedBody, value.text.flatMap(RefusalBody.init(rawValue:)))
    case .state: set(\.activityState, value.text.flatMap(ActivityState.init(rawValue:)))
    case .trackedOrder: set(\.trackedOrder, value.text.flatMap(TrackedOrder.init(rawValue:)))
    case .guids(let path): set(path, value.text.flatMap(GuidOrder.init(rawValue:)))
    }
  }

  private mutating func set<Value>(
    _ path: WritableKeyPath<DataverseKnobs, Value>, _ value: Value?
  ) -> Bool {
    guard let value else { return false }
    self[keyPath: path] = value
    return true
  }
}
