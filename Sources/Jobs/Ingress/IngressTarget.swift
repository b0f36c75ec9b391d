import Core

/// The mapping compiled against both schemas, and where its rows go.
///
/// - Shape: asked for only when there is a row to map, so that a delta without changes reads no
///   metadata and does not call Campaign at all.
package struct IngressTarget: Sendable {
  package typealias Source = @Sendable () async throws(SyncError) -> IngressTarget

  package var plan: RowPlan
  package var query: TableQuery
  /// What choices are called today; nil where no label is written.
  package var labels: ChoiceLabels?
  package var store: any ResourceStore
  /// Of each parent job: asked where its ledger does not know a record.
  package var parentStores: [String: any ResourceStore]
  /// Days that the service keeps a delta token, where it says so.
  package var tokenDays: Int?

  package init(
    plan: RowPlan, query: TableQuery, labels: ChoiceLabels? = nil, store: any ResourceStore,
    parentStores: [String: any ResourceStore] = [:], tokenDays: Int? = nil
  ) {
    self.parentStores = parentStores
    self.plan = plan
    self.query = query
    self.labels = labels
    self.store = store
    self.tokenDays = tokenDays
  }
}

extension SyncError {
  /// The columns of a stored link and those of today's mapping are not the same.
  static func schemaDrift(_ job: String) -> SyncError {
    SyncError(
      .configuration, "follow the changes of \(job)",
      "the table's columns have other names than when the job was loaded",
      next: "campaign-sync replay \(job) loads everything again, or go on from here with "
        + "campaign-sync run \(job) --keep-position")
  }
}
