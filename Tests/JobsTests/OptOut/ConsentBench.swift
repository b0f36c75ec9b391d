import Core
import Digests
import Foundation
import Synchronization
import TestSupport

@testable import Jobs

/// One opt-out job with both far sides and its disk, in memory; `life` is one process.
final class ConsentBench: Sendable {
  static let attributes = ["denyListEmail", "denyListFax", "denyListPushnotification"]
  static let columns = ["donotbulkemail", "donotfax", "followemail"]
  /// `followemail` says the opposite of an opt-out.
  static let isInverted = [false, false, true]

  let world: World
  let settings: OptOutSettings
  let contacts: MemoryConsents
  let profiles: MemoryProfiles
  let box: MemoryDropbox
  let dropbox: FaultyDropbox
  let ledger: MemoryLedger
  let checkpoints: MemoryCheckpointStore<OptOutState>
  let notes = Mutex<[String]>([])
  /// What exports have shown: contact and attribute -> values with known times.
  private let shown = Mutex<[String: [ConsentObservation]]>([:])
  /// Contact and attribute -> the newest time in an export when it was last opted in.
  private let optedIn = Mutex<[String: Instant]>([:])
  let rejectShare = Mutex(1.0)

  init(_ world: World = .still(), _ direction: OptOutSettings.Direction) {
    self.world = world
    settings = ConsentBench.settings(direction)
    contacts = MemoryConsents(clock: world.clock)
    profiles = MemoryProfiles(Self.attributes, clock: world.clock)
    box = MemoryDropbox()
    dropbox = FaultyDropbox(box, world) { _ in nil }
    (ledger, checkpoints) = (MemoryLedger(), MemoryCheckpointStore<OptOutState>())
  }

  /// Everything stands as the other left it; the job has another direction from here on.
  init(goingOnWith before: ConsentBench, _ direction: OptOutSettings.Direction) {
    (world, settings) = (before.world, ConsentBench.settings(direction))
    (contacts, profiles) = (before.contacts, before.profiles)
    (box, dropbox) = (before.box, before.dropbox)
    (ledger, checkpoints) = (before.ledger, before.checkpoints)
  }

  static func settings(_ direction: OptOutSettings.Direction) -> OptOutSettings {
    OptOutSettings(
      name: "opt-out", direction: direction,
      files: OptOutSettings.Files(
        pattern: "exports/optout_*.csv", key: "externalId", modified: "{campaign}_modified"),
      fields: zip(columns, zip(attributes, isInverted)).map { column, pair in
        OptOutSettings.Field(
          dynamics: column, campaign: pair.0, invert: pair.1,
          position: SourcePosition(file: "jobs/opt-out.yaml", line: 1))
      })
  }

  static func contact(_ number: Int) -> RowKey {
    RowKey(high: UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15, low: UInt64(number + 1))
  }

  var state: OptOutState? { try? checkpoints.load()?.state }

  /// Opted out or not, in Dynamics, in the sense of Campaign.
  func inDynamics(_ contact: RowKey, _ index: Int) -> Bool? {
    contacts.value(contact, Self.columns[index]).map { $0 != Self.isInverted[index] }
  }

  func inCampaign(_ contact: RowKey, _ index: Int) -> Bool? {
    profiles.value(contact, Self.attributes[index])
  }

  /// Somebody says in Dynamics that the person is opted out, or in.
  func sayInDynamics(_ contact: RowKey, _ index: Int, _ isOut: Bool) {
    contacts.put(contact, [Self.columns[index]: isOut != Self.isInverted[index]])
  }

  func sayInCampaign(_ contact: RowKey, _ index: Int, _ isOut: Bool) {
    profiles.put(contact, [Self.attributes[index]: isOut])
  }

  // MARK: exports

