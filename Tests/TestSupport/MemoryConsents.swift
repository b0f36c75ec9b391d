import Core
import Foundation
import Synchronization

/// Contacts of Dynamics with two-option columns, in memory: versions, row times, and who wrote what.
///
/// - Shape: `table` has the same rows, for a scan or a chain of changes; row times are in whole
///   seconds, as the service gives them.
package final class MemoryConsents: ContactConsents {
  package struct Contact: Sendable, Equatable {
    /// Nil: null; so is a column that is not here.
    package var values: [String: Bool]
    package var version: Int
    package var modified: Instant

    package var etag: String { "W/\"\(version)\"" }
  }

  /// One column that got another value, in the order of writes.
  package struct Change: Sendable, Equatable {
    package var contact: RowKey
    package var column: String
    package var old: Bool?
    package var new: Bool?
    package var at: Instant
    /// By `write`, not by somebody in Dynamics.
    package var isOurs: Bool
  }

  package struct Meter: Sendable, Equatable {
    package var reads = 0
    package var writes = 0
    /// Contacts handed over to `write`.
    package var sent = 0
    /// Writes that happened.
    package var written = 0
    /// Writes that happened and changed no value.
    package var idle = 0
  }

  private struct State {
    var contacts: [RowKey: Contact] = [:]
    var version = 1_000
    var refused: [RowKey: String] = [:]
    var overtaken: Set<RowKey> = []
    var lost: [RowKey: @Sendable (MemoryConsents) -> Void] = [:]
    var history: [Change] = []
    var meter = Meter()
  }

  package let table = MemoryTable(primaryId: "contactid")
  private let clock: any Core.Clock
  private let state = Mutex(State())

  package init(clock: any Core.Clock) { self.clock = clock }

  package var contacts: [RowKey: Contact] { state.withLock { $0.contacts } }
  package var history: [Change] { state.withLock { $0.history } }
  package var meter: Meter { state.withLock { $0.meter } }

  package func resetMeter() { state.withLock { $0.meter = Meter() } }

  /// Nil where it is null, or there is no such contact.
  package func value(_ contact: RowKey, _ column: String) -> Bool? {
    state.withLock { $0.contacts[contact]?.values[column] }
  }

  // MARK: what others do in Dynamics

  /// Somebody creates the contact, or changes it: the columns named, nil makes one null.
  package func put(_ contact: RowKey, _ values: [String: Bool?] = [:]) {
    state.withLock { store(contact, values, isOurs: false, &$0) }
  }

  /// Somebody changes another column: the row's version and time move.
  package func touch(_ contact: RowKey) { put(contact) }

  package func remove(_ contact: RowKey) {
    state.withLock { state in
      state.contacts[contact] = nil
      table.remove(contact)
    }
  }

  /// Every write of this contact is refused, until nil.
  package func refuse(_ contact: RowKey, code: String?) {
    state.withLock { $0.refused[contact] = code }
  }

  /// Somebody touches the row right before its next write.
  package func overtake(_ contact: RowKey) { state.withLock { _ = $0.overtaken.insert(contact) } }

  /// The next write of this contact happens, and nobody hears of it.
  ///
  /// - Parameter then: what happens before anybody asks again.
  package func loseAnswer(
    _ contact: RowKey, then: @escaping @Sendable (MemoryConsents) -> Void = { _ in }
  ) {
    state.withLock { $0.lost[contact] = then }
  }

  // MARK: the port

  package func read(
    _ contacts: [RowKey], columns: [String]
  ) async throws(SyncError) -> [RowKey: ContactConsent] {
    state.withLock { state in
      state.meter.reads += 1
      var found: [RowKey: ContactConsent] = [:]
      for key in contacts {
        guard let contact = state.contacts[key] else { continue }
        found[key] = ContactConsent(
          version: contact.etag, modified: contact.modified,
          values: columns.map { contact.values[$0] })
      }
      return found
    }
  }

  package func write(_ changes: [ContactChange]) async throws(SyncError) -> [ContactWrite] {
    let (outcomes, lost) = state.withLock { state in
      state.meter.writes += 1
      state.meter.sent += changes.count
      let outcomes = changes.map { write($0, &state) }
      return (outcomes, changes.map { state.lost.removeValue(forKey: $0.contact) })
    }
    for then in lost { then?(self) }
    return zip(outcomes, lost).map { $0 == .written && $1 != nil ? .unknown : $0 }
  }

  private func write(_ change: ContactChange, _ state: inout State) -> ContactWrite {
    if state.overtaken.remove(change.contact) != nil {
      store(change.contact, [:], isOurs: false, &state)
    }
    guard let contact = state.contacts[change.contact] else { return .missing }
    guard contact.etag == change.version else { return .overtaken }
    if let code = state.refused[change.contact] {
      return .refused(code: code, excerpt: "a plug-in says no to …")
    }
    let changed = change.values.contains { contact.values[$0] != $1 }
    state.meter.written += 1
    state.meter.idle += changed ? 0 : 1
    store(change.contact, change.values.mapValues { $0 }, isOurs: true, &state)
    return .written
  }

  private func store(
    _ key: RowKey, _ values: [String: Bool?], isOurs: Bool, _ state: inout State
  ) {
    let now = Instant(seconds: clock.now.seconds)
    state.version += 1
    var contact = state.contacts[key] ?? Contact(values: [:], version: 0, modified: now)
    for (column, value) in values.sorted(by: { $0.key < $1.key }) {
      let old = contact.values[column]
      contact.values[column] = value
      guard old != value else { continue }
      state.history.append(
        Change(contact: key, column: column, old: old, new: value, at: now, isOurs: isOurs))
    }
    (contact.version, contact.modified) = (state.version, now)
    state.contacts[key] = contact
    var row = contact.values.mapValues { JSONValue.bool($0) }
    let date = Date(timeIntervalSince1970: Double(now.seconds))
    row["modifiedon"] = .string(date.ISO8601Format())
    table.put(key, row)
  }
}
