import ArgumentParser
import Core
import SandboxServer

struct MutateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutate",
    abstract: "Change rows in Dynamics, and opt-outs on both sides, as a busy day would.",
    discussion: """
      The same seed on the same world makes the same changes.
      Tables: contact, account, cs_vehicle, cs_service, cs_serviceitem.

      --opt-outs N lets N people change a preference in Dynamics (donotbulkemail, donotemail,
      donotphone, donotfax, donotpostalmail, followemail) and N one of the eight in Campaign, as
      many out as in. Of those in Campaign, half changed the same in Dynamics a moment before.

      Examples:
        mutate --updates 500 --creates 100 --deletes 20 --recreates 5
        mutate --table cs_vehicle --orphans 10      children first,
        mutate --table cs_vehicle --parents 10      then their parents
        mutate --deletes 5, later mutate --restores 5
        mutate --table cs_vehicle --set statecode=1 --having statecode=0 --rows 20
        mutate --opt-outs 20 --opt-outs-in campaign
        mutate --set donotbulkemail=true --having contactid=KEY        one person in Dynamics,
        mutate --profile KEY --set denyListEmail=true                  one in Campaign
      """)

  enum Sides: String, ExpressibleByArgument, CaseIterable { case dynamics, campaign, both }

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

  @Option(name: .long, help: "How many people change an opt-out, on each of the sides.")
  var optOuts = 0

  @Option(name: .long, help: "Where they do: dynamics, campaign or both.")
  var optOutsIn = Sides.both

  @Option(name: .long, help: "The externalId of a profile whose opt-outs --set is about.")
  var profile: String?

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
      ("optOuts", optOuts),
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
    guard optOuts == 0 || table == "contact" else {
      throw ValidationError("--opt-outs goes with the table contact.")
    }
    guard profile != nil else { return }
    guard !set.isEmpty, having.isEmpty, rows == nil, counts.allSatisfy({ $0.count == 0 }) else {
      throw ValidationError("--profile goes with --set alone.")
    }
  }

  private static func assignment(_ text: String) throws -> JSONValue {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw ValidationError("'\(text)' sets nothing: write COLUMN=VALUE.")
    }
    let value = String(text[equals...].dropFirst())
    return ["column": .string(String(text[..<equals])), "value": .string(value)]
  }

  func run() throws {
    if let profile { return try change(profile) }
    var body: [JSONValue.Member] = counts.map { .init($0.name, .number(String($0.count))) }
    body.append(.init("table", .string(table)))
    body.append(.init("seed", .number(String(seed))))
    body.append(.init("set", .array(try set.map(MutateCommand.assignment))))
    body.append(.init("having", .array(try having.map(MutateCommand.assignment))))
    body.append(.init("optOutsIn", .string(optOutsIn.rawValue)))
    if let rows { body.append(.init("rows", .number(String(rows)))) }
    let report = try ControlClient(UserPath.absolute(options.directory))
      .post("/mutate", .object(body))
    if options.json { return Console.show(report) }
    print("\(table): " + sentence(report))
  }

  /// A person changes opt-outs in Campaign.
  private func change(_ profile: String) throws {
    let client = try ControlClient(UserPath.absolute(options.directory))
    var changed = 0
    for assignment in try set.map(MutateCommand.assignment) {
      let value = assignment["value"]?.text ?? ""
      guard ["true", "false"].contains(value) else {
        throw ValidationError("an opt-out is true or false.")
      }
      let answer = try client.post(
        "/opt-out",
        [
          "key": .string(profile), "attribute": assignment["column"] ?? "",
          "value": .bool(value == "true"),
        ])
      if answer["changed"]?.flag == true { changed += 1 }
    }
    if options.json { return Console.show(["changed": .number(String(changed))]) }
    print("profile: \(changed) opt-outs changed")
  }

  /// What happened always, what is rarer only where it happened.
  private func sentence(_ report: JSONValue) -> String {
    func count(_ name: String) -> Int { report[name]?.items?.count ?? 0 }
    let rare = [
      ("recreated", "re-created"), ("restored", "restored"), ("orphans", "without their parent"),
      ("parents", "parents created"), ("set", "set"),
    ]
    let changes = [("dynamics", "Dynamics"), ("campaign", "Campaign")].compactMap { name, side in
      report["optOuts"]?[name]?.items.map {
        "\(Console.grouped($0.count)) opt-outs changed in \(side)"
      }
    }
    return
      (["updated", "created", "deleted"].map { "\(Console.grouped(count($0))) \($0)" }
      + rare.filter { count($0.0) > 0 }.map { "\(Console.grouped(count($0.0))) \($0.1)" }
      + changes)
      .joined(separator: ", ")
  }
}
