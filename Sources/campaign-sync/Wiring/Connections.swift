import Campaign
import Core
import Curl
import Dataverse
import Disk
import Glibc
import HTTP
import SFTP

/// The far sides of one environment, over one libcurl engine.
///
/// - Shape: libcurl, counted, behind the identity's gate, with its token, repeated where it may be.
struct Connections {
  let environment: EnvironmentSettings
  let patience: Patience
  let meter = TrafficMeter()
  /// Nothing is made on this machine: for commands that only look.
  let leavesNoTrace: Bool
  private let curl: CurlTransport
  private let bench = Workbench()
  private let pageSize: PageSize

  init(
    _ environment: EnvironmentSettings, patience: Patience, leavesNoTrace: Bool = false
  ) throws(SyncError) {
    self.environment = environment
    self.leavesNoTrace = leavesNoTrace
    self.patience = patience
    pageSize = PageSize(environment.dynamics.pageSize)
    let caFile = environment.caFile ?? getenv("SSL_CERT_FILE").map { String(cString: $0) }
    curl = try CurlTransport(
      CurlSettings(userAgent: "campaign-sync/" + toolVersion, caFile: caFile))
  }

  /// Token endpoints ask to be left alone by themselves, not through an identity's gate.
  private var forTokens: any Transport {
    RetryingTransport(
      GatedTransport(
        MeteredTransport(curl, meter: meter), gate: MemoryGate(),
        permits: Permits(2, clock: patience.clock), patience: patience, meter: meter),
      patience: patience)
  }

  /// Unmetered and unrepeated: a monitor is no part of the work.
  var heartbeats: any Transport { curl }

  func dynamics() throws(SyncError) -> DataverseClient {
    guard let identity = environment.dynamics.clients.first else {
      throw SyncError(
        .configuration, "reach Dynamics", "the environment names no client", next: nil)
    }
    return try dynamics(as: identity)
  }

  /// Activities, written by all application users at once.
  ///
  /// - Parameter first: of the first application user, which has its token already.
  func activities(
    first: DataverseClient
  ) throws(SyncError) -> DataverseActivities {
    let settings = environment.dynamics
    let (others, gates) = try otherUsers()
    return DataverseActivities(
      first: first, others: others, concurrency: settings.concurrency, patience: patience,
      gates: gates)
  }

  /// Opt-outs of contacts, written by all application users at once.
  ///
  /// - Parameter first: of the first application user, which has its token already.
  func consents(first: DataverseClient) throws(SyncError) -> DataverseConsents {
    let settings = environment.dynamics
    let (others, gates) = try otherUsers()
    return DataverseConsents(
      first: first, others: others, concurrency: settings.concurrency, patience: patience,
      gates: gates)
  }

  /// Readers of a table that is read by ranges: `concurrency` for each application user, in turn.
  ///
  /// - Parameter first: of the first application user, which has its token already.
  func readers(first: DataverseClient) throws(SyncError) -> [any TableSource] {
    let clients = [first] + (try otherUsers().clients)
    return (0..<environment.dynamics.concurrency * clients.count).map {
      clients[$0 % clients.count]
    }
  }

  /// The application users after the first one, and the gates of all.
  private func otherUsers() throws(SyncError) -> (clients: [DataverseClient], gates: [any Gate]) {
    let identities = environment.dynamics.clients
    var others: [DataverseClient] = []
    for identity in identities.dropFirst() { others.append(try dynamics(as: identity)) }
    var gates: [any Gate] = []
    for identity in identities { gates.append(try gate(identity.id)) }
    return (others, gates)
  }

  private func dynamics(
    as identity: EnvironmentSettings.Client
  ) throws(SyncError) -> DataverseClient {
    let settings = environment.dynamics
    let tokens = EntraTokens(
      authority: settings.authority, tenant: settings.tenant, environment: settings.url,
      client: identity.id, secret: try Secrets.read(identity.secret, for: "dynamics.clients"),
      transport: forTokens)
    let transport = try authorized(
      identity.id, url: settings.url, concurrency: settings.concurrency,
      limit: DataverseClient.limit
    ) { () async throws(SyncError) in try await tokens.fetchToken() }
    return DataverseClient(
      url: settings.url, apiVersion: settings.apiVersion, transport: transport, bench: bench,
      pageSize: pageSize)
  }

  func campaign() throws(SyncError) -> CampaignClient {
    let settings = environment.campaign
    let tokens = IMSTokens(
      url: settings.tokenURL, client: settings.client.id,
      secret: try Secrets.read(settings.client.secret, for: "campaign.client"),
      scopes: settings.scopes, transport: forTokens)
    let transport = try authorized(
      settings.client.id, url: settings.url, concurrency: settings.concurrency,
      mayPass: CampaignFault.mayPass
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
    var reach = SFTPSettings(settings, passphrase: passphrase)
    reach.stop = patience.stop
    return SFTPDropbox(reach)
  }

  /// The shared gate; a reader that leaves no trace makes no folder for it.
  func gate(_ identity: String) throws(SyncError) -> any Gate {
    if leavesNoTrace, access(gates, W_OK | X_OK) != 0 { return MemoryGate() }
    return try GateFile(folder: gates, identity: identity)
  }

  private var gates: String { environment.statePath + "/" + environment.name + "/gates" }

  /// At most `concurrency` requests at once in all processes; in this one alone where a reader
  /// leaves no trace and nobody has made the file, or where the folder is on a file system without
  /// locks: there no run goes past its job's lock.
  private func permits(_ identity: String, _ concurrency: Int) throws(SyncError) -> Permits {
    let mayUse = !leavesNoTrace || access(gates, W_OK | X_OK) == 0
    let file =
      mayUse
      ? try PermitFile.open(in: gates, identity: identity, mayCreate: !leavesNoTrace) : nil
    return Permits(concurrency, board: file ?? MemoryPermitBoard(), clock: patience.clock)
  }

  private func authorized(
    _ identity: String, url: String, concurrency: Int,
    mayPass: (@Sendable (HTTPResponse) -> Bool)? = nil,
    limit: @escaping GatedTransport.LimitReader = { _ in nil }, fetch: @escaping TokenSource.Fetch
  ) throws(SyncError) -> any Transport {
    guard let origin = Origin(url) else {
      throw SyncError(.configuration, "reach \(url)", "it is no address", next: nil)
    }
    let gated = GatedTransport(
      MeteredTransport(curl, meter: meter), gate: try gate(identity),
      permits: try permits(identity, concurrency), patience: patience, meter: meter, limit: limit)
    let tokens = TokenSource(clock: patience.clock, fetch: fetch)
    return RetryingTransport(
      AuthorizedTransport(gated, origin: origin, tokens: tokens), patience: patience,
      mayPass: mayPass)
  }
}
