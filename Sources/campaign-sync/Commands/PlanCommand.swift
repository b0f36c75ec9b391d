import ArgumentParser
import Core

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "A dry run: what the next run of a job would do. Writes nothing anywhere.",
    discussion: """
      Of a loaded job it reads the changes since the checkpoint, maps them, and looks up in Campaign
      what the ledger does not prove: up to 1,000 rows, the others are estimated from these. Of a job
      that is not loaded it counts the table and maps the first page. No checkpoint, ledger, run
      record, lock, spool or record of either side is touched.
      """)

  @Argument(help: "The job.") var name: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      let settings = try workspace.ingress(name)
      let connections = try Connections(
        workspace.environment, patience: .ofRun(SystemClock(), deadline: nil), leavesNoTrace: true)
      let dryRun = try await DryRun.make(
        JobState(
          settings, in: workspace.environment, parents: workspace.folder.parents(of: settings)),
        connections)
      if json {
        Standard.output(String(decoding: dryRun.json.encoded, as: UTF8.self))
      } else {
        for line in dryRun.lines { Standard.output(line) }
      }
    }
  }
}
