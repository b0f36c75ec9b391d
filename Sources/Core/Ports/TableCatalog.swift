/// What the Dynamics side says about itself.
package protocol TableCatalog: Sendable {
  func table(_ logicalName: String) async throws(SyncError) -> TableSchema
  func organization() async throws(SyncError) -> Organization
  /// Every table's logical name, for suggestions.
  func tableNames() async throws(SyncError) -> [String]
  /// Proves that rows of the table can be read, with one row.
  func proveReadable(_ table: TableSchema) async throws(SyncError)
  /// Whether the user may read every row of the organization, as change tracking demands; nil where
  /// the service does not say.
  func readsWholeOrganization(_ table: TableSchema) async throws(SyncError) -> Bool?
  /// Rows of the table, as far as the service says (may be a day old).
  func approximateCount(_ table: TableSchema) async throws(SyncError) -> Int?
}

package struct Organization: Sendable, Equatable {
  /// `OrganizationId`, lower case.
  package var id: String
  package var name: String?
  /// Days that a delta token lives.
  package var tokenDays: Int?

  package init(id: String, name: String? = nil, tokenDays: Int? = nil) {
    self.id = id
    self.name = name
    self.tokenDays = tokenDays
  }
}
