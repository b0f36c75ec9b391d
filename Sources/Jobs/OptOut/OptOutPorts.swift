import Core

/// What an opt-out job works with.
package struct OptOutPorts: Sendable {
  /// Both sides as their metadata describes them; asked for when they are needed.
  package typealias Target = @Sendable () async throws(SyncError) -> OptOutTarget

  package var export: ExportReader
  package var source: any TableSource
  package var contacts: any ContactConsents
  package var ledger: any Ledger & ConsentRecords
  package var target: Target
  package var zone: TimeZoneRules
  package var patience: Patience
  /// Of each file alone: a bad one does not keep opt-outs of others.
  package var limit: RejectLimit
  /// Profiles that are looked up or written at once.
  package var profilesAtOnce = 8
  /// Contacts that are decided about in one go.
  package var page = 1_000

  package init(
    export: ExportReader, source: any TableSource, contacts: any ContactConsents,
    ledger: any Ledger & ConsentRecords, target: @escaping Target, zone: TimeZoneRules,
    patience: Patience, limit: RejectLimit
  ) {
    self.export = export
    self.source = source
    self.contacts = contacts
    self.ledger = ledger
    self.target = target
    self.zone = zone
    self.patience = patience
    self.limit = limit
  }
}

/// The pairs of an opt-out job, resolved on both sides.
package struct OptOutTarget: Sendable {
  package struct Pair: Sendable, Equatable {
    package var attribute: ConsentAttribute
    /// Logical name, in Dynamics.
    package var column: String
    /// As the API of this Campaign instance knows it.
    package var field: String
    /// True in Dynamics means: may be contacted.
    package var isInverted: Bool

    package init(attribute: ConsentAttribute, column: String, field: String, isInverted: Bool) {
      self.attribute = attribute
      self.column = column
      self.field = field
      self.isInverted = isInverted
    }

    /// A value of one side in the sense of the other.
    package func turned(_ value: Bool?) -> Bool? { value.map { $0 != isInverted } }
  }

  package var pairs: [Pair]
  /// Primary id, the row's time, then the columns of `pairs` in their order.
  package var query: TableQuery
  package var profiles: any ResourceStore
  /// Days that a delta token lives.
  package var tokenDays: Int?

  package init(
    pairs: [Pair], query: TableQuery, profiles: any ResourceStore, tokenDays: Int? = nil
  ) {
    self.pairs = pairs
    self.query = query
    self.profiles = profiles
    self.tokenDays = tokenDays
  }

  /// Cells of a page before those of the pairs.
  static let leading = 2
}
