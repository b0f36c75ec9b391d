import Core

/// What was exported, read again for one job.
extension EventLog {
  /// One exported row that is an event of the job, before Dynamics was asked about its contact.
  struct Candidate: Sendable {
    var contact: RowKey
    /// Nil: it must be refused.
    var activity: ExpectedActivity?
  }

  /// Every event of the job once, in the order in which it was exported.
  ///
  /// - Errors: `configuration` where a file that the job takes lacks a column that it names.
  func candidates(
    _ maker: ActivityMaker
  ) throws(SyncError) -> (events: [Candidate], passed: PassedOver) {
    var passed = PassedOver()
    var seen: Set<ContentDigest> = []
    var events: [Candidate] = []
    let pattern = Array(maker.settings.files.pattern.utf8)
    for file in files where file.isWhole && !file.isBlank {
      guard EventLog.takes(file.name, pattern) else { continue }
      let reader = try Reader(maker, file, records)
      for row in file.rows {
        guard reader.qualifies(row) else {
          passed.others += 1
          continue
        }
        let texts = reader.texts(row)
        guard let contact = RowKey(texts["contact"] ?? "") else {
          passed.unmatched += 1
          continue
        }
        var digest = ContentDigest()
        for role in ["id", "delivery"] { digest.add(texts[role] ?? "") }
        digest.add(contact)
        guard seen.insert(digest).inserted else {
          passed.repeated += 1
          continue
        }
        let activity = maker.activity(
          of: contact, id: texts["id"] ?? "", texts: texts, moments: reader.moments(row))
        events.append(Candidate(contact: contact, activity: activity))
      }
    }
    return (events, passed)
  }

  /// A pattern takes the packed files of its names too.
  static func takes(_ name: String, _ pattern: [UInt8]) -> Bool {
    let bare = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    return [name, bare].contains { StorageFolder.matches(Array($0.utf8)[...], pattern[...]) }
  }

  /// One file through the eyes of one job.
  private struct Reader {
    private let file: ExportedFile
    private let records: EventRecords
    private let zone: ZoneRules
    private let roles: [(role: String, column: EventColumn)]
    private let conditions: [(column: EventColumn, values: [String])]
    private let message: EventColumn?
    private let at: EventColumn

    init(_ maker: ActivityMaker, _ file: ExportedFile, _ records: EventRecords) throws(SyncError) {
      func column(_ header: String) throws(SyncError) -> EventColumn {
        guard let column = EventColumn(rawValue: header), file.kind.columns.contains(column) else {
          throw SyncError(
            .configuration, "compare \(maker.settings.name)",
            "\(file.name) has no column \(header)", next: "mend `from` in the job file")
        }
        return column
      }
      (self.file, self.records, zone) = (file, records, maker.zone)
      var roles: [(role: String, column: EventColumn)] = []
      for (role, header) in maker.roles { roles.append((role, try column(header))) }
      var conditions: [(column: EventColumn, values: [String])] = []
      for (header, values) in maker.conditions { conditions.append((try column(header), values)) }
      self.conditions = conditions
      self.roles = roles.filter {
        ["id", "contact", "campaign", "delivery", "url", "mirror"].contains($0.role)
      }
      message = roles.first { $0.role == "message" }?.column
      at = roles.first { $0.role == "at" }?.column ?? .logDate
    }

    private func text(_ column: EventColumn, _ row: ExportedRow) -> String {
      file.dialect.plain(records.text(column, row, file.kind, file.dialect))
    }

    func qualifies(_ row: ExportedRow) -> Bool {
      if let message, text(message, row) != "0" { return false }
      return conditions.allSatisfy { $0.values.contains(text($0.column, row)) }
    }

    func texts(_ row: ExportedRow) -> [String: String] {
      var texts: [String: String] = [:]
      for (role, column) in roles { texts[role] = text(column, row) }
      return texts
    }

    /// Seconds since 1970 that the text of the time may mean; none where it cannot be read.
    func moments(_ row: ExportedRow) -> [Int64] {
      let milliseconds: Int64
      switch at {
      case .lastModified: milliseconds = row.modified
      case .eventDate, .logDate:
        let flaw =
          file.kind == .tracking
          ? records.tracking[row.index].flaw : records.sendings[row.index].flaw
        guard flaw != .brokenDate else { return [] }
        milliseconds = row.date
      default: return []
      }
      let seconds = Instant(milliseconds: milliseconds).seconds
      guard !file.dialect.saysZone else { return [seconds] }
      return zone.moments(local: seconds + file.dialect.zone.offset(at: seconds))
    }
  }
}
