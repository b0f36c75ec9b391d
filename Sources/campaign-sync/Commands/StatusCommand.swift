import ArgumentParser
import Core

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Where the jobs stand: state, last success, backlog, pending, token, engine calls.",
    discussion: """
      Works without any network; the backlog is asked of Dynamics when it answers in time. With
      --max-age it exits 1 when a job has had no success for that long, or has failed.
      """)

  @Argument(help: "One job; all of them without it.") var name: String?
  @Option(
    name: .long, help: "Exit 1 when the last success is older: 2h, 1d.",
    transform: { try DurationText.parse($0) })
  var maxAge: Duration?
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Do not ask Dynamics for the backlog.") var offline = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      let workspace = try Workspace(common)
      let names = name.map { [$0] } ?? workspace.folder.jobs.map(\.name)
      var statuses: [any StatusReport] = []
      var failures: [SyncError] = []
      for name in names {
        do throws(SyncError) {
          let environment = workspace.environment
          switch try workspace.job(name) {
          case .ingress(let settings):
            statuses.append(try await JobStatus.read(settings, environment, asking: !offline))
          case .egress(let settings):
            statuses.append(try await EgressStatus.read(settings, environment))
          case .optOut(let settings):
            statuses.append(try await OptOutStatus.read(settings, environment))
          }
        } catch {
          // The others are shown all the same.
          Standard.error(Failure.text(error, job: nil))
          failures.append(error)
        }
      }
      if json {
        let bytes = JSONValue.array(statuses.map(\.json)).encoded
        Standard.output(String(decoding: bytes, as: UTF8.self))
      } else {
        for line in statuses.flatMap(\.lines) { Standard.output(line) }
      }
      if let failure = Failure.mostUrgent(failures) { throw ExitCode(failure.exitStatus) }
      if let maxAge, statuses.contains(where: { $0.isLate(maxAge) }) { throw ExitCode(1) }
    }
  }
}
