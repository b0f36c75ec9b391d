import Core
import Synchronization

/// A Campaign resource in memory.
///
/// It keeps no key unique: the real one does not either.
package final class MemoryResource: ResourceStore {
  /// What becomes of a write on request.
  package enum Fault: Sendable {
    case refused(String)
    case absent
    /// The answer is lost, the write happened.
    case doneUnknown
    /// The answer is lost with the request.
    case unknown
  }

  package struct Meter: Sendable, Equatable {
    package var finds = 0
    package var creates = 0
    package var updates = 0
    /// In Adobe's units, as the service would bill them.
    package var engineCalls = 0
    package var writes: Int { creates + updates }
  }

  private struct State {
    var records: [Int: [String: String]] = [:]
    var next = 1
    var meter = Meter()
    var faults: [String: [Fault]] = [:]
    var refused: [String: String] = [:]
  }

  package let key: String
  private let state = Mutex(State())

  package init(key: String) { self.key = key }

  package var meter: Meter { state.withLock { $0.meter } }

  /// By key: what its records hold, without what counts as nothing.
  package var contents: [String: [[String: String]]] {
    state.withLock { state in
      var contents: [String: [[String: String]]] = [:]
      for (_, record) in state.records.sorted(by: { $0.key < $1.key }) {
        let nothing: Set<String> = ["", "0", "false"]
        let values = record.filter { $0.key != key && !nothing.contains($0.value) }
        contents[record[key] ?? "", default: []].append(values)
      }
      return contents
    }
  }

  /// A record that somebody else put there.
  package func put(_ values: [String: String]) {
    state.withLock { state in
      state.records[state.next] = values
      state.next += 1
    }
  }

  package func removeAll(key value: String) {
    state.withLock { state in state.records = state.records.filter { $0.value[key] != value } }
  }

  /// The next writes of this key fail so, one each.
  package func fail(_ key: String, _ faults: Fault...) {
    state.withLock { $0.faults[key, default: []] += faults }
  }

  /// Every write of this key is refused, until nil.
  package func refuse(_ key: String, code: String?) {
    state.withLock { $0.refused[key] = code }
  }

  /// Somebody changes the records with this key in Campaign.
  package func change(_ key: String, _ values: [String: String]) {
    state.withLock { state in
      for (place, record) in state.records where record[self.key] == key {
        state.records[place] = record.merging(values) { $1 }
      }
    }
  }

  /// What the import workflow does: no API call, no meter.
  ///
  /// - Parameter onInsertOnly: fields that a record which exists keeps.
  package func load(
    _ values: [String: String], onInsertOnly: (String) -> Bool = { _ in false }
  ) {
    state.withLock { state in
      let found = state.records.first { $0.value[key] == values[key] }?.key
      let place = found ?? state.next
      if found == nil { state.next += 1 }
      let values = found == nil ? values : values.filter { !onInsertOnly($0.key) }
      state.records[place] = (state.records[place] ?? [:]).merging(values) { $1 }
    }
  }

  package func find(key value: String, fields: [String]) async throws(SyncError) -> [ResourceRecord]
  {
    state.withLock { state in
      state.meter.finds += 1
      return state.records.filter { $0.value[key] == value }.sorted { $0.key < $1.key }
        .prefix(2).map { place, record in
          ResourceRecord(
            address: String(place),
            values: Dictionary(uniqueKeysWithValues: fields.map { ($0, record[$0] ?? "") }))
        }
    }
  }

  package func create(_ fields: [FieldValue]) async throws(SyncError) -> WriteOutcome {
    let value = fields.first { $0.name == key }?.text ?? ""
    return state.withLock { state in
      Self.write(&state, value) { state in
        state.records[state.next] = Dictionary(
          uniqueKeysWithValues: fields.map { ($0.name, $0.text) })
        state.next += 1
        state.meter.creates += 1
        state.meter.engineCalls += 1
      }
    }
  }

  package func update(
    _ record: ResourceRecord, _ fields: [FieldValue]
  ) async throws(SyncError) -> WriteOutcome {
    state.withLock { state in
      guard let place = Int(record.address), let old = state.records[place] else { return .absent }
      return Self.write(&state, old[key] ?? "") { state in
        var new = old
        for field in fields { new[field.name] = field.text }
        state.records[place] = new
        state.meter.updates += 1
        state.meter.engineCalls += new == old ? 1 : 2
      }
    }
  }

  package func delete(_ record: ResourceRecord) async throws(SyncError) -> WriteOutcome {
    state.withLock { state in
      guard let place = Int(record.address), let old = state.records[place] else { return .absent }
      return Self.write(&state, old[key] ?? "") { state in
        state.records[place] = nil
        state.meter.engineCalls += 1
      }
    }
  }

  private static func write(
    _ state: inout State, _ key: String, _ work: (inout State) -> Void
  ) -> WriteOutcome {
    if let code = state.refused[key] { return .refused(code: code, excerpt: "a field is …") }
    let fault = state.faults[key]?.isEmpty == false ? state.faults[key]?.removeFirst() : nil
    switch fault {
    case .refused(let code): return .refused(code: code, excerpt: "a field is …")
    case .absent: return .absent
    case .unknown: return .unknown
    case .doneUnknown:
      work(&state)
      return .unknown
    case nil:
      work(&state)
      return .done
    }
  }
}
