import ArgumentParser
import Core
import SandboxServer

struct MutateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutate", abstract: "Change rows in Dynamics, as a busy day would.",
    discussion: "The same seed on the same world makes the same changes.")

  @OptionGroup var options: SandboxOptions

  @Option(name: .long, help: "How many rows to update.")
  var updates = 0

  @Option(name: .long, help: "How many rows to create.")
  var creates = 0

  @Option(name: .long, help: "How many rows to delete.")
  var deletes = 0

  @Option(name: .long, help: "Which changes.")
  var seed = 1

  @Option(name: .long, help: "The table, by its logical name.")
  var table = "contact"

  func validate() throws {
    guard updates >= 0, creates >= 0, deletes >= 0, seed >= 0 else {
      throw ValidationError("numbers begin at 0.")
    }
    guard updates + creates + deletes > 0 else {
      throw ValidationError("say what to change, for example: mutate --updates 500 --creates 100")
    }
  }

  func run() throws {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    let report = try ControlClient(UserPath.absolute(options.directory)).post(
      "/mutate",
      [
        "table": .string(table), "updates": number(updates), "creates": number(creates),
        "deletes": number(deletes), "seed": number(seed),
      ])
    if options.json { return Console.show(report) }
    func count(_ name: String) -> String { Console.grouped(report[name]?.items?.count ?? 0) }
    print(
      "\(table): \(count("updated")) updated, \(count("created")) created, "
        + "\(count("deleted")) deleted")
  }
}

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say whether Campaign holds what a job file promises.",
    discussion: """
      Worked out from the job file and both sides' data, without the tool's own mapping.
      Exit status: 0 equal, 1 different.
      """)

  @OptionGroup var options: SandboxOptions

  @Argument(help: "The job: contacts for jobs/contacts.yaml.")
  var job: String

  @Option(name: .long, help: "The folder of the job files.")
  var jobs = "jobs"

  func run() throws {
    let files = try JobReading.files(in: jobs)
    // Its errors are better shown before anything is asked.
    _ = try JobReading.settings(job, files)
    let result = try ControlClient(UserPath.absolute(options.directory)).post(
      "/compare",
      [
        "job": .string(job),
        "files": .array(files.map { ["name": .string($0.name), "text": .string($0.text)] }),
      ])
    if options.json {
      Console.show(result)
    } else {
      print(result["sentence"]?.text ?? "")
    }
    if result["equal"]?.flag != true { throw ExitCode(1) }
  }
}

struct ClockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock", abstract: "The sandbox's time.", subcommands: [Advance.self])

  struct Advance: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let time pass at once: tokens expire, windows end.")

    @OptionGroup var options: SandboxOptions

    @Argument(help: "How long: 90s, 10m, 2h, 8d.")
    var time: String

    func run() throws {
      let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
      guard let unit = time.last.flatMap({ units[$0] }), let count = Int(time.dropLast()), count > 0
      else { throw ValidationError("'\(time)' is not a time: write 90s, 10m, 2h or 8d.") }
      let answer = try ControlClient(UserPath.absolute(options.directory))
        .post("/clock", ["advance": .number(String(count * unit))])
      if options.json {
        Console.show(answer)
      } else {
        print("it is \(answer["clock"]?.text ?? "")")
      }
    }
  }
}
