import Campaign
import Core
import Dataverse
import Jobs

/// Reads both schemas, once, when the first row needs them, and compiles the mapping.
///
/// Whether the checkpoint belongs to this organization is asked here too: before anything is written.
actor IngressTargets {
  private let state: JobState
  private let dynamics: DataverseClient
  private let campaign: CampaignClient
  private var flight: Task<Result<IngressTarget, SyncError>, Never>?

  init(_ state: JobState, _ dynamics: DataverseClient, _ campaign: CampaignClient) {
    self.state = state
    self.dynamics = dynamics
    self.campaign = campaign
  }

  func target() async throws(SyncError) -> IngressTarget {
    if flight == nil {
      flight = Task { [state, dynamics, campaign] in
        do throws(SyncError) {
          return .success(try await IngressTargets.read(state, dynamics, campaign))
        } catch {
          return .failure(error)
        }
      }
    }
    guard let flight else { throw .stopped }
    return try await flight.value.get()
  }

  /// How the labels of today differ from those of the load; empty where nobody asked for them.
  func labelDrift(from before: ChoiceLabels?) async -> [LabelDrift] {
    guard let before, let flight, let now = try? await flight.value.get().labels else { return [] }
    return before.changes(to: now)
  }

  private static func read(
    _ state: JobState, _ dynamics: DataverseClient, _ campaign: CampaignClient
  ) async throws(SyncError) -> IngressTarget {
    let settings = state.settings
    let organization = try await dynamics.organization()
    _ = try state.checkpoint(organization: organization.id)
    let table = try await dynamics.table(settings.table)
    try requireTracking(table)
    let resource = try await campaign.resource(settings.resource)
    let plan = try RowPlan(settings, table: table, resource: resource)
    var parents: [String: any ResourceStore] = [:]
    for parent in state.parents {
      let resource = try await campaign.resource(parent.resource)
      parents[parent.name] = try campaign.store(
        for: resource, key: parent.key, lookup: parent.lookup)
    }
    return IngressTarget(
      plan: plan, query: TableQuery(entitySet: table.entitySet, columns: plan.columns),
      labels: ChoiceLabels(settings, table: table),
      store: try campaign.store(for: resource, key: settings.key, lookup: settings.lookup),
      parentStores: parents, tokenDays: organization.tokenDays)
  }

  static func requireTracking(_ table: TableSchema) throws(SyncError) {
    guard !table.isChangeTracked else { return }
    throw SyncError(
      .configuration, "follow the changes of \(table.logicalName)",
      "change tracking is off for this table",
      next: "switch it on in Power Apps (table properties, \"Track changes\"), publish, run again")
  }
}
