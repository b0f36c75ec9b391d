import Core
import Testing

/// What every `ContactConsents` promises; each case is checked on a far side of its own.
///
/// - Shape: the world has the contacts of `contacts`, whose `columns` are all false, and not
///   `stranger`.
package enum ContactConsentsContract: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case readsWhatIsThere, readsManyAtOnce, readsNull, writesWhatDiffers, outcomesInOrder
  case aStaleVersionIsNotWritten, aWriteOutdatesItsVersion, noContactIsEverCreated, writesManyAtOnce

  package var testDescription: String { rawValue }

  package struct Scene: Sendable {
    package var consents: any ContactConsents
    package var contacts: [RowKey]
    package var columns: [String]
    package var stranger = RowKey(high: 0x0bad_0bad_0bad_4bad, low: 0x8bad_0bad_0bad_0bad)
    /// Somebody in Dynamics sets a column; nil makes it null.
    package var change: @Sendable (RowKey, String, Bool?) async -> Void
    package var remove: @Sendable (RowKey) async -> Void

    /// - Parameters:
    ///   - contacts: at least three.
    ///   - columns: at least two.
    package init(
      _ consents: any ContactConsents, contacts: [RowKey], columns: [String],
      change: @escaping @Sendable (RowKey, String, Bool?) async -> Void,
      remove: @escaping @Sendable (RowKey) async -> Void
    ) {
      self.consents = consents
      self.contacts = contacts
      self.columns = columns
      self.change = change
      self.remove = remove
    }

    fileprivate func row(_ contact: RowKey) async throws -> ContactConsent {
      let found = try await consents.read([contact], columns: columns)
      return try #require(found[contact])
    }

    fileprivate func changes(
      _ contacts: [RowKey], _ values: [String: Bool]
    ) async throws -> [ContactChange] {
      let found = try await consents.read(contacts, columns: columns)
      return try contacts.map {
        ContactChange(contact: $0, version: try #require(found[$0]).version, values: values)
      }
    }
  }

  package func check(_ scene: Scene) async throws {
    switch self {
    case .readsWhatIsThere, .readsManyAtOnce, .readsNull: try await checkReads(scene)
    case .writesWhatDiffers, .outcomesInOrder, .writesManyAtOnce: try await checkWrites(scene)
    case .aStaleVersionIsNotWritten, .aWriteOutdatesItsVersion, .noContactIsEverCreated:
      try await checkVersions(scene)
    }
  }

  private func checkReads(_ scene: Scene) async throws {
    let (consents, first) = (scene.consents, scene.contacts[0])
    if self == .readsManyAtOnce {
      let many = (0..<700).map { RowKey(high: 0x4000 | UInt64($0) << 32, low: 1 << 63) }
      let found = try await consents.read(many + scene.contacts, columns: scene.columns)
      #expect(Set(found.keys) == Set(scene.contacts))
      return
    }
    if self == .readsNull {
      await scene.change(first, scene.columns[1], nil)
      var values: [Bool?] = scene.columns.map { _ in false }
      values[1] = nil
      #expect(try await scene.row(first).values == values)
      return
    }
    await scene.change(first, scene.columns[1], true)
    let found = try await consents.read(
      [first, scene.stranger, scene.contacts[1], first],
      columns: [scene.columns[1], scene.columns[0]])
    #expect(Set(found.keys) == [first, scene.contacts[1]])
    #expect(found[first]?.values == [true, false])
    #expect(found[scene.contacts[1]]?.values == [false, false])
    for row in found.values { #expect(!row.version.isEmpty && row.modified != nil) }
    #expect(try await consents.read([], columns: scene.columns).isEmpty)
  }

  private func checkWrites(_ scene: Scene) async throws {
    let (consents, columns) = (scene.consents, scene.columns)
    if self == .writesManyAtOnce {
      let all = scene.contacts
      let outcomes = try await consents.write(try await scene.changes(all, [columns[0]: true]))
      #expect(outcomes == all.map { _ in .written })
      let found = try await consents.read(all, columns: [columns[0]])
      #expect(all.allSatisfy { found[$0]?.values == [true] })
      return
    }
    var changes = try await scene.changes(Array(scene.contacts.prefix(3)), [columns[0]: true])
    if self == .outcomesInOrder {
      await scene.remove(scene.contacts[2])
      changes[0].version = "W/\"1\""
      let outcomes = try await consents.write(changes)
      #expect(outcomes == [.overtaken, .written, .missing])
      #expect(try await consents.write([]).isEmpty)
      return
    }
    changes[1].values = [columns[0]: true, columns[1]: true]
    #expect(try await consents.write(changes) == [.written, .written, .written])
    let rest = columns.dropFirst(2).map { _ in Bool?.some(false) }
    #expect(try await scene.row(scene.contacts[0]).values == [true, false] + rest)
    #expect(try await scene.row(scene.contacts[1]).values == [true, true] + rest)
    let back = try await scene.changes([scene.contacts[1]], [columns[0]: false])
    #expect(try await consents.write(back) == [.written])
    #expect(try await scene.row(scene.contacts[1]).values == [false, true] + rest)
  }

  private func checkVersions(_ scene: Scene) async throws {
    let (consents, columns, first) = (scene.consents, scene.columns, scene.contacts[0])
    let changes = try await scene.changes([first], [columns[0]: true])
    switch self {
    case .aStaleVersionIsNotWritten:
      await scene.change(first, columns[1], true)
      #expect(try await consents.write(changes) == [.overtaken])
      #expect(try await scene.row(first).values.prefix(2) == [false, true])
    case .aWriteOutdatesItsVersion:
      #expect(try await consents.write(changes) == [.written])
      var back = changes
      back[0].values = [columns[0]: false]
      #expect(try await consents.write(back) == [.overtaken])
      #expect(try await scene.row(first).values.first == true)
    default:
      await scene.remove(first)
      var stranger = changes[0]
      stranger.contact = scene.stranger
      #expect(try await consents.write([stranger, changes[0]]) == [.missing, .missing])
      let found = try await consents.read([first, scene.stranger], columns: columns)
      #expect(found.isEmpty)
    }
  }
}
