import ArgumentParser
import Core

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare counts, and a sample or all records field by field; exit 65 when different.",
    discussion: """
      Reads every key of the table, then the records of the sample on both sides. Compared are the
      mapped fields that updates write. Records that are pending, rejected by the mapping or kept out
      by the filter are counted and not compared. No value is printed; `inspect` shows a record.
      Changes that no delta has brought yet are differences too: run a delta first. Writes nothing.
      """)

  @Argument(help: "The job.") var name: String
  @Option(help: "How many records, drawn from all (default: 200).") var sample: Int?
  @Flag(help: "Every record: one look-up in Campaign each.") var all = false
  @Option(help: "Another seed draws another sample.") var seed: UInt64 = 1
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if all, sample != nil { throw ValidationError("Say --sample or --all, not both.") }
    if let sample, !(1...1_000_000).contains(sample) {
      throw ValidationError("--sample takes a number from 1 to 1000000.")
    }
  }

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      let settings = try workspace.ingress(name)
      let connections = try Connections(
        workspace.environment, patience: .ofRun(SystemClock(), deadline: nil), leavesNoTrace: true)
      let verification = try await Verification.make(
        try await BothSides(settings, connections), JobState(settings, in: workspace.environment),
        sample: all ? nil : sample ?? 200, seed: seed)
      if json {
        Standard.output(String(decoding: verification.json.encoded, as: UTF8.self))
      } else {
        for line in verification.lines { Standard.output(line) }
      }
      if verification.differs { throw ExitCode(SyncError.Kind.rejectedData.rawValue) }
    }
  }
}
