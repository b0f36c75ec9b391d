import Core
import Gzip

extension CampaignService {
  /// A signal came: the workflow goes on in its own time.
  func queueImport(_ number: Int, _ parameters: [JSONValue.Member]) {
    func text(_ name: String) -> String? { parameters.first { $0.name == name }?.value.text }
    imports.append(
      ImportRecord(
        workflow: workflows[number].definition.id, pattern: text("files") ?? "", run: text("run"),
        due: clock() + .seconds(knobs.importDelay)))
  }

  /// Loads what signals asked for and is due; requests are answered meanwhile.
  ///
  /// - Returns: whether there was anything to do.
  @discardableResult
  package func runPendingImports() async -> Bool {
    guard !isImporting else { return false }
    isImporting = true
    defer { isImporting = false }
    var didWork = false
    while let number = imports.firstIndex(where: isReady) {
      didWork = true
      await run(import: number)
    }
    return didWork
  }

  private func isReady(_ record: ImportRecord) -> Bool {
    let workflow = workflows.first { $0.definition.id == record.workflow }
    return record.state == .waiting && record.due <= clock() && workflow?.status == .started
  }

  private func run(import number: Int) async {
    let id = imports[number].workflow
    guard let workflow = workflows.firstIndex(where: { $0.definition.id == id }) else { return }
    if knobs.importEnd == "never" {
      imports[number].state = .stuck
      return
    }
    imports[number].state = .running
    do {
      if knobs.importEnd == "error" {
        throw LoadFault(reason: "an activity of the workflow failed")
      }
      try await load(number, workflows[workflow].definition.load)
      imports[number].state = .done
    } catch {
      imports[number].state = .failed
      imports[number].reason =
        (error as? LoadFault)?.reason ?? (error as? SyncError)?.reason ?? "unknown"
      workflows[workflow].status = .error
    }
  }

  /// Transfer file, Load file, Update data, and last the upload of rejects and proof.
  private func load(_ number: Int, _ load: LoadSettings) async throws {
    guard let home = settings.sftpHome else { throw LoadFault(reason: "there is no storage") }
    guard let space = space(load.resource) else {
      throw LoadFault(reason: "there is no resource \(load.resource)")
    }
    let folder = StorageFolder(root: home + "/" + load.directory)
    let files = try folder.list(imports[number].pattern)
    if files.isEmpty { throw LoadFault(reason: "no files were found") }
    var rejects: [String] = []
    do {
      for file in files {
        try await read(file, of: folder, into: space, load, number, &rejects)
        imports[number].files += 1
        if knobs.deleteSourceFiles { try folder.remove(file) }
      }
    } catch {
      try write(rejects, number, load, folder)
      throw error
    }
    try write(rejects, number, load, folder)
    if let done = load.done {
      let record = imports[number]
      let text = "files=\(record.files)\nrows=\(record.rows)\nrejected=\(record.rejected)\n"
      try folder.write(Array(text.utf8), as: record.filled(done))
    }
  }

  private func write(
    _ rejects: [String], _ number: Int, _ load: LoadSettings, _ folder: StorageFolder
  ) throws {
    guard let stem = load.rejects, !rejects.isEmpty else { return }
    let name = imports[number].filled(stem) + "_" + CampaignTime.compact(clock()) + ".txt"
    let header = load.key + String(UnicodeScalar(load.separator)) + "file;line;error"
    let lines = ([header] + rejects).joined(separator: "\n") + "\n"
    try folder.write(Array(lines.utf8), as: name)
  }

  private func read(
    _ file: String, of folder: StorageFolder, into space: Int, _ load: LoadSettings,
    _ number: Int, _ rejects: inout [String]
  ) async throws {
    let source = try folder.open(file)
    let inflater = file.hasSuffix(".gz") ? try Inflater(of: file) : nil
    var reader = RecordReader(separator: load.separator, isQuoted: load.isQuoted)
    var table = LoadTask(file: file, space: space, load: load, number: number)
    while true {
      let bytes = try source.read(64 << 10)
      if bytes.isEmpty { break }
      if let inflater {
        var piece: [UInt8] = []
        inflater.feed(bytes)
        while try inflater.read(into: &piece) {
          try take(reader.feed(piece), &table, &rejects)
          await Task.yield()
        }
      } else {
        try take(reader.feed(bytes), &table, &rejects)
        await Task.yield()
      }
    }
    try inflater?.finish()
    if reader.isInsideQuotes { throw LoadFault(reason: "\(file) ends inside a quoted field") }
    try take(reader.finish(), &table, &rejects)
    if table.columns == nil { throw LoadFault(reason: "\(file) has no header") }
  }

  private func take(
    _ records: [RecordReader.Record], _ task: inout LoadTask, _ rejects: inout [String]
  ) throws {
    for record in records {
      guard let columns = task.columns else {
        task.columns = try LoadColumns(
          header: record.fields, resource: tables[task.space].definition, key: task.load.key,
          knobs: knobs)
        continue
      }
      if knobs.checkColumns, record.fields.count != columns.positions.count {
        throw LoadFault(
          reason: "line \(record.line) of \(task.file) has \(record.fields.count) columns, not"
            + " \(columns.positions.count)")
      }
      if knobs.importEnd == "partial", imports[task.number].rows >= knobs.importRows {
        throw LoadFault(reason: "an activity of the workflow failed")
      }
      imports[task.number].rows += 1
      do {
        try upsert(record.fields, columns, task)
      } catch let fault as LoadFault {
        imports[task.number].rejected += 1
        meters.rejectedRows += 1
        let key = String(decoding: columns.keyText(record.fields), as: UTF8.self)
        rejects.append("\(key);\(task.file);\(record.line);\(fault.reason)")
        guard imports[task.number].rejected <= task.load.maxErrors else {
          throw LoadFault(reason: "more than \(task.load.maxErrors) errors")
        }
      }
    }
  }

  /// Insert or update by the reconciliation key; a row whose values are the same is not touched.
  private func upsert(_ fields: [[UInt8]], _ columns: LoadColumns, _ task: LoadTask) throws {
    let values = try columns.values(of: fields)
    let key = columns.keyText(fields)
    meters.importedRows += 1
    guard let id = tables[task.space].ids(where: columns.key, equals: key).first,
      let row = tables[task.space][id]
    else {
      let packed = PackedRecord(
        values.compactMap { position, text in text.map { (position: position, text: $0.utf8) } })
      _ = tables[task.space].insert(packed, at: clock())
      imports[task.number].inserted += 1
      return
    }
    guard isVisible(id, in: task.space) else {
      throw LoadFault(reason: "duplicate key value violates unique constraint")
    }
    var kept = row.packed.values
    for (position, text) in values where columns.updates(position) { kept[position] = text }
    if replace(id, in: task.space, with: PackedRecord(kept), by: .importWorkflow) {
      imports[task.number].updated += 1
    }
  }
}

/// A file on its way into a table.
private struct LoadTask {
  let file: String
  let space: Int
  let load: LoadSettings
  /// Of the import record.
  let number: Int
  var columns: LoadColumns?
}
