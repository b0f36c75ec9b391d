import Core
import Testing

@testable import JobFiles

struct EnvironmentFileTests {
  @Test func everyKeyIsTaken() throws {
    let settings = try environment(try fixture("right/environments/full.yaml"))
    var wanted = EnvironmentSettings(
      name: "a",
      dynamics: .init(
        url: "https://contoso.crm4.dynamics.com", tenant: "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d",
        clients: [
          .init(
            id: "11111111-2222-3333-4444-555555555555",
            secret: .environment("DYNAMICS_CLIENT_SECRET"))
        ]),
      campaign: .init(
        url: "https://mc.adobe.io/acme-mkt-stage",
        client: .init(id: "abc", secret: .file("/etc/campaign-sync/campaign.secret")),
        scopes: ["openid", "AdobeID", "campaign_sdk"]),
      statePath: "/var/lib/campaign-sync/state", spoolPath: "/srv/sync/work/spool")
    wanted.dynamics.authority = "https://login.microsoftonline.us"
    wanted.dynamics.apiVersion = "v9.1"
    wanted.dynamics.concurrency = 2
    wanted.dynamics.pageSize = 500
    wanted.campaign.tokenURL = "https://ims-na1.adobelogin.com/ims/token/v2"
    wanted.campaign.concurrency = 3
    wanted.campaign.signalInterval = .seconds(900)
    var sftp = EnvironmentSettings.SFTP(
      host: "acme-mkt-stage.campaign.adobe.com", user: "acme",
      privateKey: "/home/sync/.ssh/campaign_rsa", knownHosts: "/home/sync/.ssh/known_hosts",
      directory: "d365_loads")
    sftp.port = 2222
    sftp.passphrase = .environment("CAMPAIGN_PASSPHRASE")
    sftp.concurrency = 2
    wanted.sftp = sftp
    wanted.guardrails = .warn
    wanted.heartbeat = "https://hc.example.org/{job}"
    wanted.caFile = "/srv/sync/certificates/ca.pem"
    #expect(settings == wanted)
  }

  @Test func theLeastFileGetsTheDefaults() throws {
    let settings = try environment(try fixture("right/environments/least.yaml"))
    #expect(settings.dynamics.url == "http://127.0.0.1:8080")
    #expect(settings.dynamics.authority == "https://login.microsoftonline.com")
    #expect(settings.dynamics.apiVersion == "v9.2")
    #expect(settings.dynamics.concurrency == 4)
    #expect(settings.dynamics.pageSize == 5000)
    #expect(settings.dynamics.clients.map(\.secret) == [.file("/srv/sync/secrets/dynamics")])
    #expect(settings.campaign.tokenURL == "https://ims-na1.adobelogin.com/ims/token/v3")
    #expect(settings.campaign.scopes == EnvironmentFile.documentedScopes)
    #expect(settings.campaign.concurrency == 8)
    #expect(settings.campaign.signalInterval == .seconds(600))
    #expect(settings.sftp == nil)
    #expect(settings.statePath == "/srv/sync/state")
    #expect(settings.spoolPath == "/srv/sync/spool")
    #expect(settings.guardrails == .error)
    #expect(settings.heartbeat == nil)
    #expect(settings.caFile == nil)
  }

  @Test func aPassphraseMayStandBesideTheKey() throws {
    let text = try fixture("right/environments/full.yaml")
      .replacing(", passphrase: { env: CAMPAIGN_PASSPHRASE }", with: "")
      .replacing("  user: acme\n", with: "  user: acme\n  passphrase: { file: ~/pass }\n")
    #expect(try environment(text).sftp?.passphrase == .file("/home/sync/pass"))
  }

  @Test func theLoginDirectoryItselfIsADot() throws {
    let text = try fixture("right/environments/full.yaml")
    let dot = text.replacing("directory: d365_loads", with: "directory: .")
    #expect(try environment(dot).sftp?.directory == ".")
    let slash = text.replacing("directory: d365_loads", with: "directory: d365/loads/")
    #expect(try environment(slash).sftp?.directory == "d365/loads")
  }
}
