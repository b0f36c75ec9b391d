import Core
import Gzip

/// The daily opt-out exports of the sandbox's Campaign, and every one of them so far.
///
/// - Shape: an export has the profiles of which an opt-out changed at the moment of the export before
///   or later; the first one those of which any ever changed.
package actor OptOutExports {
  private(set) var files: [OptOutFile] = []
  private let storage: StorageFolder?
  private let history: ConsentHistory
  /// The moment of the last export, and the second in its name.
  private var last: Instant?
  private var stamp: Int64 = .min

  package init(home: String?, history: ConsentHistory) {
    storage = home.map { StorageFolder(root: $0 + "/d365_loads") }
    self.history = history
  }

  /// Writes what Campaign's workflow would, or publishes what an earlier call held back.
  ///
  /// - Errors: `configuration` where the order cannot be carried out; nothing happened then.
  package func export(
    _ order: OptOutOrder, of campaign: CampaignService
  ) async throws(SyncError) -> [OptOutFile] {
    guard let storage else { throw .optOuts("there is no storage") }
    switch order.fault {
    case .finish: return try finish(storage)
    case .publish: return try publish(storage)
    default: break
    }
    let since: Instant? = order.all ? nil : last ?? Instant(milliseconds: .min)
    let found = await campaign.optOutSnapshot(since: since)
    stamp = max(found.at.seconds, stamp == .min ? .min : stamp + 1)
    var file = OptOutFile(
      name: name(order), dialect: order.dialect, attributes: names(order, found.denyListNames),
      modified: order.modified, numbers: order.numbers, rows: [], age: order.age,
      built: found.mark)
    file.isBlank = order.fault == .empty
    if !file.isBlank {
      file.rows = OptOutExports.spoiled(found.rows, order)
      last = found.at
    }
    switch order.fault {
    case .late: break
    case .half:
      let bytes = try file.bytes()
      let cut = bytes.count / 2
      file.missing = Array(bytes[cut...])
      try storage.begin(Array(bytes[..<cut]), as: file.name)
    default: try put(&file, storage)
    }
    files.append(file)
    return [file]
  }

  private func put(_ file: inout OptOutFile, _ storage: StorageFolder) throws(SyncError) {
    let mark = history.mark
    try storage.write(try file.bytes(), as: file.name)
    try storage.setAge(file.age, of: file.name)
    file.published = mark
  }

  private func finish(_ storage: StorageFolder) throws(SyncError) -> [OptOutFile] {
    var finished: [OptOutFile] = []
    for index in files.indices where !files[index].missing.isEmpty {
      let mark = history.mark
      try storage.extend(files[index].name, by: files[index].missing)
      try storage.setAge(files[index].age, of: files[index].name)
      files[index].missing = []
      files[index].published = mark
      finished.append(files[index])
    }
    guard !finished.isEmpty else { throw .optOuts("no file is half-uploaded; --half makes one") }
    return finished
  }

  private func publish(_ storage: StorageFolder) throws(SyncError) -> [OptOutFile] {
    var published: [OptOutFile] = []
    for index in files.indices where !files[index].isPublished && files[index].missing.isEmpty {
      try put(&files[index], storage)
      published.append(files[index])
    }
    guard !published.isEmpty else { throw .optOuts("no file is held back; --late makes one") }
    return published
  }

  /// `exports/optout_20260203_090000.csv`.
  private func name(_ order: OptOutOrder) -> String {
    let text = CalendarText.moment(stamp).filter(\.isNumber)
    let end = order.dialect.isPacked ? ".csv.gz" : ".csv"
    return "\(order.folder)/optout_\(text.prefix(8))_\(text.dropFirst(8))\(end)"
  }

  private func names(_ order: OptOutOrder, _ denyListNames: Bool) -> [String] {
    switch order.names {
    case .deny: return OptOutSettings.attributes
    case .api where denyListNames: return OptOutSettings.attributes
    case .black, .api: return ResourceDefinition.optOuts.map(\.name)
    }
  }

  /// The rows with the flaws that are asked for, on different rows, drawn by the seed.
  private static func spoiled(_ rows: [OptOutRow], _ order: OptOutOrder) -> [ExportedOptOut] {
    var exported = rows.map { ExportedOptOut(row: $0) }
    let flaws: [(ExportedOptOut.Flaw, Int)] = [
      (.unknownTime, order.unknownTimes), (.brokenTime, order.brokenTimes),
      (.emptyValue, order.emptyValues),
    ]
    var dice = Dice(mix(order.seed, salt("opt-out export")))
    var places = Array(rows.indices)
    for (flaw, count) in flaws {
      for _ in 0..<count where !places.isEmpty {
        let place = dice.below(places.count)
        exported[places[place]].flaw = flaw
        places.swapAt(place, places.count - 1)
        places.removeLast()
      }
    }
    return exported
  }
}

extension OptOutFile {
  private static let brokenTimes = ["2026-02-30 25:61:00.000Z", "31.12.2026", "soon"]

  /// `denyListEmail_modified`.
  func timeHeader(_ attribute: String) -> String {
    modified.replacing("{campaign}", with: attribute)
  }

  func bytes() throws(SyncError) -> [UInt8] {
    guard !isBlank else { return [] }
    var bytes: [UInt8] = dialect.hasMark ? [0xEF, 0xBB, 0xBF] : []
    var isFirst = true
    func field(_ text: String, isNumber: Bool = false) {
      if !isFirst { bytes.append(dialect.separator) }
      isFirst = false
      dialect.append(text, isNumber: isNumber, to: &bytes)
    }
    func endLine() {
      bytes += dialect.lineEnd
      isFirst = true
    }
    field("externalId")
    for attribute in attributes {
      field(attribute)
      field(timeHeader(attribute))
    }
    field("lastModified")
    endLine()
    for (index, exported) in rows.enumerated() {
      field(exported.row.key)
      for place in attributes.indices {
        field(value(exported, place), isNumber: true)
        field(time(exported, place, index))
      }
      field(dialect.time(exported.row.modified.milliseconds))
      endLine()
    }
    return dialect.isPacked ? try Deflater.gzip(bytes) : bytes
  }

  private func value(_ exported: ExportedOptOut, _ place: Int) -> String {
    guard exported.flaw != .emptyValue else { return "" }
    let value = exported.row.value(place)
    return numbers ? (value ? "1" : "0") : (value ? "true" : "false")
  }

  private func time(_ exported: ExportedOptOut, _ place: Int, _ index: Int) -> String {
    guard let time = exported.row.times[place] else { return "" }
    switch exported.flaw {
    case .unknownTime: return ""
    case .brokenTime: return OptOutFile.brokenTimes[index % OptOutFile.brokenTimes.count]
    case .none, .emptyValue: return dialect.time(time.milliseconds)
    }
  }
}

extension SyncError {
  static func optOuts(_ reason: String) -> SyncError {
    SyncError(
      .configuration, "export opt-outs", reason,
      next: "`campaign-sync-sandbox export-opt-outs --help` names what there is")
  }
}