  /// What the workflow would write now, of these profiles.
  ///
  /// - Parameter unknown: whether the time of a row's attributes is left out.
  func export(
    _ keys: [RowKey], unknown: (RowKey) -> Bool = { _ in false }
  ) -> [UInt8] {
    var lines = [
      "externalId;" + Self.attributes.map { "\($0);\($0)_modified" }.joined(separator: ";")
    ]
    for key in keys {
      guard let profile = profiles.profiles[key] else { continue }
      let isUnknown = unknown(key)
      let cells = Self.attributes.map { name in
        guard let attribute = profile[name] else { return ";" }
        let time = isUnknown ? "" : ConsentBench.text(attribute.at)
        return "\(attribute.value);\(time)"
      }
      lines.append("\(key);" + cells.joined(separator: ";"))
      guard !isUnknown else { continue }
      shown.withLock { shown in
        for (name, attribute) in profile {
          shown["\(key) \(name)", default: []].append(
            ConsentObservation(value: attribute.value, at: attribute.at, file: 0))
        }
      }
    }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  func publish(_ bytes: [UInt8], as name: String) {
    dropbox.place(bytes, as: "exports/optout_\(name).csv")
  }

  private static func text(_ instant: Instant) -> String {
    let date = Date(timeIntervalSince1970: Double(instant.seconds))
    let fraction = RunName.padded(Int(instant.milliseconds % 1_000), 3)
    return date.ISO8601Format().dropLast() + "." + fraction + "Z"
  }

  // MARK: lives

  /// One process, from its start to its end or death.
  @discardableResult
  func life(_ goal: OptOutJob.Goal = .next) -> RunOutcome<OptOutState> {
    let executor = SeededExecutor(seed: UInt64(world.below(1 << 40)))
    let job = job(goal)
    let ports = commitPorts(executor.thread)
    return executor.run { await run(job, through: ports) }
  }

  private func job(_ goal: OptOutJob.Goal) -> OptOutJob {
    let patience = Patience(clock: world.clock)
    let records = FaultyLedger(ledger, world)
    var export = ExportReader(
      settings.files ?? OptOutSettings.Files(pattern: "", key: "", modified: ""),
      dropbox: dropbox, ledger: records, digest: { hexadecimal(SHA256.digest($0)) },
      patience: patience, note: { [self] note in notes.withLock { $0.append(note) } })
    export.sizes.slice = 3
    let store = FaultyStore(profiles, world)
    var ports = OptOutPorts(
      export: export, source: FaultySource(contacts.table, world),
      contacts: FaultyConsents(AuditedConsents(bench: self), world), ledger: records,
      target: { () async throws(SyncError) in ConsentBench.target(store) }, zone: .utc,
      patience: patience,
      limit: RejectLimit(job: settings.name, share: rejectShare.withLock { $0 }))
    ports.page = 5
    ports.profilesAtOnce = 3
    return OptOutJob(settings: settings, goal: goal, before: state ?? OptOutState(), ports: ports)
  }

  static func target(_ store: any ResourceStore) -> OptOutTarget {
    OptOutTarget(
      pairs: attributes.indices.compactMap { index in
        ConsentAttribute(attributes[index]).map {
          OptOutTarget.Pair(
            attribute: $0, column: columns[index], field: attributes[index],
            isInverted: isInverted[index])
        }
      },
      query: TableQuery(
        entitySet: "contacts", columns: ["contactid", "modifiedon"] + columns, pageSize: 4),
      profiles: store, tokenDays: 7)
  }

  private func commitPorts(_ thread: any SerialExecutor) -> CommitPorts<OptOutState> {
    CommitPorts<OptOutState>(
      thread: thread, checkpoints: FaultyCheckpoints(checkpoints, world) { _ in [] },
      spool: { _ in
        MemorySpool(run: RunName(job: "none", run: 1), header: [], compression: .none)
      },
      ledger: FaultyLedger(ledger, world),
      limit: RejectLimit(job: settings.name, share: rejectShare.withLock { $0 }),
      clock: world.clock, stop: { false },
      identity: JobIdentity(
        organization: "o", dynamicsHost: "d", campaign: "c", table: "contact",
        resource: "profile", key: "externalId"),
      content: nil)
  }

  // MARK: what must never be

  /// A contact goes from opted-out to opted-in by our hand: only as rule 6 allows.
  fileprivate func audit(_ change: ContactChange, _ before: MemoryConsents.Contact) {
    for (column, value) in change.values {
      guard let index = Self.columns.firstIndex(of: column) else {
        world.note(violation: "wrote \(column)")
        continue
      }
      let name = Self.attributes[index]
      let wasOut = before.values[column].map { $0 != Self.isInverted[index] } == true
      let isOut = value != Self.isInverted[index]
      guard wasOut, !isOut else { continue }
      let read = profiles.lastRead(change.contact)?[name]
      let seen = shown.withLock { $0["\(change.contact) \(name)"] } ?? []
      let isAllowed = seen.contains { one in
        guard !one.value, let at = one.at else { return false }
        return settings.direction == .campaignToDynamics || at.seconds > before.modified.seconds
      }
      if read != false || !isAllowed {
        world.note(violation: "opted \(change.contact) in for \(name)")
      }
      // In both directions a row that was written is newer than what it was written for.
      let newest = seen.compactMap { $0.value ? nil : $0.at }.max()
      let before = optedIn.withLock {
        $0.updateValue(newest ?? .init(seconds: 0), forKey: "\(change.contact) \(name)")
      }
      if settings.direction == .campaignToDynamics, let before, before == newest {
        world.note(violation: "opted \(change.contact) in for \(name) twice for one change")
      }
    }
  }
}

/// Sees every write before it happens.
private struct AuditedConsents: ContactConsents {
  let bench: ConsentBench

  func read(
    _ contacts: [RowKey], columns: [String]
  ) async throws(SyncError) -> [RowKey: ContactConsent] {
    try await bench.contacts.read(contacts, columns: columns)
  }

  func write(_ changes: [ContactChange]) async throws(SyncError) -> [ContactWrite] {
    for change in changes {
      guard let before = bench.contacts.contacts[change.contact], before.etag == change.version
      else { continue }
      bench.audit(change, before)
    }
    return try await bench.contacts.write(changes)
  }
}
