import Campaign
import Core
import Curl
import Dataverse
import Disk
import HTTP
import SFTP

/// The far sides of one environment, over one libcurl engine.
///
/// - Shape: libcurl, counted; retried; behind the identity's gate; with the identity's token.
struct Connections {
  let environment: EnvironmentSettings
  let patience: Patience
  let meter = TrafficMeter()
  private let curl: CurlTransport

  init(_ environment: EnvironmentSettings, patience: Patience) throws(SyncError) {
    self.environment = environment
    self.patience = patience
    curl = try CurlTransport(
      CurlSettings(userAgent: "campaign-sync/" + toolVersion, caFile: environment.caFile))
  }

  /// Where requests and answers really pass; token requests included.
  private var wire: any Transport {
    RetryingTransport(MeteredTransport(curl, meter: meter), patience: patience)
  }

  /// Unmetered and unrepeated: a monitor is no part of the work.
  var heartbeats: any Transport { curl }

  func dynamics() throws(SyncError) -> DataverseClient {
    let settings = environment.dynamics
    guard let identity = settings.clients.first else {
      throw SyncError(.configuration, "reach Dynamics", "the environment names no client", next: nil)
    }
    let tokens = DataverseTokens(
      authority: settings.authority, tenant: settings.tenant, clientID: identity.id,
      secret: try Secrets.read(identity.secret, for: "dynamics.clients"), url: settings.url,
      transport: wire)
    let transport = try authorized(
      identity.id, url: settings.url, concurrency: settings.concurrency
    ) { () async throws(SyncError) in try await tokens.fetchToken() }
    return DataverseClient(
      url: settings.url, apiVersion: settings.apiVersion, transport: transport)
  }

  func campaign() throws(SyncError) -> CampaignClient {
    let settings = environment.campaign
    let tokens = IMSTokens(
      url: settings.tokenURL, clientID: settings.client.id,
      clientSecret: try Secrets.read(settings.client.secret, for: "campaign.client"),
      scopes: settings.scopes, transport: wire)
    let transport = try authorized(
      settings.client.id, url: settings.url, concurrency: settings.concurrency
    ) { () async throws(SyncError) in try await tokens.fetchToken() }
    return CampaignClient(url: settings.url, apiKey: settings.client.id, transport: transport)
  }

  /// Nil where the environment has no `sftp:`.
  func sftp() throws(SyncError) -> SFTPDropbox? {
    guard let settings = environment.sftp else { return nil }
    try Secrets.requirePrivate(settings.privateKey, "sftp.privateKey")
    var passphrase: String?
    if let source = settings.passphrase {
      passphrase = try Secrets.read(source, for: "sftp.privateKey")
    }
    return try SFTPDropbox(SFTPSettings(settings, passphrase: passphrase))
  }

  func gate(_ identity: String) throws(SyncError) -> GateFile {
    try GateFile(
      folder: environment.statePath + "/" + environment.name + "/gates", identity: identity)
  }

  private func authorized(
    _ identity: String, url: String, concurrency: Int, fetch: @escaping TokenSource.Fetch
  ) throws(SyncError) -> any Transport {
    guard let origin = Origin(url) else {
      throw SyncError(.configuration, "reach \(url)", "it is no address", next: nil)
    }
    let gated = GatedTransport(
      wire, gate: try gate(identity), permits: Permits(concurrency), patience: patience)
    return AuthorizedTransport(
      gated, origin: origin, tokens: TokenSource(clock: patience.clock, fetch: fetch))
  }
}
