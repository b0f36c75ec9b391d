import Core
import Gzip
import Synchronization

/// Campaign's import workflow in memory: a signal, some minutes of work, the files are in.
///
/// - Shape: it loads every file that fits the parameter `files`, sorted by name; removes each;
///   writes rows it does not like to the reject file; writes the done file last. Opt-outs go to
///   new records only, as docs/import-workflow.md wants it.
package final class MemoryWorkflow: ImportWorkflow {
  private struct Order {
    var source: String
    var parameters: [String: String]
    var ready: Instant
  }

  private struct State {
    var last: Instant?
    var order: Order?
    var signals: [(source: String, parameters: [String: String])] = []
    var status = WorkflowDescription.Status.started
    var outcomes: [TriggerOutcome] = []
    var fails = false
    var disliked: Set<String> = []
    var problems: [String] = []
    /// Contents of what was loaded, by name.
    var loaded: [String: [UInt8]] = [:]
  }

  package let resource: MemoryResource
  private let schema: ResourceSchema
  private let csv: CSVSettings
  private let dropbox: MemoryDropbox
  private let clock: any Clock
  private let place: @Sendable ([UInt8], String) -> Void
  private let work: Duration
  /// What the last step uploads; nil where it uploads nothing.
  ///
  /// `{source}` is the run.
  private let done: String?
  private let rejects: String
  private let state = Mutex(State())

  package init(
    into resource: MemoryResource, _ schema: ResourceSchema, csv: CSVSettings,
    from dropbox: MemoryDropbox, clock: any Clock, work: Duration = .seconds(90),
    done: String? = "imports/{source}.done", rejects: String = "imports/rejects/{source}.txt",
    place: @escaping @Sendable ([UInt8], String) -> Void
  ) {
    self.resource = resource
    self.schema = schema
    self.csv = csv
    self.dropbox = dropbox
    self.clock = clock
    self.work = work
    self.done = done
    self.rejects = rejects
    self.place = place
  }

  package var signals: [(source: String, parameters: [String: String])] {
    state.withLock { $0.signals }
  }
  /// What a person in Campaign would complain about.
  package var problems: [String] { state.withLock { $0.problems } }
  package var loaded: [String: [UInt8]] { state.withLock { $0.loaded } }

  /// The next signals end so, without being taken.
  package func answer(_ outcomes: TriggerOutcome...) {
    state.withLock { $0.outcomes += outcomes }
  }

  /// The import ends in an error, until somebody restarts the workflow.
  package func failNextImport() { state.withLock { $0.fails = true } }
  package func restart() { state.withLock { $0.status = .started } }
  package func set(_ status: WorkflowDescription.Status) { state.withLock { $0.status = status } }
  package func dislike(_ key: RowKey) {
    state.withLock { _ = $0.disliked.insert(key.description) }
  }

  package func describe(
    workflow: String, signal: String
  ) async throws(SyncError) -> WorkflowDescription {
    passTime()
    return WorkflowDescription(
      status: state.withLock { $0.status }, parameters: ["files": "string"], hasSignal: true)
  }

  package func trigger(
    workflow: String, signal: String, source: String, parameters: [String: String]
  ) async throws(SyncError) -> TriggerOutcome {
    passTime()
    let now = clock.now
    return state.withLock { state in
      if !state.outcomes.isEmpty { return state.outcomes.removeFirst() }
      let isEarly = state.last.map { now - $0 < .seconds(600) } ?? false
      if isEarly || state.order != nil || state.status == .error { return .notNow }
      state.last = now
      state.signals.append((source, parameters))
      state.order = Order(source: source, parameters: parameters, ready: now + work)
      return .triggered
    }
  }

  /// Does what is due; called whenever time has passed.
  package func passTime() {
    let now = clock.now
    let order = state.withLock { state -> Order? in
      guard let order = state.order, order.ready <= now else { return nil }
      state.order = nil
      if state.fails {
        state.fails = false
        state.status = .error
        return nil
      }
      return order
    }
    if let order { load(order) }
  }

  private func load(_ order: Order) {
    let pattern = order.parameters["files"] ?? ""
    let names = dropbox.files.keys.filter { RemoteName.fits($0, pattern) }.sorted()
    var rejected = ""
    for name in names {
      do throws(SyncError) {
        try load(name, &rejected)
      } catch {
        state.withLock { $0.problems.append("\(name): \(error.reason)") }
      }
    }
    func fill(_ text: String) -> String { text.replacing("{source}", with: order.source) }
    if !rejected.isEmpty { place(Array(rejected.utf8), fill(rejects)) }
    if let done { place(Array("done\n".utf8), fill(done)) }
    state.withLock { if self.done == nil { $0.status = .finished } }
  }

  private func load(_ name: String, _ rejected: inout String) throws(SyncError) {
    let file = dropbox.files[name] ?? []
    state.withLock { $0.loaded[name] = file }
    let content =
      csv.compress == .gzip ? try Inflater.gunzip(file, of: name, limit: 1 << 24) : file
    let disliked = state.withLock { $0.disliked }
    var header: [String]?
    var rows: [[String]] = []
    var reader = CSVReader(separator: csv.separator, quote: csv.quote)
    try reader.push(content[...]) { row throws(SyncError) in rows.append(row.texts) }
    try reader.finish { row throws(SyncError) in rows.append(row.texts) }
    for row in rows {
      guard let names = header else {
        header = row
        continue
      }
      guard names.count == row.count else {
        throw SyncError(.rejectedData, "load \(name)", "a row of \(row.count) fields")
      }
      if disliked.contains(row[0]) {
        rejected += "\(row[0]);ACS-1;refused\n"
        continue
      }
      var values: [String: String] = [:]
      for (name, text) in zip(names, row) {
        if ConsentAttribute(name) != nil, text == "false" { complain("\(name) says false") }
        values[schema.field(name)?.name ?? name] = stored(text, in: name)
      }
      resource.load(values, onInsertOnly: { ConsentAttribute($0) != nil })
    }
    dropbox.files[name] = nil
  }

  private func complain(_ problem: String) { state.withLock { $0.problems.append(problem) } }

  /// In the form in which Campaign shows it; nil where an empty field changes nothing.
  private func stored(_ text: String, in name: String) -> String? {
    switch schema.field(name)?.kind {
    case .enumeration: text.isEmpty ? nil : text
    case .dateTime: text.isEmpty ? "" : text.replacing("/", with: "-") + ".000Z"
    default: text
    }
  }
}
