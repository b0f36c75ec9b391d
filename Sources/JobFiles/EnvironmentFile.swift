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
    let settings = read(text, file: file, name: name, paths: paths, problems)
    guard let settings, problems.all.isEmpty else { throw .problems(problems.all) }
    return settings
  }

  static func read(
    _ text: String, file: String, name: String, paths: Paths, _ problems: Problems
  ) -> EnvironmentSettings? {
    guard let root = Document.root(text, file: file, problems: problems) else { return nil }
    var settings = EnvironmentSettings(
      name: name, dynamics: dynamics(root, paths), campaign: campaign(root, paths),
      statePath: "", spoolPath: "")
    settings.sftp = sftp(root, paths)
    let folders = root.section("paths")
    settings.statePath = paths.absolute(folders?.text("state") ?? "state")
    settings.spoolPath = paths.absolute(folders?.text("spool") ?? "spool")
    folders?.finish()
    settings.guardrails = root.choice("guardrails", .error)
    settings.heartbeat = heartbeat(root)
    let tls = root.section("tls")
    settings.caFile = tls?.text("caFile").map(paths.absolute)
    tls?.finish()
    root.finish()
    return settings
  }

  private static func dynamics(_ root: Section, _ paths: Paths) -> EnvironmentSettings.Dynamics {
    guard let section = root.requiredSection("dynamics") else {
      return EnvironmentSettings.Dynamics(url: "", tenant: "", clients: [])
    }
    var dynamics = EnvironmentSettings.Dynamics(
      url: section.url("url", example: "https://contoso.crm4.dynamics.com", path: .none),
      tenant: section.required("tenant", "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d", as: .token),
      clients: section.sections("clients").map { client($0, paths) })
    dynamics.authority = section.url(
      "authority", dynamics.authority, example: dynamics.authority, path: .none)
    dynamics.apiVersion = section.text("apiVersion", as: .version) ?? dynamics.apiVersion
    if dynamics.clients.isEmpty {
      section.complain("clients", "needs at least one `{ id: ..., secret: { env: NAME } }`")
    }
    dynamics.concurrency = section.integer("concurrency", 4, in: 1...64) ?? 4
    dynamics.partitionFrom =
      section.integer("partitionFrom", dynamics.partitionFrom, in: 1...1_000_000_000)
      ?? dynamics.partitionFrom
    dynamics.pageSize = section.integer("pageSize", dynamics.pageSize, in: 1...5000) ?? 5000
    section.finish()
    return dynamics
  }

  private static func campaign(_ root: Section, _ paths: Paths) -> EnvironmentSettings.Campaign {
    let empty = EnvironmentSettings.Client(id: "", secret: .environment(""))
    guard let section = root.requiredSection("campaign") else {
      return EnvironmentSettings.Campaign(url: "", client: empty, scopes: documentedScopes)
    }
    var campaign = EnvironmentSettings.Campaign(
      url: section.url(
        "url", example: "https://mc.adobe.io/acme-mkt-stage", path: .organization),
      client: section.requiredSection("client").map { client($0, paths) } ?? empty,
      scopes: section.texts("scopes") ?? documentedScopes)
    if campaign.scopes.contains(where: { !TextForm.token.fits($0) || $0.contains(",") }) {
      section.complain("scopes", "must be a list of single words, `[openid, AdobeID]`")
    }
    campaign.tokenURL = section.url("tokenUrl", campaign.tokenURL, example: campaign.tokenURL)
    if campaign.tokenURL.hasSuffix("/ims/exchange/jwt") {
      section.complain(
        "tokenUrl",
        "belongs to service accounts (JWT), which Adobe has ended: make an OAuth server-to-server "
          + "credential, and leave `tokenUrl` out")
    }
    campaign.concurrency = section.integer("concurrency", 8, in: 1...64) ?? 8
    campaign.signalInterval = section.duration("signalInterval", campaign.signalInterval)
    section.finish()
    return campaign
  }

  private static func sftp(_ root: Section, _ paths: Paths) -> EnvironmentSettings.SFTP? {
    guard let section = root.section("sftp") else { return nil }
    let key = section.requiredSection("privateKey")
    var sftp = EnvironmentSettings.SFTP(
      host: section.required("host", "acme-mkt-stage.campaign.adobe.com", as: .host),
      user: section.required("user", "acme", as: .token),
      privateKey: paths.absolute(key?.required("file", "~/.ssh/campaign_rsa") ?? ""),
      knownHosts: paths.absolute(section.required("knownHosts", "~/.ssh/known_hosts")),
      directory: section.required("directory", "d365_loads"))
    sftp.passphrase = key?.secret("passphrase", files: paths)
    key?.finish()
    if let beside = section.secret("passphrase", files: paths) {
      if sftp.passphrase != nil { section.complain("passphrase", "is given twice; keep one") }
      sftp.passphrase = beside
    }
    sftp.port = section.integer("port", 22, in: 1...65535) ?? 22
    sftp.concurrency = section.integer("concurrency", 4, in: 1...10) ?? 4
    if sftp.directory.hasSuffix("/"), sftp.directory != "/" { sftp.directory.removeLast() }
    if !["", "."].contains(sftp.directory), (try? RemoteName.check(sftp.directory)) == nil {
      section.complain(
        "directory", "must be relative to the login directory, without `..`; `.` is that itself")
    }
    section.finish()
    return sftp
  }

  private static func heartbeat(_ root: Section) -> String? {
    let example = "https://hc.example.org/{job}"
    guard root.has("heartbeat") else {
      _ = root.node("heartbeat")
      return nil
    }
    let url = root.url("heartbeat", example: example)
    Placeholders.check(url, root, "heartbeat", ["{job}"])
    return url.isEmpty ? nil : url
  }

  private static func client(_ section: Section, _ paths: Paths) -> EnvironmentSettings.Client {
    let id = section.required("id", "11111111-2222-3333-4444-555555555555", as: .token)
    let secret = section.secret("secret", files: paths)
    if secret == nil, !section.has("secret") {
      section.complain("secret", "is missing; write `{ env: NAME }` or `{ file: PATH }`")
    }
    section.finish()
    return EnvironmentSettings.Client(id: id, secret: secret ?? .environment(""))
  }
}
