import ArgumentParser
import Core
import SandboxServer

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say whether the other side holds what a job file promises.",
    discussion: """
      Worked out from the job file and both sides' data, without the tool's own mapping: filters,
      deletes and parents as the file says them. For an egress job: whether each event that
      export-events wrote into its files is on the right contact's timeline, once, at the right
      time, with the right subject, owner, state and columns. With --all a line for each job.

      For an opt-out job: whether nobody was opted in by the tool or its import but as the direction
      allows, whether both sides say what they have to, and whether no contact came to be that
      nobody created; judged by every change on both sides since the sandbox began, and by what was
      exported. What is wrong is listed, with both sides' values and times.

      Exit status: 0 equal, 1 different.
      """)

  @OptionGroup var options: SandboxOptions

  @Argument(help: "The job: contacts for jobs/contacts.yaml.")
  var job: String?

  @Flag(name: .long, help: "Every ingress, egress and opt-out job of the folder, parents first.")
  var all = false

  @Option(name: .long, help: "The folder of the job files.")
  var jobs = "jobs"

  func validate() throws {
    guard (job == nil) == all else { throw ValidationError("name one job, or write --all.") }
  }

  /// The job's name, where it can be compared.
  private func checked(_ job: String, _ files: [(name: String, text: String)]) throws -> String {
    try JobReading.events(job, files)?.name ?? JobReading.optOuts(job, files)?.job.name
      ?? JobReading.settings(job, files).name
  }

  func run() throws {
    let files = try JobReading.files(in: jobs)
    // Its errors are better shown before anything is asked.
    let names = try job.map { [try checked($0, files)] } ?? JobReading.order(files)
    let client = try ControlClient(UserPath.absolute(options.directory))
    let texts = files.map { file -> JSONValue in
      ["name": .string(file.name), "text": .string(file.text)]
    }
    let width = names.map(\.count).max() ?? 0
    var results: [JSONValue.Member] = []
    for name in names {
      let result = try client.post("/compare", ["job": .string(name), "files": .array(texts)])
      results.append(.init(name, result))
      guard !options.json else { continue }
      let label = all ? name + String(repeating: " ", count: width - name.count + 2) : ""
      print(label + (result["sentence"]?.text ?? ""))
      for difference in result["differences"]?.items ?? [] {
        print("  " + (difference["line"]?.text ?? ""))
      }
    }
    let isEqual = results.allSatisfy { $0.value["equal"]?.flag == true }
    if options.json {
      Console.show(
        all ? ["equal": .bool(isEqual), "jobs": .object(results)] : results[0].value)
    }
    if !isEqual { throw ExitCode(1) }
  }
}
