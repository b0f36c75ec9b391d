import ArgumentParser
import Core
import Glibc
import Sandbox
import SandboxServer

struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Start a sandbox with a new world and leave it running.",
    discussion: """
      The same seed and numbers of rows make the same world. A new world begins with an empty
      Campaign and without the tool's state of an older one (the folder's state and spool).
      """)

  enum Ports: String, ExpressibleByArgument, CaseIterable { case fixed, free }

  @OptionGroup var options: SandboxOptions

  @Option(name: .long, help: "How many contacts Dynamics has.")
  var contacts = 20_000

  @Option(name: .long, help: "How many accounts; without: a twentieth of the contacts.")
  var accounts: Int?

  @Option(name: .long, help: "How many vehicles, children of contacts; without: half of them.")
  var vehicles: Int?

  @Option(name: .long, help: "How many services, children of vehicles; without: contacts / 2.")
  var services: Int?

  @Option(name: .long, help: "How many items, children of services; without: contacts / 4.")
  var serviceItems: Int?

  @Option(name: .long, help: "Which world: the same number makes the same one.")
  var seed: UInt64 = 1

  @Option(
    name: .long,
    help: "fixed: 8365, 8366, 8367 and 8322, which the environment `sandbox` names; or free ones.")
  var ports = Ports.fixed

  @Option(name: .long, help: "The first of three fixed ports: Dynamics, Campaign, control.")
  var port = 8365

  @Option(name: .long, help: "The fixed port of the SFTP server.")
  var sftpPort = 8322

  @Option(name: .long, help: "Also write an environment file of campaign-sync for this sandbox.")
  var writeEnv: String?

  @Option(name: .long, help: "How many application users Dynamics has; --write-env names them all.")
  var clients = 1

  @Option(name: .long, help: "Seconds that signals of a workflow keep apart; Campaign's are 600.")
  var signalWindow = 1

  @Flag(name: .long, help: "Stay in the foreground, until Ctrl-C.")
  var foreground = false

  @Flag(name: .long, help: "Stay in the foreground, until standard input ends: for scripts.")
  var untilInputEnds = false

  func validate() throws {
    for (option, _, count) in others + [("--contacts", "contact", contacts)]
    where !(0...20_000_000).contains(count ?? 0) {
      throw ValidationError("\(option) takes 0 to 20000000.")
    }
    guard (1...9).contains(clients) else { throw ValidationError("--clients takes 1 to 9.") }
    guard (1...65_533).contains(port), (1...65_535).contains(sftpPort) else {
      throw ValidationError("--port takes 1 to 65533, --sftp-port 1 to 65535.")
    }
  }

  func run() async throws {
    if foreground || untilInputEnds { return try await runHere() }
    let files = SandboxFiles(UserPath.absolute(options.directory))
    let begin = ContinuousClock.now
    try await Background.start(arguments(files.directory), files)
    let client = try ControlClient(files.directory)
    if options.json { return Console.show(client.about) }
    let seconds = (ContinuousClock.now - begin) / .milliseconds(100)
    introduce(client.about, after: " in \(Int(seconds) / 10).\(Int(seconds) % 10) s")
  }

  /// The tables whose sizes may be given: option, logical name, number of rows.
  private var others: [(option: String, table: String, count: Int?)] {
    [
      ("--accounts", "account", accounts), ("--vehicles", "cs_vehicle", vehicles),
      ("--services", "cs_service", services), ("--service-items", "cs_serviceitem", serviceItems),
    ]
  }

  /// The same command for the process that stays.
  private func arguments(_ directory: String) -> [String] {
    var arguments = [
      "start", "--foreground", "--directory", directory, "--contacts", String(contacts), "--seed",
      String(seed), "--ports", ports.rawValue, "--port", String(port), "--sftp-port",
      String(sftpPort), "--signal-window", String(signalWindow), "--clients", String(clients),
    ]
    for (option, _, count) in others {
      if let count { arguments += [option, String(count)] }
    }
    if let writeEnv { arguments += ["--write-env", UserPath.absolute(writeEnv)] }
    return arguments
  }

  private func runHere() async throws {
    StopRequest.listen()
    if untilInputEnds { StopRequest.listenToInput() }
    var settings = SandboxRun.Settings(directory: UserPath.absolute(options.directory))
    settings.contacts = contacts
    for (_, table, count) in others { settings.rows[table] = count }
    settings.seed = seed
    settings.signalWindow = signalWindow
    settings.dynamicsClients = clients
    if ports == .free {
      settings.ports = .free
    } else {
      settings.ports.dataverse = port
      settings.ports.campaign = port + 1
      settings.ports.control = port + 2
      settings.ports.sftp = sftpPort
    }
    let run = try await SandboxRun(
      settings, readJob: JobReading.settings, readEventJob: JobReading.events,
      readOptOutJob: JobReading.optOuts
    ) { StopRequest.make() }
    if let writeEnv {
      try Files.write(environment(of: run), to: writeEnv)
    }
    try run.announce()
    introduce(run.about, after: "")
    fflush(nil)
    await StopRequest.wait()
    await run.stop()
  }

  private func environment(of run: SandboxRun) -> String {
    var world = SandboxWorld.Settings()
    world.dynamicsClients = clients
    return run.files.environment(run.ports, user: run.user, world: world)
  }

  private func introduce(_ about: JSONValue, after time: String) {
    let sftp = about["sftp"]
    let user = sftp?["user"]?.text ?? ""
    print(
      """
      sandbox ready\(time): \(Console.grouped(contacts)) contacts, seed \(seed)
        Dynamics  \(about["dataverse"]?.text ?? "")
        Campaign  \(about["campaign"]?.text ?? "")/\(SandboxWorld.Settings().organization)
        SFTP      \(user)@127.0.0.1:\(sftp?["port"]?.integer ?? 0)
        control   \(about["control"]?.text ?? "")/status
        folder    \(options.directory): keys, secrets, log; the tool's state and spool
      """)
    if user != "acme", writeEnv == nil {
      print("  note: write `user: \(user)` in jobs/environments/sandbox.yaml, or install")
      print("        libnss-wrapper (`make setup` does), which lets it be `acme` everywhere")
    }
    print("next: \(nextCommand)")
    print("stop: campaign-sync-sandbox stop\(isElsewhere)")
  }

  private var isElsewhere: String {
    options.directory == ".sandbox" ? "" : " --directory \(options.directory)"
  }

  private var nextCommand: String {
    if ports == .fixed, port == 8365, sftpPort == 8322 { return "campaign-sync check contacts" }
    guard let name = writeEnv?.split(separator: "/").last, name.hasSuffix(".yaml") else {
      return "campaign-sync-sandbox start --write-env FILE makes an environment for these ports"
    }
    return "campaign-sync --env \(name.dropLast(5)) check contacts"
  }
}
