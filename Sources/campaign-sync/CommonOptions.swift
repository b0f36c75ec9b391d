import ArgumentParser

/// What every command takes.
struct CommonOptions: ParsableArguments {
  enum LogFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(name: .long, help: "The environment: jobs/environments/NAME.yaml.")
  var env: String?

  @Option(name: .long, help: "The folder of the job files.")
  var jobs = "jobs"

  @Option(name: .long, help: "How the log is written to standard error.")
  var log = LogFormat.text

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say only what went wrong.")
  var quiet = false
}

/// What every command that works on a job takes.
struct WorkOptions: ParsableArguments {
  enum IfBusy: String, ExpressibleByArgument, CaseIterable { case skip, wait, fail }

  @Option(
    name: .long,
    help: "Stop the command at the next safe point after this time, exit 75: 55m, 2h, 90s.",
    transform: { try DurationText.parse($0) })
  var deadline: Duration?

  @Option(name: .long, help: "What to do when another run of the job holds its lock.")
  var ifBusy: IfBusy?

  @Option(
    name: .long, help: "Share of the records that may be rejected, instead of the job file's: 2%.",
    transform: { try PercentText.parse($0) })
  var rejectLimit: Double?

  @Option(
    name: .long,
    help: "Apply the deletions that the guard holds back: exactly as many as wait.")
  var approveDeletes: Int?

  @Flag(name: .long, help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if let approveDeletes, approveDeletes < 1 {
      throw ValidationError("--approve-deletes takes the number of deletions that wait.")
    }
  }
}

/// What the commands that follow changes take.
struct PositionOptions: ParsableArguments {
  @Flag(
    name: .long,
    help: "Accept a changed mapping and go on from here: rows get it when they next change.")
  var keepPosition = false
}

/// `90s`, `55m`, `2h`, `1d`.
enum DurationText {
  static func parse(_ text: String) throws -> Duration {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()), count > 0
    else { throw ValidationError("'\(text)' is not a time: write 90s, 55m, 2h or 1d.") }
    return .seconds(count * unit)
  }
}

/// `2%` is 0.02.
enum PercentText {
  static func parse(_ text: String) throws -> Double {
    guard text.hasSuffix("%"), let share = Double(text.dropLast()), (0...100).contains(share)
    else { throw ValidationError("'\(text)' is not a share: write 2% or 0.5%.") }
    return share / 100
  }
}
