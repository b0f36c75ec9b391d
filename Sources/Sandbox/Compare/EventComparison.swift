import Core

/// Compares what was exported with the activities in Dynamics, by the words of one job file.
///
/// - Shape: an activity is known by what it shows, never by its id: how ids are made is the tool's.
package struct EventComparison: Sendable {
  package var settings: EgressSettings
  /// How many ids of faults are kept.
  package var keyLimit = 20

  package init(_ settings: EgressSettings) { self.settings = settings }

  /// - Errors: `configuration` where the job names what Dynamics or the exports do not have.
  package func run(
    _ log: EventLog, against dataverse: DataverseService
  ) async throws(SyncError) -> EventComparisonResult {
    let (index, columns, limits) = try activityTable(dataverse.world.schema)
    let maker = ActivityMaker(
      settings: settings, limits: limits, zone: try .named(settings.files.timeZone),
      owner: await dataverse.userKey(dataverse.world.clients[0].id))
    let (events, passed) = try await log.candidates(maker)
    let presence = await dataverse.presence(events.map(\.contact))
    var result = EventComparisonResult(event: settings.event.rawValue, table: settings.table)
    (result.repeated, result.unmatched) = (passed.repeated, passed.unmatched)

    var matching = ActivityMatching(names: maker.names, keyLimit: keyLimit)
    for (event, presence) in zip(events, presence) {
      guard presence != .absent else {
        result.unmatched += 1
        continue
      }
      guard var activity = event.activity else {
        result.rejected += 1
        continue
      }
      // A contact that came back is written to afterwards where the job keeps its events.
      activity.isOptional = presence == .returned && settings.unmatched == .count
      matching.expect(activity)
      result.events += 1
    }
    var after: RowKey?
    while true {
      let slice = await dataverse.activities(of: index, columns, after: after, count: 5_000)
      guard let last = slice.last else { break }
      for (key, content) in slice {
        result.activities += 1
        matching.meet(key, content)
      }
      after = last.key
    }
    for content in await dataverse.buriedActivities(of: index, columns) {
      if matching.wasThere(content) { result.buried += 1 }
    }
    matching.finish(&result)
    return result
  }

  /// The table's place, the places of what is compared, and what its columns hold.
  private func activityTable(
    _ schema: DataverseSchema
  ) throws(SyncError) -> (Int, ActivityColumns, ActivityLimits) {
    guard let index = schema.table(settings.table), schema.tables[index].isActivity,
      schema.tables[index].isWritable
    else { throw refused("Dynamics has no activity table \(settings.table)") }
    let table = schema.tables[index]
    func place(_ name: String) throws(SyncError) -> Int {
      guard let place = table.position(logical: name) else {
        throw refused("\(settings.table) has no column \(name)")
      }
      return place
    }
    var columns = ActivityColumns(
      contact: try place("regardingobjectid"),
      times: [try place("actualend"), try place("sortdate")],
      texts: [try place("subject"), try place("statecode"), try place("ownerid")])
    if let at = settings.columns["at"] { columns.times.append(try place(at)) }
    var limits = ActivityLimits()
    for role in ActivityMaker.textRoles {
      guard let name = settings.columns[role] else { continue }
      let place = try place(name)
      columns.texts.append(place)
      switch table.columns[place].kind {
      case .string(let max, _), .memo(let max): limits.lengths[role] = max
      default: throw refused("\(name) of \(settings.table) holds no text")
      }
    }
    return (index, columns, limits)
  }

  private func refused(_ reason: String) -> SyncError {
    SyncError(
      .configuration, "compare \(settings.name)", reason, next: "compare another job, or mend it")
  }
}

/// Where an activity table has what is compared.
struct ActivityColumns: Sendable {
  var contact: Int
  var times: [Int]
  var texts: [Int]
}

// MARK: What the comparison asks of the stand-in

extension DataverseService {
  enum Presence: Sendable { case present, absent, returned }

  /// Whether contacts are there, and were so all the time.
  func presence(_ keys: [RowKey]) -> [Presence] {
    guard let contacts = index("contact") else { return keys.map { _ in .absent } }
    return keys.map { key in
      guard stores[contacts].row(key) != nil else { return .absent }
      return stores[contacts].cameLater(key) ? .returned : .present
    }
  }

  /// Activities by key, a slice at a time.
  func activities(
    of table: Int, _ columns: ActivityColumns, after last: RowKey?, count: Int
  ) -> [(key: RowKey, content: ActivityContent)] {
    stores[table].settle()
    var slice: [(key: RowKey, content: ActivityContent)] = []
    stores[table].forEach(from: last.map(GuidRank.init)) { (row: RowView) -> Bool in
      guard row.key != last else { return true }
      slice.append((row.key, content(columns) { row.value($0) }))
      return slice.count < count
    }
    return slice
  }

  /// Activities that went with what they were regarding.
  func buriedActivities(of table: Int, _ columns: ActivityColumns) -> [ActivityContent] {
    (buried[table] ?? []).map { row in content(columns) { row.values[$0] ?? .null } }
  }

  private func content(
    _ columns: ActivityColumns, _ value: (Int) -> FieldValue
  ) -> ActivityContent {
    func text(_ place: Int) -> String {
      switch value(place) {
      case .moment(let seconds): String(seconds)
      case .whole(let number): String(number)
      case .text(let text): text
      case .key(let key), .reference(let key, _): key.description
      default: ""
      }
    }
    return ActivityContent(
      contact: value(columns.contact).key ?? RowKey(high: 0, low: 0),
      times: columns.times.map(text), texts: columns.texts.map(text))
  }
}
