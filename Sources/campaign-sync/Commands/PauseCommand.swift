import ArgumentParser
import Core
import Disk

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Forbid scheduled runs of a job, and say why.")

  @Argument(help: "The job.") var name: String
  @Option(help: "Why; `status` and `run` repeat it.") var reason: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      let workspace = try Workspace(common)
      let state = JobPlace(try workspace.job(name).name, in: workspace.environment)
      try state.pause.write(PauseFile.Pause(reason: reason, since: SystemClock().now))
      Standard.output("\(name): paused; `campaign-sync resume \(name)` allows runs again")
    }
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Allow scheduled runs of a job again.")

  @Argument(help: "The job.") var name: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      let workspace = try Workspace(common)
      let state = JobPlace(try workspace.job(name).name, in: workspace.environment)
      let wasPaused = try state.pause.read() != nil
      try state.pause.remove()
      Standard.output("\(name): \(wasPaused ? "resumed" : "was not paused")")
    }
  }
}
