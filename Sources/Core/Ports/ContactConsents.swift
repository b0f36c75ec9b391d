/// Two-option columns of contacts in Dynamics, for opt-outs.
///
/// - Promise: nothing creates a contact; a write under a version that is no longer the row's is not
///   executed. Sizes of requests, several identities and throttling are its own business; a caller hands
///   over some hundred at a time.
package protocol ContactConsents: Sendable {
  /// Those of the contacts that are there, read afresh, in bulk.
  ///
  /// - Parameter columns: logical names; `values` of an answer follow them.
  func read(_ contacts: [RowKey], columns: [String]) async throws(SyncError)
    -> [RowKey: ContactConsent]
  /// Writes each change if the row still has the version that was read: an outcome for each, in their
  /// order.
  ///
  /// - Errors: nothing is known of any of them; reading again tells.
  func write(_ changes: [ContactChange]) async throws(SyncError) -> [ContactWrite]
}

/// The two-option columns of one contact, as they stand.
package struct ContactConsent: Sendable, Equatable {
  /// The row's etag, opaque.
  package var version: String
  /// Of the row: any of its columns.
  package var modified: Instant?
  /// Nil: null.
  package var values: [Bool?]

  package init(version: String, modified: Instant?, values: [Bool?]) {
    self.version = version
    self.modified = modified
    self.values = values
  }
}

/// What is to be written to one contact: only what differs.
package struct ContactChange: Sendable, Equatable {
  package var contact: RowKey
  package var version: String
  /// Column -> value.
  package var values: [String: Bool]

  package init(contact: RowKey, version: String, values: [String: Bool]) {
    self.contact = contact
    self.version = version
    self.values = values
  }
}

package enum ContactWrite: Sendable, Equatable {
  case written
  /// The row is no longer as it was read; nothing was written.
  case overtaken
  /// There is no such contact (any more).
  case missing
  /// Nobody knows whether it was written: read it again.
  case unknown
  /// - Parameter code: Dataverse's own.
  /// - Parameter excerpt: its text, masked and cut, for `pending` and `inspect` only.
  case refused(code: String, excerpt: String)
}
