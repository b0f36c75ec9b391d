import Core
import Synchronization

/// Profiles of Campaign with their opt-outs, in memory: when each attribute changed, and by whom; and
/// the daily export of them.
///
/// - Shape: fields are attribute names, true is opted out; times are in milliseconds, as attribute times
///   are; no API shows them.
package final class MemoryProfiles: ResourceStore {
  package struct Attribute: Sendable, Equatable {
    package var value: Bool
    package var at: Instant
  }

  /// One attribute that got another value, in the order of writes.
  package struct Change: Sendable, Equatable {
    package var contact: RowKey
    package var attribute: String
    package var new: Bool
    package var at: Instant
    package var isOurs: Bool
  }

  private struct State {
    var profiles: [RowKey: [String: Attribute]] = [:]
    var history: [Change] = []
    var reads: [RowKey: [String: Bool]] = [:]
    var finds = 0
    var updates = 0
    var refused: [RowKey: String] = [:]
    var doubles: [RowKey: [String: Bool]] = [:]
  }

  private let attributes: [String]
  private let clock: any Core.Clock
  private let state = Mutex(State())

  package init(_ attributes: [String], clock: any Core.Clock) {
    self.attributes = attributes
    self.clock = clock
  }

  package var profiles: [RowKey: [String: Attribute]] { state.withLock { $0.profiles } }
  package var history: [Change] { state.withLock { $0.history } }
  package var finds: Int { state.withLock { $0.finds } }
  /// Updates that were made, also of values that stood so already.
  package var updates: Int { state.withLock { $0.updates } }
  /// What the last look-up of a profile showed.
  package func lastRead(_ contact: RowKey) -> [String: Bool]? {
    state.withLock { $0.reads[contact] }
  }

  package func value(_ contact: RowKey, _ attribute: String) -> Bool? {
    state.withLock { $0.profiles[contact]?[attribute]?.value }
  }

  // MARK: what others do in Campaign

  /// Somebody opts out or in; a profile that is not there is made.
  package func put(_ contact: RowKey, _ values: [String: Bool] = [:]) {
    state.withLock { store(contact, values, isOurs: false, &$0) }
  }

  /// Another profile has the same key.
  package func double(_ contact: RowKey, _ values: [String: Bool]) {
    state.withLock { $0.doubles[contact] = values }
  }

  package func remove(_ contact: RowKey) { state.withLock { $0.profiles[contact] = nil } }

  /// Every write of this profile is refused, until nil.
  package func refuse(_ contact: RowKey, code: String?) {
    state.withLock { $0.refused[contact] = code }
  }

  private func store(
    _ contact: RowKey, _ values: [String: Bool], isOurs: Bool, _ state: inout State
  ) {
    let now = clock.now
    var profile = state.profiles[contact] ?? [:]
    for attribute in attributes {
      let old = profile[attribute]
      let new = values[attribute] ?? old?.value ?? false
      if old?.value == new { continue }
      profile[attribute] = Attribute(value: new, at: now)
      if old == nil { continue }
      state.history.append(
        Change(contact: contact, attribute: attribute, new: new, at: now, isOurs: isOurs))
    }
    state.profiles[contact] = profile
  }

  // MARK: the port

  package func find(key: String, fields: [String]) async throws(SyncError) -> [ResourceRecord] {
    guard let contact = RowKey(key) else { return [] }
    return state.withLock { state in
      state.finds += 1
      guard let profile = state.profiles[contact] else { return [] }
      state.reads[contact] = profile.mapValues(\.value)
      let all = [profile.mapValues(\.value), state.doubles[contact]].compactMap(\.self)
      return all.map { values in
        ResourceRecord(
          address: key,
          values: Dictionary(
            uniqueKeysWithValues: fields.map { ($0, values[$0] == true ? "true" : "false") }))
      }
    }
  }

  package func update(
    _ record: ResourceRecord, _ fields: [FieldValue]
  ) async throws(SyncError) -> WriteOutcome {
    guard let contact = RowKey(record.address) else { return .absent }
    return state.withLock { state in
      guard state.profiles[contact] != nil else { return .absent }
      if let code = state.refused[contact] { return .refused(code: code, excerpt: "no …") }
      state.updates += 1
      let values = fields.map { ($0.name, $0.text == "true") }
      store(contact, Dictionary(uniqueKeysWithValues: values), isOurs: true, &state)
      return .done
    }
  }

  package func create(_ fields: [FieldValue]) async throws(SyncError) -> WriteOutcome {
    throw SyncError(.bug, "create a profile", "an opt-out creates none")
  }

  package func delete(_ record: ResourceRecord) async throws(SyncError) -> WriteOutcome {
    throw SyncError(.bug, "delete a profile", "an opt-out deletes none")
  }
}
