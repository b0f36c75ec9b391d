import Core
import HTTP

/// Opt-outs of contacts in Dynamics, written by one application user or several.
///
/// - Shape: a PATCH for each contact, always under the version that was read, in batches that go on
///   after an error. There is no other write here: one without a version, or under any version, could
///   undo what somebody said meanwhile, or bring a deleted contact back.
package struct DataverseConsents: Sendable {
  private let users: ApplicationUsers

  /// - Parameter first: of the application user that reads.
  /// - Parameter others: of further application users of the same environment.
  /// - Parameter concurrency: requests under way at once, for each of them.
  /// - Parameter gates: those of their transports, in the order of the clients; none: in this process.
  package init(
    first: DataverseClient, others: [DataverseClient] = [], concurrency: Int, patience: Patience,
    gates: [any Gate] = []
  ) {
    users = ApplicationUsers(
      first: first, others: others, concurrency: concurrency, patience: patience, gates: gates)
  }
}

extension DataverseConsents: ContactConsents {
  package func read(
    _ contacts: [RowKey], columns: [String]
  ) async throws(SyncError) -> [RowKey: ContactConsent] {
    let action = "read the opt-outs of contacts"
    let rows = try await users.first.rows(
      of: "contacts", key: "contactid", among: contacts, select: ["modifiedon"] + columns,
      number: users.patience.clock.random(), for: action, .optOuts)
    var found: [RowKey: ContactConsent] = [:]
    found.reserveCapacity(rows.count)
    for (key, row) in rows {
      guard let version = row["@odata.etag"]?.text, Self.isVersion(version) else {
        throw .incomplete("the versions of rows", action)
      }
      var values: [Bool?] = []
      for column in columns {
        switch row[column] {
        case .bool(let value): values.append(value)
        case .null: values.append(nil)
        default: throw .notTwoOptions(column, action)
        }
      }
      let modified = row["modifiedon"]?.text.flatMap(InstantText.read)
      found[key] = ContactConsent(version: version, modified: modified, values: values)
    }
    return found
  }

  package func write(_ changes: [ContactChange]) async throws(SyncError) -> [ContactWrite] {
    guard changes.allSatisfy({ Self.isVersion($0.version) }) else {
      throw SyncError(.bug, ConsentLane.action, "a contact was to be written without its version")
    }
    guard !changes.isEmpty else { return [] }
    return try await users.write(changes) { index in
      ConsentLane(
        rows: RowWrites(
          client: users.clients[index], gate: users.gates[index], patience: users.patience,
          knowledge: users.knowledge, message: ConsentLane.message, action: ConsentLane.action,
          purpose: .optOuts))
    }
  }

  /// An etag as a header may carry it; `*` is any version, and no version lets the row be created.
  private static func isVersion(_ text: String) -> Bool {
    text.utf8.count >= 3 && text.hasSuffix("\"") && text.utf8.allSatisfy { (0x21...0x7E) ~= $0 }
  }
}

extension DataverseConsents {
  /// Whether every application user may read and write all contacts, as far as their roles can be read.
  ///
  /// - Errors: `permission`, with the privilege that is missing.
  package func checkPrivileges() async throws(SyncError) {
    let action = "read the privileges of the application users"
    for (index, client) in users.clients.enumerated() {
      guard let depths = try await client.privilegeDepths(for: action) else { continue }
      for verb in ["Read", "Write"] {
        let name = "prv\(verb)Contact"
        let depth = depths[name.lowercased()] ?? []
        guard !depth.contains("Global") else { continue }
        throw SyncError(
          .permission, "check opt-outs in Dynamics",
          depth.isEmpty
            ? "application user \(index + 1) of `dynamics.clients` lacks \(name)"
            : "application user \(index + 1) of `dynamics.clients` has \(name), but not for all rows",
          next: "give its security role \(verb) on contact for the whole organization")
      }
    }
  }
}

/// One request at a time of one application user.
private struct ConsentLane: WriteLane {
  static let action = "write opt-outs to contacts"
  static let message = WriteKnowledge.Message(table: "contact", name: "Update")

  let rows: RowWrites

  func size() async throws(SyncError) -> Int {
    await rows.knowledge.size(Self.message, await rows.knowledge.wayBelowBulk)
  }

  func write(_ changes: [ContactChange]) async throws(SyncError) -> [ContactWrite] {
    let answers = try await rows.write(
      changes.map {
        .update($0.contact, in: "contacts", version: $0.version, Self.body($0.values))
      })
    return answers.map { answer in
      switch answer {
      case .done: .written
      case .overtaken(let mayBeOurs): mayBeOurs ? .unknown : .overtaken
      case .missing: .missing
      // No answer to a PATCH of two-option columns: reading again tells what it meant.
      case .alreadyThere: .unknown
      case .refused(let refusal): .refused(code: refusal.code, excerpt: refusal.excerpt)
      }
    }
  }

  private static func body(_ values: [String: Bool]) -> [UInt8] {
    JSONValue.object(
      values.sorted { $0.key < $1.key }.map { .init($0.key, .bool($0.value)) }
    ).encoded
  }
}

extension SyncError {
  fileprivate static func notTwoOptions(_ column: String, _ action: String) -> SyncError {
    SyncError(
      .configuration, action, "\(column) of contact is no column of two options",
      next: "correct the job file; `campaign-sync check` names the columns that fit")
  }
}
