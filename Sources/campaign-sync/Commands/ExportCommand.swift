import ArgumentParser
import Core

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Only Dynamics -> CSV parts in the spool. Needs no SFTP.")

  @Argument(help: "The job.") var name: String
  @Option(help: "Write a synthetic sample file of N rows for Campaign's Load file instead.")
  var sample: Int?
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let sample, !(1...10_000).contains(sample) {
      throw ValidationError("--sample takes a number from 1 to 10000.")
    }
  }

  func run() async throws {
    guard let sample else {
      return try await Session(common, work).perform("export", .job(.export), [name])
    }
    try await Report.explaining {
      let workspace = try Workspace(common)
      let path = try await SampleFile(workspace, job: name).write(rows: sample)
      Standard.output("\(name): wrote \(path)")
    }
  }
}

struct StageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage",
    abstract: "Only spool -> SFTP, verify, publish. Needs no Dynamics.")

  @Argument(help: "The job.") var name: String
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session(common, work).perform("stage", .stage, [name])
  }
}

struct ConfirmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm",
    abstract: "Give the operator's word that the import finished, where no other proof exists.")

  @Argument(help: "The job.") var name: String
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session(common, work).perform("confirm", .confirm, [name])
  }
}
