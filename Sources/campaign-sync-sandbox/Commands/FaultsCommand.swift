import ArgumentParser
import Core
import Sandbox
import SandboxServer

struct FaultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults", abstract: "Let requests go wrong on purpose.",
    subcommands: [Add.self, Chance.self, List.self, Clear.self])

  enum Side: String, ExpressibleByArgument, CaseIterable { case dataverse, campaign }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a fault that strikes requests of one kind.",
      discussion: """
        Faults: \(Fault.names.joined(separator: ", ")), or status with --status.
        Example: faults add dataverse throttled --path /contacts --after 3 --times 2 \
        --retry-after 2
        """)

    @OptionGroup var options: SandboxOptions

    @Argument(help: "The side: dataverse or campaign.")
    var side: Side

    @Argument(help: "What happens.")
    var fault: String

    @Option(name: .long, help: "Only requests of this method.")
    var method: String?

    @Option(name: .long, help: "Only requests whose address contains this.")
    var path: String?

    @Option(name: .long, help: "So many such requests go well before.")
    var after = 0

    @Option(
      name: .long, parsing: .unconditional, help: "So many are struck; -1: all that follow.")
    var times = 1

    @Option(name: .long, help: "The Retry-After of throttled, unavailable and status, in seconds.")
    var retryAfter: Int?

    @Option(name: .long, help: "The HTTP status of the fault `status`.")
    var status: Int?

    @Option(name: .long, help: "The body of the fault `status`: Campaign's own errors are text.")
    var body: String?

    @Option(name: .long, help: "Where `cut` ends the body.")
    var bytes: Int?

    @Option(name: .long, help: "How late `slow` answers.")
    var milliseconds: Int?

    func validate() throws {
      let names = Fault.names + ["status"]
      guard names.contains(fault) else {
        let nearest = Nearest.name(to: fault, among: names).map { "; did you mean \($0)?" } ?? ""
        throw ValidationError(
          "there is no fault '\(fault)'\(nearest) Faults are: \(names.joined(separator: ", ")).")
      }
      if fault == "status", status == nil { throw ValidationError("`status` needs --status.") }
    }

    func run() throws {
      func number(_ name: String, _ value: Int?) -> [JSONValue.Member] {
        value.map { [.init(name, .number(String($0)))] } ?? []
      }
      func text(_ name: String, _ value: String?) -> [JSONValue.Member] {
        value.map { [.init(name, .string($0))] } ?? []
      }
      let rule =
        text("fault", fault) + text("method", method) + text("path", path)
        + number("after", after) + number("times", times) + number("retryAfter", retryAfter)
        + number("status", status) + text("body", body) + number("bytes", bytes)
        + number("milliseconds", milliseconds)
      let answer = try ControlClient(UserPath.absolute(options.directory)).post(
        "/faults", ["side": .string(side.rawValue), "rules": .array([.object(rule)])])
      if options.json { Console.show(answer) }
    }
  }

  struct Chance: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a share of all requests go wrong, the same for the same seed.",
      discussion: "Example: faults chance campaign resetAfter cut --percent 5")

    @OptionGroup var options: SandboxOptions

    @Argument(help: "The side: dataverse or campaign.")
    var side: Side

    @Argument(help: "What happens: one fault or several.")
    var faults: [String]

    @Option(name: .long, help: "Of a hundred requests, how many.")
    var percent = 5

    @Option(name: .long, help: "Which ones.")
    var seed = 1

    @Option(name: .long, help: "Only requests whose address contains this.")
    var path = ""

    func run() throws {
      let random: JSONValue = [
        "seed": .number(String(seed)), "percent": .number(String(percent)),
        "faults": .array(faults.map(JSONValue.string)), "path": .string(path),
      ]
      let answer = try ControlClient(UserPath.absolute(options.directory)).post(
        "/faults", ["side": .string(side.rawValue), "random": random])
      if options.json { Console.show(answer) }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the faults that are set.")

    @OptionGroup var options: SandboxOptions

    func run() throws {
      let faults = try ControlClient(UserPath.absolute(options.directory)).get("/faults")
      if options.json { return Console.show(faults) }
      for side in faults.members ?? [] {
        print("\(side.name): \(side.value["struck"]?.integer ?? 0) requests struck")
        for rule in side.value["rules"]?.items ?? [] { Console.show(rule) }
        if let random = side.value["random"] { Console.show(random) }
      }
    }
  }

  struct Clear: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Remove all faults of a side.")

    @OptionGroup var options: SandboxOptions

    @Argument(help: "The side: dataverse or campaign; without: both.")
    var side: Side?

    func run() throws {
      let client = try ControlClient(UserPath.absolute(options.directory))
      let answer = try client.delete("/faults" + (side.map { "?side=\($0.rawValue)" } ?? ""))
      if options.json { Console.show(answer) }
    }
  }
}
