/// A stream of pages; it asks for the next page while the caller works on this one.
package typealias PageStream = any AsyncSequence<Page, SyncError> & Sendable

/// Which columns of which table, by their wire names; the first is the primary id.
package struct TableQuery: Sendable, Equatable, Codable {
  package var entitySet: String
  package var columns: [String]
  package var pageSize: Int

  package init(entitySet: String, columns: [String], pageSize: Int = 5000) {
    self.entitySet = entitySet
    self.columns = columns
    self.pageSize = pageSize
  }
}

/// Rows of a table, page by page.
///
/// - Promise: `cells` of every page follow `columns` of the query; links are requested as they
///   came and only at the configured origin; a page is whole or an error.
package protocol TableSource: Sendable {
  /// Every row, with change tracking on: the last page carries `delta`.
  ///
  /// - Parameter link: the `next` of a page of an earlier, unfinished scan of the same query.
  ///   Where the service refuses it, the error is `SyncError.linkRefused`.
  func scan(_ query: TableQuery, from link: String?) -> PageStream

  /// Rows of a range by their primary ids, in the order of `KeyRange`; without change tracking.
  ///
  /// - Parameter last: where an earlier read of the range ended: it goes on behind this row.
  /// - Errors: `SyncError.rangeRefused` where the service takes no such ranges. Whether the rows come in
  ///   the right order is for the caller to see.
  func rows(_ query: TableQuery, in range: KeyRange, after last: RowKey?) -> PageStream

  /// What was created, changed or deleted since; `link` is a `delta` of an earlier read, or the
  /// `next` of a page of an unfinished chain. The last page carries the new `delta`.
  ///
  /// - Errors: `SyncError.tokenExpired` where the service has forgotten the token.
  func changes(_ query: TableQuery, from link: String) -> PageStream

  /// A `delta` of a read of other columns, asked for these; nil where it cannot be.
  ///
  /// Outside of what Dynamics promises: the service may refuse it with `SyncError.linkRefused`.
  func retarget(_ link: String, to query: TableQuery) -> String?

  /// One row, read afresh; nil where it does not exist.
  func row(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Page?

  /// Whether the service says of this very id that there is no such row.
  ///
  /// - Errors: `permission` where the row is there, and out of this user's reach.
  func isGone(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Bool

  /// How many changes wait behind a delta link, as far as the service says.
  func pendingChanges(_ query: TableQuery, from link: String) async throws(SyncError) -> Int?
}

extension SyncError {
  /// The code that says a stored page link is no longer taken.
  package static let linkRefusedCode = "link-refused"
  package var isLinkRefused: Bool { code == SyncError.linkRefusedCode }

  /// The code that says the service takes no ranges of primary ids.
  package static let rangeRefusedCode = "range-refused"
  package var isRangeRefused: Bool { code == SyncError.rangeRefusedCode }

  /// Dataverse's ExpiredVersionStamp.
  package static let tokenExpiredCode = "0x80044352"
  package var isTokenExpired: Bool { code == SyncError.tokenExpiredCode }
}
