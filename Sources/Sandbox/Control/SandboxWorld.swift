import Core

/// Both sides, made from one seed, with one clock.
package final class SandboxWorld: Sendable {
  package struct Settings: Sendable {
    package var seed: UInt64 = 1
    package var contacts = 20_000
    /// Rows of other tables by logical name; else a share of the contacts.
    package var rows: [String: Int] = [:]
    package var organization = "acme-mkt-stage"
    package var dynamicsClient = DataverseWorld.Client(
      id: "11111111-2222-3333-4444-555555555555", secret: "")
    /// Application users of Dynamics; those beyond the first have the same secret.
    package var dynamicsClients = 1
    package var campaignClient = CampaignSettings.Client(
      id: "4f6c0bd2a0d24c1e8b8f0c3f1d2e3a4b", secrets: [])
    /// Absolute path of the SFTP account's login directory.
    package var sftpHome: String?
    package var now = Instant(seconds: 0)
    /// Seconds that two signals of a workflow keep apart; Campaign's own is 600.
    package var signalWindow = 600
    package init() {}

    /// Every application that may ask Dynamics for tokens.
    package var allDynamicsClients: [DataverseWorld.Client] {
      [dynamicsClient]
        + (1..<max(1, dynamicsClients)).map { number in
          let digit = String(number + 1, radix: 16)
          let id = String(repeating: digit, count: 8) + dynamicsClient.id.dropFirst(8)
          return DataverseWorld.Client(id: id, secret: dynamicsClient.secret)
        }
    }
  }

  package let seed: UInt64
  package let clock: SandboxClock
  package let dataverse: DataverseService
  package let campaign: CampaignService
  /// What Campaign sent and what came of it.
  package let events: EventLog
  /// What changed in people's consent, and what Campaign exported of it.
  package let history: ConsentHistory
  package let optOuts: OptOutExports
  package let dataverseFaults = FaultPlan()
  package let campaignFaults = FaultPlan()
  /// What goes on the wire: the stand-in, packed, with planned faults, counted.
  package let dataverseDoor: WatchedService
  package let campaignDoor: WatchedService

  package init(_ settings: Settings) async {
    seed = settings.seed
    let clock = SandboxClock(base: settings.now)
    self.clock = clock
    var world = DataverseWorld()
    world.seed = settings.seed
    world.clients = settings.allDynamicsClients
    world.rows = settings.rows
    world.rows["contact"] = settings.contacts
    let history = ConsentHistory()
    self.history = history
    let dataverse = DataverseService(world: world, clock: clock, history: history)
    var instance = CampaignSettings(
      organization: settings.organization, clients: [settings.campaignClient])
    instance.seed = settings.seed
    instance.sftpHome = settings.sftpHome
    let campaign = CampaignService(instance, history: history) { clock.now }
    (self.dataverse, self.campaign) = (dataverse, campaign)
    events = EventLog(home: settings.sftpHome, clock: clock)
    optOuts = OptOutExports(home: settings.sftpHome, history: history)
    dataverseDoor = WatchedService(
      FaultyService(PackingService(dataverse), plan: dataverseFaults) {
        await dataverse.revokeTokens()
      }, clock: clock,
      identify: { await dataverse.client(of: $0) })
    campaignDoor = WatchedService(
      FaultyService(PackingService(campaign), plan: campaignFaults) {
        await campaign.revokeTokens()
      }, clock: clock, identify: { $0["X-Api-Key"] })
    var knobs = CampaignKnobs()
    knobs.signalWindow = settings.signalWindow
    await campaign.set(knobs)
  }

  /// Loads staged files as workflows ask for it, until the task is cancelled.
  package func runImports() async {
    while !Task.isCancelled {
      if await !campaign.runPendingImports() {
        try? await Task.sleep(for: .milliseconds(20))
      }
    }
  }
}
