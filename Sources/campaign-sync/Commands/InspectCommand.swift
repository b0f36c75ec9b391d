import ArgumentParser
import Core

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "One record on both sides, as it would be mapped, and every decision about it.",
    discussion: """
      Of an egress job it shows a contact's timeline, and what is pending of it or under a log id; of an
      opt-out job what both sides say of a person, and every decision with its reason. Shows the record's values: they were asked for. Writes nothing to either side. What the
      ledger knows is told too: whether Campaign was proven to hold the row, and what is pending.
      """)

  @Argument(help: "The job.") var name: String
  @Argument(
    help:
      "The primary id (a guid) of the record in Dynamics; of an egress job a contact or a log id."
  )
  var key: String
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      let job = try workspace.job(name)
      let connections = try Connections(
        workspace.environment, patience: .ofRun(SystemClock(), deadline: .seconds(120)),
        leavesNoTrace: true)
      if case .egress(let settings) = job {
        let state = EgressJobState(settings, in: workspace.environment)
        let inspection = try await EventInspection(of: key, state, connections)
        return print(inspection.lines, inspection.json)
      }
      guard let key = RowKey(key) else {
        throw SyncError(
          .configuration, "inspect \(name)", "KEY is a primary id (a guid)",
          code: SyncError.usageCode, next: nil)
      }
      if case .optOut(let settings) = job {
        let inspection = try await OptOutInspection(
          of: key, OptOutJobState(settings, in: workspace.environment),
          ProfileKey(workspace.profileJob), connections)
        return print(inspection.lines, inspection.json)
      }
      let settings = try workspace.ingress(name)
      let sides = try await BothSides(settings, connections)
      let state = JobState(
        settings, in: workspace.environment, parents: workspace.folder.parents(of: settings))
      let inspection = try await Inspection(of: key, sides, state)
      print(inspection.lines, inspection.json)
    }
  }

  private func print(_ lines: [String], _ document: JSONValue) {
    if json { return Standard.output(String(decoding: document.encoded, as: UTF8.self)) }
    for line in lines { Standard.output(line) }
  }
}
