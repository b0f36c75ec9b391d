import ArgumentParser
import Core

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "One record on both sides, as it would be mapped, and every decision about it.",
    discussion: """
      Shows the record's values: they were asked for. Writes nothing to either side. What the
      ledger knows is told too: whether Campaign was proven to hold the row, and what is pending.
      """)

  @Argument(help: "The job.") var name: String
  @Argument(help: "The primary id (a guid) of the record in Dynamics.") var key: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if RowKey(key) == nil { throw ValidationError("KEY is a primary id (a guid).") }
  }

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      guard let key = RowKey(key) else { return }
      let workspace = try Workspace(common)
      let settings = try workspace.ingress(name)
      let connections = try Connections(
        workspace.environment, patience: .ofRun(SystemClock(), deadline: .seconds(120)),
        leavesNoTrace: true)
      let sides = try await BothSides(settings, connections)
      let state = JobState(
        settings, in: workspace.environment, parents: workspace.folder.parents(of: settings))
      let inspection = try await Inspection(of: key, sides, state)
      if json {
        Standard.output(String(decoding: inspection.json.encoded, as: UTF8.self))
      } else {
        for line in inspection.lines { Standard.output(line) }
      }
    }
  }
}
