/// One Campaign resource, record by record.
///
/// One call is one request or two, never a batch: the API has none.
///
/// - Promise: a write is never repeated inside; whether it happened is in the outcome.
package protocol ResourceStore: Sendable {
  /// The records with that key: none, one, or several.
  ///
  /// - Parameter fields: names whose values are wanted in the answer.
  func find(key: String, fields: [String]) async throws(SyncError) -> [ResourceRecord]
  func create(_ fields: [FieldValue]) async throws(SyncError) -> WriteOutcome
  func update(_ record: ResourceRecord, _ fields: [FieldValue]) async throws(SyncError)
    -> WriteOutcome
  func delete(_ record: ResourceRecord) async throws(SyncError) -> WriteOutcome
}

/// What the Campaign side says about itself.
package protocol ResourceCatalog: Sendable {
  func resource(_ name: String) async throws(SyncError) -> ResourceSchema
  /// Proves that the lookup filter of the key exists and answers.
  func proveLookup(_ resource: ResourceSchema, lookup: String?, key: String)
    async throws(SyncError)
}

/// A record as Campaign shows it.
///
/// The address is opaque and good for this run only.
package struct ResourceRecord: Sendable, Equatable {
  package var address: String
  /// By field name (dotted for a nested one), as text, in Campaign's form: absent is `""`, an
  /// enumeration its internal name, a boolean `true` or `false`.
  package var values: [String: String]

  package init(address: String, values: [String: String]) {
    self.address = address
    self.values = values
  }
}

/// A value to be written.
package struct FieldValue: Sendable, Equatable {
  package enum Form: Sendable, Equatable { case text, number, boolean }
  /// As the API of this instance knows the field.
  package var name: String
  package var form: Form
  /// In Campaign's form; `""` clears a text or date.
  package var text: String

  package init(_ name: String, _ form: Form, _ text: String) {
    self.name = name
    self.form = form
    self.text = text
  }
}

package enum WriteOutcome: Sendable, Equatable {
  case done
  /// The service refused this record: a fault of its data, permanent until somebody mends it.
  ///
  /// - Parameter code: Campaign's own, such as `PGS-220000`.
  /// - Parameter excerpt: its text, masked and cut, for `pending` and `inspect` only.
  case refused(code: String, excerpt: String)
  /// The record is not there (any more).
  case absent
  /// Nobody knows: look it up before repeating.
  case unknown
}
