import ArgumentParser
import Core
import SandboxServer

struct KnobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "knobs", abstract: "Show or turn how the two sides behave.",
    discussion: """
      Example: knobs dataverse.maxPageSize=100 campaign.signalWindow=600

      Servers that make a large export hard (docs/sandbox.md tells more):
        dataverse.rejectsGuidRanges=true         no gt, ge, lt, le of guids in a filter
        dataverse.rejectsOtherSelect=true        a delta token with other columns is refused
        dataverse.guidSort=text dataverse.guidFilter=text      guids in another order; one of the
                                                 two alone: sorted in one, filtered in another
        dataverse.shortPages=30 dataverse.emptyPages=10        of a hundred pages, so many
        dataverse.trackedOrder=version           tracked scans do not come in key order
        dataverse.mutations=100 dataverse.mutateEvery=5        rows change while they are read
      """)

  @OptionGroup var options: SandboxOptions

  @Argument(help: "SIDE.NAME=VALUE; lists as a,b. Without any: shows all.")
  var turns: [String] = []

  func run() throws {
    let client = try ControlClient(UserPath.absolute(options.directory))
    let current = try client.get("/knobs")
    guard !turns.isEmpty else {
      return options.json ? Console.show(current) : Console.list(current)
    }
    var wanted: [String: [JSONValue.Member]] = [:]
    for turn in turns {
      guard let equals = turn.firstIndex(of: "="), let dot = turn[..<equals].firstIndex(of: ".")
      else { throw ValidationError("'\(turn)' is no knob: write SIDE.NAME=VALUE.") }
      let side = String(turn[..<dot])
      let name = String(turn[turn.index(after: dot)..<equals])
      guard let before = current[side]?[name] else {
        let names = (current[side]?.members ?? current.members ?? []).map(\.name)
        let meant = Nearest.name(to: current[side] == nil ? side : name, among: names)
        throw ValidationError(
          "there is no knob \(side).\(name)" + (meant.map { "; did you mean \($0)?" } ?? "."))
      }
      let value = KnobsCommand.value(String(turn[equals...].dropFirst()), like: before)
      wanted[side, default: []].append(.init(name, value))
    }
    let answer = try client.post("/knobs", .object(wanted.map { .init($0.key, .object($0.value)) }))
    if options.json { Console.show(answer) }
  }

  /// The text as the type that the knob has now.
  private static func value(_ text: String, like before: JSONValue) -> JSONValue {
    switch before {
    case .bool: text == "true" || text == "false" ? .bool(text == "true") : .string(text)
    case .number: Double(text) != nil ? .number(text) : .string(text)
    case .array: .array(text.split(separator: ",").map { .string(String($0)) })
    default: .string(text)
    }
  }
}

struct RevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Make every token given so far a 401.")

  enum Side: String, ExpressibleByArgument, CaseIterable { case dataverse, campaign, both }

  @OptionGroup var options: SandboxOptions

  @Argument(help: "Whose tokens.")
  var side = Side.both

  func run() throws {
    _ = try ControlClient(UserPath.absolute(options.directory))
      .post("/revoke", ["side": .string(side.rawValue)])
  }
}

struct ChangeMetadataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "change-metadata",
    abstract: "Expire every delta token given so far, as a change of a table's columns does.")

  @OptionGroup var options: SandboxOptions

  func run() throws {
    _ = try ControlClient(UserPath.absolute(options.directory)).post("/metadata-change")
  }
}

struct WorkflowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workflow", abstract: "Put an import workflow of Campaign into a state.")

  @OptionGroup var options: SandboxOptions

  @Argument(help: "The workflow: WKF101.")
  var id: String

  @Argument(help: "edition, started, finished, warning or error.")
  var state: String

  func run() throws {
    _ = try ControlClient(UserPath.absolute(options.directory))
      .post("/workflow", ["id": .string(id), "state": .string(state)])
  }
}

struct DropSessionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop-sessions",
    abstract: "Break off every SFTP session, as a failing network would.")

  @OptionGroup var options: SandboxOptions

  func run() throws {
    _ = try ControlClient(UserPath.absolute(options.directory)).post("/drop-sessions")
  }
}
