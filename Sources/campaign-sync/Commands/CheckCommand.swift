import ArgumentParser
import Core

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Prove, in order, that everything a job needs is there; each failure names its cure.")

  @Argument(help: "One job; all of them without it.") var name: String?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      if let name { try workspace.job(name) }
      Standard.output(
        "ok    configuration: \(workspace.environment.name), "
          + "\(workspace.folder.jobs.count) job files")
      let names = name.map { [$0] } ?? workspace.folder.jobs.map(\.name)
      let doctor = try Doctor(workspace)
      var failures = await doctor.examineEnvironment()
      for name in names {
        do throws(SyncError) {
          switch try workspace.job(name) {
          case .ingress(let settings): failures += await doctor.examine(settings)
          case .egress(let settings): failures += await doctor.examine(settings)
          case .optOut(let settings): failures += await doctor.examine(settings)
          }
        } catch {
          doctor.say(error, "\(name): job file")
          failures.append(error)
        }
      }
      if let failure = Failure.mostUrgent(failures) { throw ExitCode(failure.exitStatus) }
    }
  }
}
