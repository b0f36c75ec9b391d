import Campaign
import Core
import Dataverse
import Jobs

/// Resolves the pairs of an opt-out job, once, when they are needed.
///
/// Whether the checkpoint belongs to this organization is asked here too: before anything is written.
actor OptOutTargets {
  private let state: OptOutJobState
  private let profiles: ProfileKey
  private let dynamics: DataverseClient
  private let campaign: CampaignClient
  private var flight: Task<Result<OptOutTarget, SyncError>, Never>?

  init(
    _ state: OptOutJobState, _ profiles: ProfileKey, _ dynamics: DataverseClient,
    _ campaign: CampaignClient
  ) {
    self.state = state
    self.profiles = profiles
    self.dynamics = dynamics
    self.campaign = campaign
  }

  func target() async throws(SyncError) -> OptOutTarget {
    if flight == nil {
      flight = Task { [state, profiles, dynamics, campaign] in
        do throws(SyncError) {
          let organization = try await dynamics.organization()
          _ = try state.checkpoint(organization: organization.id)
          let table = try await dynamics.table("contact")
          if state.settings.direction == .bidirectional {
            try IngressTargets.requireTracking(table)
          }
          let resource = try await campaign.resource("profile")
          return .success(
            OptOutTarget(
              pairs: try OptOutPairs(state.settings, table: table, resource: resource).pairs,
              query: OptOutPairs.query(state.settings, table),
              profiles: try campaign.store(
                for: resource, key: profiles.field, lookup: profiles.lookup),
              tokenDays: organization.tokenDays))
        } catch {
          return .failure(error)
        }
      }
    }
    guard let flight else { throw .stopped }
    return try await flight.value.get()
  }
}

/// How profiles are looked up: as the ingress job of contacts does it.
struct ProfileKey: Sendable {
  var field = "externalId"
  var lookup: String?

  init(_ ingress: IngressSettings?) {
    guard let ingress else { return }
    field = ingress.key
    lookup = ingress.lookup
  }
}

/// The pairs of an opt-out job against both schemas.
struct OptOutPairs {
  private(set) var pairs: [OptOutTarget.Pair] = []
  private(set) var findings: [MappingFinding] = []

  /// - Errors: `configuration`, with every finding.
  init(
    _ settings: OptOutSettings, table: TableSchema, resource: ResourceSchema
  ) throws(SyncError) {
    for field in settings.fields {
      checkColumn(field, table)
      guard let attribute = ConsentAttribute(field.campaign),
        let known = resource.field(field.campaign) ?? resource.field(attribute.name)
      else {
        let names = ConsentAttribute.allCases.map(\.name)
        findings.append(
          MappingFinding(
            field.position, "profile has no field \(field.campaign)",
            nearest: Nearest.name(to: field.campaign, among: names)))
        continue
      }
      pairs.append(
        OptOutTarget.Pair(
          attribute: attribute, column: field.dynamics, field: known.name,
          isInverted: field.invert))
    }
    guard findings.isEmpty else { throw .mapping(settings.name, findings) }
  }

  private mutating func checkColumn(_ field: OptOutSettings.Field, _ table: TableSchema) {
    guard let column = table.column(field.dynamics) else {
      let names = table.columns.filter { $0.kind == .boolean }.map(\.name)
      findings.append(
        MappingFinding(
          field.position, "contact has no column \(field.dynamics)",
          nearest: Nearest.name(to: field.dynamics, among: names)))
      return
    }
    if column.kind != .boolean || !column.isReadable {
      findings.append(
        MappingFinding(
          field.position, "\(field.dynamics) cannot hold an opt-out",
          expected: "a column with two options that can be read"))
    }
  }

  /// The primary id, the row's time, then the columns in the order of the job file.
  static func query(_ settings: OptOutSettings, _ table: TableSchema) -> TableQuery {
    TableQuery(
      entitySet: table.entitySet,
      columns: [table.primaryId, "modifiedon"] + settings.fields.map(\.dynamics))
  }
}
