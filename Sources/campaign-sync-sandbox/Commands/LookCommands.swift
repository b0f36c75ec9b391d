import ArgumentParser
import Core
import SandboxServer

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Where things are, how much there is, which imports ran.")

  @OptionGroup var options: SandboxOptions

  func run() throws {
    let status = try ControlClient(UserPath.absolute(options.directory)).get("/status")
    if options.json { Console.show(status) } else { Console.list(status) }
  }
}

struct StateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "state", abstract: "Rows of one side as JSON lines.",
    discussion: "Examples: state dataverse/contact, state campaign/profile --offset 100 --count 5")

  @OptionGroup var options: SandboxOptions

  @Argument(help: "SIDE/TABLE: dataverse/contact, campaign/profile.")
  var table: String

  @Option(name: .long, help: "How many rows to pass over.")
  var offset = 0

  @Option(name: .long, help: "How many rows to show, 10000 at most.")
  var count = 10

  func run() throws {
    let parts = table.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else {
      throw ValidationError("'\(table)' is no SIDE/TABLE: write dataverse/contact.")
    }
    let state = try ControlClient(UserPath.absolute(options.directory))
      .get("/state/\(parts[0])/\(parts[1])?offset=\(max(0, offset))&count=\(max(0, count))")
    if options.json { return Console.show(state) }
    for row in state["rows"]?.items ?? [] { Console.show(row) }
  }
}

struct MetersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "meters",
    abstract: "What each side has counted: requests by kind, engine calls, broken Retry-Afters.",
    discussion: """
      `limits` says what was used of the service protection limits, by application user and web
      server: share is the used part of what the nearest limit allows in the long run, from the
      first request to the last answer. docs/sandbox.md says how the time of requests is modelled.
      """)

  @OptionGroup var options: SandboxOptions

  @Flag(name: .long, help: "Begin to count anew: what was counted is shown for the last time.")
  var reset = false

  func run() throws {
    let client = try ControlClient(UserPath.absolute(options.directory))
    let meters = try client.get("/meters")
    if reset { _ = try client.post("/meters") }
    if options.json { Console.show(meters) } else { Console.list(meters) }
  }
}
