import ArgumentParser
import Core
import Jobs

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Do whatever each job needs next: the line for a crontab.",
    discussion: """
      Initial load, resume, delta and the retry of pending records. Never waits for an import: it
      says LOADING and leaves with 0. A paused or busy job is skipped with one line. Stops at a
      safe point after one hour, unless --deadline says otherwise.
      """)

  @Argument(help: "The jobs.") var names: [String] = []
  @Flag(help: "All jobs of the folder.") var all = false
  @OptionGroup var position: PositionOptions
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if names.isEmpty != all { throw ValidationError("Name the jobs, or say --all.") }
    if all, position.keepPosition {
      throw ValidationError("--keep-position goes with the names of jobs, not with --all.")
    }
  }

  func run() async throws {
    try await Session(common, work).perform(
      "run", .job(.next), names, all: all, keepingPosition: position.keepPosition,
      standardDeadline: .seconds(3600))
  }
}

struct InitialCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "initial",
    abstract: "Load everything: export, stage, signal the import, wait for its proof, catch up.",
    discussion: "Resumes where it stopped. An already loaded job says so and leaves with 0.")

  @Argument(help: "The job.") var name: String
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session(common, work).perform("initial", .job(.initial), [name])
  }
}

struct DeltaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delta",
    abstract: "Bring what was created or changed since the checkpoint.",
    discussion: """
      With `delta: { via: file }` the changes are staged as CSV, and the command waits for the \
      proof of their import, up to import.timeout.
      """)

  @Argument(help: "The jobs.") var names: [String]
  @Option(help: "Only the record with this primary id, read afresh.") var only: String?
  @OptionGroup var position: PositionOptions
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if names.isEmpty { throw ValidationError("Name the jobs.") }
    guard let only else { return }
    if names.count != 1 { throw ValidationError("--only goes with one job.") }
    if RowKey(only) == nil { throw ValidationError("--only takes a primary id (a guid).") }
  }

  func run() async throws {
    let goal = only.flatMap { RowKey($0) }.map { IngressJob.Goal.only($0) } ?? .delta
    try await Session(common, work).perform(
      "delta", .job(goal), names, keepingPosition: position.keepPosition)
  }
}
