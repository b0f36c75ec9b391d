import Campaign
import Core
import Dataverse
import SFTP

/// `check`: one thing after the other; a failure does not hide the next one.
struct Doctor {
  let workspace: Workspace
  let connections: Connections

  init(_ workspace: Workspace) throws(SyncError) {
    self.workspace = workspace
    connections = try Connections(
      workspace.environment, patience: .ofRun(SystemClock(), deadline: .seconds(120)))
  }

  /// Credentials of all three services, and what does not depend on a job.
  func examineEnvironment() async -> [SyncError] {
    var failures: [SyncError] = []
    failures += await step("Dynamics: credentials, organization, application user") {
      () async throws(SyncError) in
      let organization = try await connections.dynamics().organization()
      let days = organization.tokenDays.map { "; delta tokens live \($0) days" } ?? ""
      return "organization \(organization.name ?? organization.id)\(days)"
    }
    failures += await step("Campaign: credentials, organisation") { () async throws(SyncError) in
      let profile = try await connections.campaign().resource("profile")
      return "profile has \(profile.fields.count) fields"
    }
    guard workspace.environment.sftp != nil else {
      say("SFTP: not configured; `initial: { via: api }` needs none", "skip")
      return failures
    }
    failures += await step("SFTP: host key, login") { () async throws(SyncError) in
      try await connections.sftp()?.proveLogin()
      return nil
    }
    failures += await step("SFTP: write, rename, remove") { () async throws(SyncError) in
      let isAtomic = try await connections.sftp()?.proveWriting() ?? false
      return isAtomic ? "renames over an older file in one step" : "renames in two steps"
    }
    return failures
  }

  /// One job: both schemas against the mapping, change tracking, look-up filter, workflow.
  func examine(_ settings: IngressSettings) async -> [SyncError] {
    var failures: [SyncError] = []
    let name = settings.name
    var table: TableSchema?
    failures += await step("\(name): table \(settings.table), read privilege") {
      () async throws(SyncError) in
      let dynamics = try connections.dynamics()
      let found = try await dynamics.table(settings.table)
      try await dynamics.proveReadable(found)
      table = found
      let rows = try await dynamics.approximateCount(found)
      return rows.map { "about \(TimeText.count($0)) rows" }
    }
    guard let table else { return failures }
    failures += await step("\(name): read privilege on the whole organization") {
      () async throws(SyncError) in
      guard let isWhole = try await connections.dynamics().readsWholeOrganization(table) else {
        return "not shown"
      }
      guard isWhole else { throw .readsOnlySome(table) }
      return nil
    }
    failures += await step("\(name): change tracking") { () async throws(SyncError) in
      try IngressTargets.requireTracking(table)
      return nil
    }
    failures += await step("\(name): mapping against both schemas") { () async throws(SyncError) in
      let resource = try await connections.campaign().resource(settings.resource)
      let plan = try RowPlan(settings, table: table, resource: resource)
      return "\(plan.header.count) columns to \(resource.family.rawValue)/\(resource.name)"
    }
    tellLabels(settings, table)
    for warning in ConsentLabel.warnings(settings, table: table) {
      say("\(name): \(warning)", "warn")
    }
    failures += await step("\(name): look-up filter of \(settings.key)") {
      () async throws(SyncError) in
      let campaign = try connections.campaign()
      let resource = try await campaign.resource(settings.resource)
      try await campaign.proveLookup(resource, lookup: settings.lookup, key: settings.key)
      return nil
    }
    guard let load = settings.load else { return failures }
    failures += await step("\(name): workflow \(load.workflow), signal \(load.signal)") {
      () async throws(SyncError) in try await examineWorkflow(load)
    }
    return failures
  }

  /// Drift is no failure: what changes from now on gets the new labels.
  private func tellLabels(_ settings: IngressSettings, _ table: TableSchema) {
    let state = JobState(settings, in: workspace.environment)
    guard let before = (try? state.checkpoints.load())?.state.labels,
      let now = ChoiceLabels(settings, table: table)
    else { return }
    let drift = before.changes(to: now)
    if drift.isEmpty {
      say("\(settings.name): labels are those of the load", "ok  ")
    } else {
      say("\(settings.name): " + LabelDrift.sentence(drift, job: settings.name), "warn")
    }
  }

  private func examineWorkflow(
    _ load: IngressSettings.Import
  ) async throws(SyncError) -> String? {
    let found = try await connections.campaign().describe(
      workflow: load.workflow, signal: load.signal)
    guard found.hasSignal else {
      throw SyncError(
        .configuration, "find the signal \(load.signal)",
        "the workflow \(load.workflow) has no signal activity of this name",
        next: "correct `import.signal`, or add the activity: docs/import-workflow.md")
    }
    if let declared = found.parameters, Set(declared.keys) != Set(load.parameters.keys) {
      throw SyncError(
        .configuration, "compare the parameters of \(load.signal)",
        "the activity declares \(declared.keys.sorted().joined(separator: ", "))",
        next: "make `import.parameters` hold exactly these")
    }
    switch found.status {
    case .started, .unknown: return found.status == .unknown ? "state not shown" : "started"
    default:
      throw SyncError(
        .configuration, "find the workflow \(load.workflow) waiting",
        "it is \(found.status.rawValue)", next: "start the workflow in Campaign")
    }
  }

  func step(
    _ title: String, _ work: () async throws(SyncError) -> String?
  ) async -> [SyncError] {
    do throws(SyncError) {
      let detail = try await work()
      Standard.output("ok    \(title)\(detail.map { ": \($0)" } ?? "")")
      return []
    } catch {
      say(error, title)
      return [error]
    }
  }

  func say(_ text: String, _ verdict: String) { Standard.output("\(verdict)  \(text)") }

  func say(_ error: SyncError, _ title: String) {
    let code = error.code.map { " (\($0))" } ?? ""
    Standard.output("FAIL  \(title): cannot \(error.action): \(error.reason)\(code)")
    if let next = error.next { Standard.output("      cure: \(next)") }
  }
}

extension SyncError {
  fileprivate static func readsOnlySome(_ table: TableSchema) -> SyncError {
    SyncError(
      .permission, "read every row of \(table.logicalName)",
      "the application user's read privilege is not organization-wide; change tracking needs that",
      next: "give its security role Read on \(table.logicalName) at organization depth")
  }
}
