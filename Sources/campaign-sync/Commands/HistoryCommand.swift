import ArgumentParser
import Core

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "The runs of a job, the newest last; 90 days are kept.")

  @Argument(help: "The job.") var name: String
  @Option(help: "How many.") var last = 20
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      let workspace = try Workspace(common)
      let state = JobPlace(try workspace.job(name).name, in: workspace.environment)
      let records = try state.records.last(max(1, last))
      if json {
        let results = records.map { record in
          JobResult(
            job: name, outcome: record.status == 0 ? .done : .failed,
            says: record.failure ?? record.words, record: record)
        }
        let bytes = JSONValue.array(results.map(\.json)).encoded
        return Standard.output(String(decoding: bytes, as: UTF8.self))
      }
      if records.isEmpty { Standard.output("\(name): no runs yet") }
      for record in records {
        let took = TimeText.span(record.ended - record.began)
        let end = record.status == 0 ? "ok" : "exit \(record.status)"
        let words = record.failure ?? record.words
        Standard.output(
          "\(TimeText.utc(record.began))  \(pad(record.command, 8)) \(pad(end, 8)) "
            + "\(pad(took, 9)) \(words)")
      }
    }
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
