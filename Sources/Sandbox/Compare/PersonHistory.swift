import Core

/// What an export showed of one attribute of one person.
struct OptOutObservation: Sendable {
  var isOut: Bool
  /// Nil: the export does not say it, or not so that it can be read as one moment.
  var at: Instant?
  /// Marks of the history: when the rows were read, and when the file was there.
  var built: Int
  var published: Int
}

/// One person's consent on both sides, now and at every moment before.
struct PersonHistory: Sendable {
  struct State: Sendable {
    /// As the side has it; nil: null, or no such row.
    var value: Bool?
    /// Dynamics' `modifiedon`, or the attribute's time in Campaign.
    var time: Instant?
  }

  /// With their places in the history.
  var changes: [(mark: Int, change: ConsentChange)] = []
  var contact: DataverseService.ConsentRow?
  var profile: OptOutRow?
  /// In the order in which they were published.
  var exports: [(file: OptOutFileView, row: ExportedOptOut)] = []

  func dynamics(_ column: Int, at mark: Int = .max) -> State {
    if let next = next(.dynamics, column, from: mark) {
      return State(value: next.old, time: next.before)
    }
    return State(value: contact?.values[column] ?? nil, time: contact?.modified)
  }

  func campaign(_ place: Int, at mark: Int = .max) -> State {
    if let next = next(.campaign, place, from: mark) {
      return State(value: next.old, time: next.before)
    }
    return State(value: profile?.value(place), time: profile?.times[place])
  }

  private func next(_ side: ConsentChange.Side, _ place: Int, from mark: Int) -> ConsentChange? {
    changes.first { $0.mark >= mark && $0.change.side == side && $0.change.place == place }?.change
  }

  /// The last change before a moment.
  func last(
    _ side: ConsentChange.Side, _ place: Int, before mark: Int = .max
  ) -> (mark: Int, change: ConsentChange)? {
    changes.last { $0.mark < mark && $0.change.side == side && $0.change.place == place }
  }

  /// What exports that were there at a moment show of an attribute.
  func observations(_ place: Int, at mark: Int = .max) -> [OptOutObservation] {
    exports.compactMap { file, exported in
      guard file.published <= mark, exported.flaw != .emptyValue else { return nil }
      let time = exported.flaw == .none ? exported.row.times[place] : nil
      return OptOutObservation(
        isOut: exported.row.value(place), at: time.flatMap(file.reads), built: file.built,
        published: file.published)
    }
  }
}

/// A published file as a job reads it.
struct OptOutFileView: Sendable {
  var built: Int
  var published: Int
  private let dialect: ExportDialect
  private let zone: ZoneRules

  init?(_ file: OptOutFile, zone: ZoneRules) {
    guard let published = file.published else { return nil }
    (built, self.published, dialect, self.zone) = (file.built, published, file.dialect, zone)
  }

  /// The one moment that the text of a time means; nil where it may mean none or two.
  func reads(_ time: Instant) -> Instant? {
    let isWhole = !dialect.hasFraction || dialect.dates == .slashes
    let rest = isWhole ? 0 : time.milliseconds - time.seconds * 1000
    guard !dialect.saysZone else { return Instant(milliseconds: time.seconds * 1000 + rest) }
    let moments = zone.moments(local: time.seconds + dialect.zone.offset(at: time.seconds))
    guard moments.count == 1 else { return nil }
    return Instant(milliseconds: moments[0] * 1000 + rest)
  }
}

// MARK: What the comparison asks of the stand-in

extension DataverseService {
  /// A contact's booleans, by column.
  struct ConsentRow: Sendable {
    var values: [Int: Bool?]
    var modified: Instant?
  }

  func consentRows(_ keys: [RowKey]) -> [ConsentRow?] {
    keys.map { key in
      guard let row = stores[consents.table].row(key) else { return nil }
      let pairs = consents.columns.map { ($0, row.value($0).flag) }
      return ConsentRow(
        values: Dictionary(uniqueKeysWithValues: pairs),
        modified: row.value(wire: "modifiedon").seconds.map { Instant(seconds: $0) })
    }
  }
}
