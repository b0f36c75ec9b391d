import ArgumentParser
import Core

struct DiscoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discover",
    abstract: "What there is to be mapped: tables, columns, types and choices, fields.",
    discussion: """
      Without TABLE it lists the tables. --job prints a job file with best guesses by name, to be
      saved as jobs/NAME.yaml and corrected; --workflow JOB prints the settings of the import workflow
      for a job (docs/import-workflow.md). Reads metadata only, never a record.
      """)

  @Argument(help: "Logical name of a table: contact.") var table: String?
  @Option(help: "The Campaign resource, where the name does not tell it.") var resource: String?
  @Flag(help: "Print a job file for the table.") var job = false
  @Option(help: "Print the import workflow's settings for this job.") var workflow: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if job, table == nil { throw ValidationError("--job goes with a TABLE.") }
    if workflow != nil, job || table != nil || json {
      throw ValidationError("--workflow goes with a job and nothing else.")
    }
    if job, json { throw ValidationError("--job prints YAML; leave --json out.") }
  }

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common, needsEveryJob: workflow != nil)
      let connections = try Connections(
        workspace.environment, patience: .ofRun(SystemClock(), deadline: .seconds(300)),
        leavesNoTrace: true)
      if let workflow {
        let settings = try workspace.ingress(workflow)
        let sides = try await BothSides(settings, connections)
        return print(WorkflowSheet(sides, directory: workspace.environment.sftp?.directory).lines)
      }
      let discovery = Discovery(workspace, connections)
      guard let table else {
        let tables = try await discovery.tables()
        return json ? print(tables.json) : print(tables.lines)
      }
      let found = try await discovery.look(at: table, resource: resource)
      if job { return print(try found.jobFile()) }
      json ? print(found.json) : print(found.lines)
    }
  }

  private func print(_ lines: [String]) { for line in lines { Standard.output(line) } }

  private func print(_ json: JSONValue) {
    Standard.output(String(decoding: json.encoded, as: UTF8.self))
  }
}
