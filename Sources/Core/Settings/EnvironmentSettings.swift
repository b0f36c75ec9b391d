/// `jobs/environments/NAME.yaml`, checked: every key with its default filled in.
package struct EnvironmentSettings: Sendable, Equatable {
  /// Where a secret is; the secret itself is read in the executable only.
  package enum SecretSource: Sendable, Equatable {
    case environment(String)
    case file(String)
  }
  package struct Client: Sendable, Equatable {
    package var id: String
    package var secret: SecretSource
    package init(id: String, secret: SecretSource) {
      self.id = id
      self.secret = secret
    }
  }
  package struct Dynamics: Sendable, Equatable {
    package var url: String
    package var tenant: String
    package var authority = "https://login.microsoftonline.com"
    package var apiVersion = "v9.2"
    package var clients: [Client]
    package var concurrency = 4
    /// A table with more rows is first read by ranges.
    package var partitionFrom = 100_000
    /// Rows of a page.
    package var pageSize = 5000
    package init(url: String, tenant: String, clients: [Client]) {
      self.url = url
      self.tenant = tenant
      self.clients = clients
    }
  }
  package struct Campaign: Sendable, Equatable {
    package var url: String
    package var tokenURL = "https://ims-na1.adobelogin.com/ims/token/v3"
    package var client: Client
    package var scopes: [String]
    package var concurrency = 8
    package var signalInterval = Duration.seconds(600)
    package init(url: String, client: Client, scopes: [String]) {
      self.url = url
      self.client = client
      self.scopes = scopes
    }
  }
  package struct SFTP: Sendable, Equatable {
    package var host: String
    package var port = 22
    package var user: String
    package var privateKey: String
    package var passphrase: SecretSource?
    package var knownHosts: String
    /// Relative to the login directory.
    package var directory: String
    package var concurrency = 4
    package init(
      host: String, user: String, privateKey: String, knownHosts: String, directory: String
    ) {
      self.host = host
      self.user = user
      self.privateKey = privateKey
      self.knownHosts = knownHosts
      self.directory = directory
    }
  }
  package enum Guardrails: String, Sendable, CaseIterable { case error, warn }

  package var name: String
  package var dynamics: Dynamics
  package var campaign: Campaign
  package var sftp: SFTP?
  /// Absolute, resolved against the parent of the jobs folder.
  package var statePath: String
  package var spoolPath: String
  package var guardrails = Guardrails.error
  /// With `{job}` still in it.
  package var heartbeat: String?
  /// `tls: { caFile: PATH }`.
  package var caFile: String?

  package init(
    name: String, dynamics: Dynamics, campaign: Campaign, statePath: String, spoolPath: String
  ) {
    self.name = name
    self.dynamics = dynamics
    self.campaign = campaign
    self.statePath = statePath
    self.spoolPath = spoolPath
  }
}
