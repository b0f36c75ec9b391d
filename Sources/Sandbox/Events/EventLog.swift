import Core

/// The sending and tracking logs of the sandbox's Campaign, and every export of them so far.
///
/// - Shape: lives as long as the world; the same calls on the same world with the same seed write the
///   same rows.
package actor EventLog {
  private(set) var records = EventRecords()
  private(set) var files: [ExportedFile] = []
  private let storage: StorageFolder?
  private let clock: SandboxClock
  /// When the last export ran, in seconds; and that of each log.
  private var last: Int64?
  private var through: [EventKind: Int64] = [:]
  /// Sendings whose state has not come to its end.
  private var unsettled: [Int] = []
  private var calls: UInt64 = 0

  package init(home: String?, clock: SandboxClock) {
    storage = home.map { StorageFolder(root: $0 + "/d365_loads") }
    self.clock = clock
  }

  /// Lets things happen, and writes what Campaign's workflows would export of them.
  ///
  /// - Errors: `configuration` where the order cannot be carried out; nothing happened then.
  package func export(
    _ order: ExportOrder, contacts: DataverseService
  ) async throws(SyncError) -> [ExportedFile] {
    guard let storage else { throw .events("there is no storage") }
    switch order.fault {
    case .finish: return try finish(order, storage)
    case .replace:
      let people = try await People(order, calls, contacts)
      return try replace(order, people, storage)
    default: break
    }
    var people = try await People(order, calls, contacts)
    calls += 1
    var written: [ExportedFile] = []
    for (index, moment) in moments(order.files).enumerated() {
      var dice = Dice(mix(order.seed, calls << 20 | UInt64(index)))
      let window = EventWindow(
        start: last ?? moment - 3600, end: moment, repeats: order.isPlain ? 0 : order.repeats)
      if order.fault != .empty {
        let share = order.events / order.files
        let count = index == 0 ? order.events - share * (order.files - 1) : share
        settle(order, window, &dice)
        happen(order, count, isFirst: index == 0, window, &people, &dice)
      }
      for kind in order.kinds { written.append(try write(kind, order, moment, storage)) }
      last = moment
    }
    return written
  }

  /// One a file, whole seconds, later than every earlier one.
  private func moments(_ count: Int) -> [Int64] {
    let now = clock.now.seconds
    guard let last else { return (1...count).map { now - Int64(count - $0) * 3600 } }
    let span = max(now - last, Int64(count))
    return (1...count).map { last + span * Int64($0) / Int64(count) }
  }

  // MARK: what happens

  private func happen(
    _ order: ExportOrder, _ count: Int, isFirst: Bool, _ window: EventWindow,
    _ people: inout People, _ dice: inout Dice
  ) {
    if isFirst || records.deliveries.isEmpty {
      for _ in 0..<max(order.deliveries, records.deliveries.isEmpty ? 1 : 0) {
        records.deliveries.append(Delivery(records.deliveries.count, isPlain: order.isPlain))
      }
    }
    let hasSendings = order.kinds.contains(.sending)
    let hasTracking = order.kinds.contains(.tracking)
    let trackings = hasTracking ? (hasSendings ? count / 2 : count) : 0
    // Whoever opens was sent something, even where the sending log is not exported this time.
    let sendings = hasSendings ? count - trackings : max(order.deletedContacts, count / 4 + 1)
    let firstSending = records.sendings.count
    for number in 0..<sendings {
      let isGone = isFirst && number < order.deletedContacts
      addSending(order, window, isGone: isGone, &people, &dice)
      guard isFirst, hasSendings, !isGone else { continue }
      records.sendings[firstSending + number].flaw = order.flaw(of: number)
    }
    for number in 0..<trackings {
      let isGone = isFirst && number < order.deletedContacts
      let sending =
        isGone
        ? firstSending + number
        : delivered(from: order.isPlain ? firstSending + order.deletedContacts : 0, &dice)
      guard let sending else { continue }
      let type =
        order.types.isEmpty
        ? TrackingRow.drawnType(&dice) : order.types[number % order.types.count]
      var row = TrackingRow(
        sending: sending, type: type, link: dice.below(TrackingRow.links.count),
        date: window.moment(&dice))
      if isFirst, !isGone { row.flaw = order.flaw(of: number) }
      records.tracking.append(row)
    }
  }

  /// What was pending is sent, what was sent bounces.
  private func settle(_ order: ExportOrder, _ window: EventWindow, _ dice: inout Dice) {
    guard !order.isPlain else { return }
    for index in unsettled where dice.percent(75) {
      records.sendings[index].step += 1
      records.sendings[index].modified = window.moment(&dice)
      records.sendings[index].date = records.sendings[index].modified
    }
    unsettled.removeAll { records.sendings[$0].isSettled }
  }

  private func addSending(
    _ order: ExportOrder, _ window: EventWindow, isGone: Bool, _ people: inout People,
    _ dice: inout Dice
  ) {
    let newest = max(order.deliveries, 1)
    let first = max(0, records.deliveries.count - newest)
    var delivery = first + dice.below(records.deliveries.count - first)
    let emails = (first..<records.deliveries.count).filter {
      records.deliveries[$0].channel == .email
    }
    if !emails.isEmpty, isGone || order.isPlain || dice.percent(70) {
      delivery = emails[dice.below(emails.count)]
    }
    let modified = window.moment(&dice)
    let isCalm = order.isPlain || isGone
    let sending = Sending(
      delivery: delivery, recipient: people.next(isGone: isGone, isPlain: isCalm, &dice),
      fate: isCalm ? .sent : SendingFate.drawn(&dice), date: modified, modified: modified)
    if !sending.isSettled { unsettled.append(records.sendings.count) }
    records.sendings.append(sending)
  }

  /// A message that arrived, the younger the likelier.
  private func delivered(from first: Int, _ dice: inout Dice) -> Int? {
    guard first < records.sendings.count else { return nil }
    for _ in 0..<64 {
      let count = records.sendings.count - first
      let back = dice.below(1 + dice.below(count))
      let index = records.sendings.count - 1 - back
      if records.sendings[index].state.status == 1 { return index }
    }
    return nil
  }

  // MARK: files

  private func write(
    _ kind: EventKind, _ order: ExportOrder, _ moment: Int64, _ storage: StorageFolder
  ) throws(SyncError) -> ExportedFile {
    var file = ExportedFile(
      name: name(kind, order, moment), kind: kind, dialect: order.dialect, rows: [])
    file.isBlank = order.fault == .empty
    if !file.isBlank {
      select(kind, since: through[kind], upTo: moment * 1000, &file)
      through[kind] = moment
    }
    let bytes = try self.bytes(of: file)
    if order.fault == .half {
      let cut = EventLog.half(of: bytes, kind, isPacked: order.dialect.isPacked)
      file.missing = Array(bytes[cut...])
      try storage.begin(Array(bytes[..<cut]), as: file.name)
    } else {
      try storage.write(bytes, as: file.name)
      try storage.setAge(order.age, of: file.name)
    }
    files.append(file)
    return file
  }

  /// The rows of the incremental query: changed at its last run or later.
  private func select(
    _ kind: EventKind, since: Int64?, upTo limit: Int64, _ file: inout ExportedFile
  ) {
    let from = since.map { $0 * 1000 } ?? .min
    switch kind {
    case .sending:
      for (index, row) in records.sendings.enumerated()
      where row.modified >= from && row.modified <= limit {
        file.rows.append(
          ExportedRow(index: index, state: row.state, date: row.date, modified: row.modified))
        if row.modified == from { file.repeated += 1 } else if row.step > 0 { file.changed += 1 }
      }
    case .tracking:
      for (index, row) in records.tracking.enumerated() where row.date >= from && row.date <= limit
      {
        file.rows.append(
          ExportedRow(index: index, state: .sent, date: row.date, modified: row.date))
        if row.date == from { file.repeated += 1 }
      }
    }
  }

  /// `exports/sending_20260203_090000.csv`.
  private func name(_ kind: EventKind, _ order: ExportOrder, _ moment: Int64) -> String {
    let stamp = CalendarText.moment(moment).filter(\.isNumber)
    let end = order.dialect.isPacked ? ".csv.gz" : ".csv"
    return "\(order.folder)/\(kind.rawValue)_\(stamp.prefix(8))_\(stamp.dropFirst(8))\(end)"
  }

  /// Where an upload broke off: in a line of the sending log, behind one of the tracking log.
  private static func half(of bytes: [UInt8], _ kind: EventKind, isPacked: Bool) -> Int {
    let middle = bytes.count / 2
    guard !isPacked, let end = bytes[..<middle].lastIndex(of: 0x0A), end > 2 else { return middle }
    return kind == .tracking ? end + 1 : end - 1
  }

  private func finish(
    _ order: ExportOrder, _ storage: StorageFolder
  ) throws(SyncError) -> [ExportedFile] {
    var finished: [ExportedFile] = []
    for index in files.indices where !files[index].isWhole {
      try storage.extend(files[index].name, by: files[index].missing)
      try storage.setAge(order.age, of: files[index].name)
      files[index].missing = []
      finished.append(files[index])
    }
    guard !finished.isEmpty else { throw .events("no file is half-uploaded; --half makes one") }
    return finished
  }

  /// Writes the last file of each log again under its name: other rows first, then those it had.
  private func replace(
    _ order: ExportOrder, _ people: People, _ storage: StorageFolder
  ) throws(SyncError) -> [ExportedFile] {
    let places = order.kinds.compactMap { kind in
      files.lastIndex { $0.kind == kind && $0.isWhole && !$0.isBlank }
    }
    guard let last, places.count == order.kinds.count else {
      throw .events("there is no file of each log yet that could be replaced")
    }
    calls += 1
    var people = people
    var dice = Dice(mix(order.seed, calls << 20))
    let before = (records.sendings.count, records.tracking.count)
    // A moment before the export: no later export has these rows again.
    let window = EventWindow(start: last - 1, end: last, repeats: 0)
    happen(order, order.events, isFirst: true, window, &people, &dice)
    return try places.map { place throws(SyncError) in
      let new: [ExportedRow] =
        files[place].kind == .sending
        ? records.sendings.enumerated().dropFirst(before.0).map {
          ExportedRow(index: $0, state: $1.state, date: $1.date, modified: $1.modified)
        }
        : records.tracking.enumerated().dropFirst(before.1).map {
          ExportedRow(index: $0, state: .sent, date: $1.date, modified: $1.date)
        }
      files[place].rows = new + files[place].rows
      try storage.write(try bytes(of: files[place]), as: files[place].name)
      try storage.setAge(order.age, of: files[place].name)
      return files[place]
    }
  }
}

/// The time between two exports.
struct EventWindow {
  var start: Int64
  var end: Int64
  var repeats: Int

  /// Milliseconds since 1970: behind the start and before the end, or the end itself.
  func moment(_ dice: inout Dice) -> Int64 {
    let isBoundary = dice.percent(repeats)
    let span = max(1, Int((end - start) * 1000) - 1)
    let moment = start * 1000 + 1 + Int64(dice.below(span))
    return isBoundary ? end * 1000 : moment
  }
}

extension ExportOrder {
  /// The flaws of the first new rows, behind those of deleted contacts.
  func flaw(of number: Int) -> Flaw {
    let place = number - deletedContacts
    if place < 0 { return .none }
    if place < tooLong { return .tooLong }
    return place < tooLong + brokenDates ? .brokenDate : .none
  }
}

extension SyncError {
  static func events(_ reason: String) -> SyncError {
    SyncError(
      .configuration, "export events", reason,
      next: "`campaign-sync-sandbox export-events --help` names what there is")
  }
}
