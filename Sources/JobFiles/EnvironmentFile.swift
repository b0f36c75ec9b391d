import Core

/// `jobs/environments/NAME.yaml` -> settings.
package enum EnvironmentFile {
  package static let documentedScopes = [
    "openid", "AdobeID", "campaign_sdk", "campaign_config_server_general",
    "deliverability_service_general", "additional_info.projectedProductContext",
  ]

  /// - Errors: every problem of the file at once.
  package static func read(
    _ text: String, file: String, name: String, paths: Paths
  ) throws(SyncError) -> EnvironmentSettings {
    let problems = Problems()
    guard let root = Document.root(text, file: file, problems: problems) else {
      throw .problems(problems.all)
    }
    var settings = EnvironmentSettings(
      name: name, dynamics: dynamics(root, paths), campaign: campaign(root, paths),
      statePath: "", spoolPath: "")
    settings.sftp = sftp(root, paths)
    let folders = root.section("paths")
    settings.statePath = paths.absolute(folders?.text("state") ?? "state")
    settings.spoolPath = paths.absolute(folders?.text("spool") ?? "spool")
    folders?.finish()
    settings.guardrails = root.choice("guardrails", .error)
    if root.has("heartbeat") {
      settings.heartbeat = root.url("heartbeat", example: "https://hc.example.org/{job}")
    }
    let tls = root.section("tls")
    settings.caFile = tls?.text("caFile").map(paths.absolute)
    tls?.finish()
    root.finish()
    guard problems.all.isEmpty else { throw .problems(problems.all) }
    return settings
  }

  private static func dynamics(_ root: Section, _ paths: Paths) -> EnvironmentSettings.Dynamics {
    let section = root.requiredSection("dynamics")
    var dynamics = EnvironmentSettings.Dynamics(
      url: section?.url("url", example: "https://contoso.crm4.dynamics.com") ?? "",
      tenant: section?.required("tenant", "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d") ?? "",
      clients: [])
    guard let section else { return dynamics }
    dynamics.authority = section.url(
      "authority", dynamics.authority, example: dynamics.authority)
    dynamics.apiVersion = section.text("apiVersion") ?? dynamics.apiVersion
    dynamics.clients = section.sections("clients").map { client($0, paths) }
    if dynamics.clients.isEmpty {
      section.complain("clients", "needs at least one `{ id: ..., secret: { env: NAME } }`")
    }
    dynamics.concurrency = section.integer("concurrency", 4, in: 1...64) ?? 4
    section.finish()
    return dynamics
  }

  private static func campaign(_ root: Section, _ paths: Paths) -> EnvironmentSettings.Campaign {
    let section = root.requiredSection("campaign")
    let empty = EnvironmentSettings.Client(id: "", secret: .environment(""))
    var campaign = EnvironmentSettings.Campaign(
      url: section?.url("url", example: "https://mc.adobe.io/acme-mkt-stage") ?? "",
      client: section?.requiredSection("client").map { client($0, paths) } ?? empty,
      scopes: section?.texts("scopes") ?? documentedScopes)
    guard let section else { return campaign }
    campaign.tokenURL = section.url("tokenUrl", campaign.tokenURL, example: campaign.tokenURL)
    campaign.concurrency = section.integer("concurrency", 8, in: 1...64) ?? 8
    campaign.signalInterval = section.duration("signalInterval", campaign.signalInterval)
    section.finish()
    return campaign
  }

  private static func sftp(_ root: Section, _ paths: Paths) -> EnvironmentSettings.SFTP? {
    guard let section = root.section("sftp") else { return nil }
    let key = section.requiredSection("privateKey")
    var sftp = EnvironmentSettings.SFTP(
      host: section.required("host", "acme-mkt-stage.campaign.adobe.com"),
      user: section.required("user", "acme"),
      privateKey: paths.absolute(key?.required("file", "~/.ssh/campaign_rsa") ?? ""),
      knownHosts: paths.absolute(section.required("knownHosts", "~/.ssh/known_hosts")),
      directory: section.required("directory", "d365_loads"))
    sftp.passphrase = key?.secret("passphrase", files: paths)
    key?.finish()
    sftp.passphrase = sftp.passphrase ?? section.secret("passphrase", files: paths)
    sftp.port = section.integer("port", 22, in: 1...65535) ?? 22
    sftp.concurrency = section.integer("concurrency", 4, in: 1...10) ?? 4
    if sftp.directory.hasPrefix("/") || sftp.directory.split(separator: "/").contains("..") {
      section.complain("directory", "must be relative to the login directory, without `..`")
    }
    section.finish()
    return sftp
  }

  private static func client(_ section: Section, _ paths: Paths) -> EnvironmentSettings.Client {
    let id = section.required("id", "11111111-2222-3333-4444-555555555555")
    let secret = section.secret("secret", files: paths)
    if secret == nil, !section.has("secret") {
      section.complain("secret", "is missing; write `{ env: NAME }` or `{ file: PATH }`")
    }
    section.finish()
    return EnvironmentSettings.Client(id: id, secret: secret ?? .environment(""))
  }
}
