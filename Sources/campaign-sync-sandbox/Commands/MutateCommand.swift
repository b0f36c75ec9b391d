import ArgumentParser
import Core
import SandboxServer

struct MutateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutate", abstract: "Change rows in Dynamics, as a busy day would.",
    discussion: """
      The same seed on the same world makes the same changes.
      Tables: contact, account, cs_vehicle, cs_service, cs_serviceitem.

      Examples:
        mutate --updates 500 --creates 100 --deletes 20 --recreates 5
        mutate --table cs_vehicle --orphans 10      children first,
        mutate --table cs_vehicle --parents 10      then their parents
        mutate --deletes 5, later mutate --restores 5
        mutate --table cs_vehicle --set statecode=1 --having statecode=0 --rows 20
      """)

  @OptionGroup var options: SandboxOptions

  @Option(name: .long, help: "How many rows to update.")
  var updates = 0

  @Option(name: .long, help: "How many rows to create.")
  var creates = 0

  @Option(name: .long, help: "How many rows to delete.")
  var deletes = 0

  @Option(name: .long, help: "How many to delete and create again at once, with the same id.")
  var recreates = 0

  @Option(name: .long, help: "How many deleted rows come back, with the same id.")
  var restores = 0

  @Option(name: .long, help: "How many rows to create whose parent does not exist yet.")
  var orphans = 0

  @Option(name: .long, help: "How many parents to create that rows point at and that are missing.")
  var parents = 0

  @Option(name: .long, help: "COLUMN=VALUE: set a column; an empty value is null. Repeatable.")
  var set: [String] = []

  @Option(name: .long, help: "COLUMN=VALUE: set only where a column has this value. Repeatable.")
  var having: [String] = []

  @Option(name: .long, help: "How many rows to set; without: all.")
  var rows: Int?

  @Option(name: .long, help: "Which changes.")
  var seed = 1

  @Option(name: .long, help: "The table, by its logical name.")
  var table = "contact"

  private var counts: [(name: String, count: Int)] {
    [
      ("updates", updates), ("creates", creates), ("deletes", deletes), ("recreates", recreates),
      ("restores", restores), ("orphans", orphans), ("parents", parents),
    ]
  }

  func validate() throws {
    guard counts.allSatisfy({ $0.count >= 0 }), seed >= 0, rows ?? 0 >= 0 else {
      throw ValidationError("numbers begin at 0.")
    }
    guard counts.contains(where: { $0.count > 0 }) || !set.isEmpty else {
      throw ValidationError("say what to change, for example: mutate --updates 500 --creates 100")
    }
    guard !set.isEmpty || having.isEmpty && rows == nil else {
      throw ValidationError("--having and --rows go with --set.")
    }
    _ = try (set + having).map(MutateCommand.assignment)
  }

  private static func assignment(_ text: String) throws -> JSONValue {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw ValidationError("'\(text)' sets nothing: write COLUMN=VALUE.")
    }
    let value = String(text[equals...].dropFirst())
    return ["column": .string(String(text[..<equals])), "value": .string(value)]
  }

  func run() throws {
    var body: [JSONValue.Member] = counts.map { .init($0.name, .number(String($0.count))) }
    body.append(.init("table", .string(table)))
    body.append(.init("seed", .number(String(seed))))
    body.append(.init("set", .array(try set.map(MutateCommand.assignment))))
    body.append(.init("having", .array(try having.map(MutateCommand.assignment))))
    if let rows { body.append(.init("rows", .number(String(rows)))) }
    let report = try ControlClient(UserPath.absolute(options.directory))
      .post("/mutate", .object(body))
    if options.json { return Console.show(report) }
    print("\(table): " + sentence(report))
  }

  /// What happened always, what is rarer only where it happened.
  private func sentence(_ report: JSONValue) -> String {
    func count(_ name: String) -> Int { report[name]?.items?.count ?? 0 }
    let rare = [
      ("recreated", "re-created"), ("restored", "restored"), ("orphans", "without their parent"),
      ("parents", "parents created"), ("set", "set"),
    ]
    return
      (["updated", "created", "deleted"].map { "\(Console.grouped(count($0))) \($0)" }
      + rare.filter { count($0.0) > 0 }.map { "\(Console.grouped(count($0.0))) \($0.1)" })
      .joined(separator: ", ")
  }
}
