import ArgumentParser
import Core

struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Remove or archive export files that every job reading them has finished.",
    discussion: """
      A file goes only when every job whose pattern takes it has read it to its end, as it is now.
      Files that no job reads are never touched. It warns of files of twelve days: Campaign's storage
      keeps them for fifteen. Uploads of ours that were never finished go after a day, and so does the
      local spool of runs that are over.
      """)

  @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
  @Option(help: "Move files to this folder, below sftp.directory, instead of removing them.")
  var archive: String?
  @Flag(help: "Print JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      StopFlag.listen()
      let workspace = try Workspace(common)
      let connections = try Connections(
        workspace.environment, patience: .ofRun(SystemClock(), deadline: .seconds(3600)),
        leavesNoTrace: dryRun)
      let sweep = try Sweep(workspace, connections, archive: archive, isDry: dryRun)
      let lines = try await sweep.perform()
      if json {
        let bytes = JSONValue.array(lines.map(\.json)).encoded
        return Standard.output(String(decoding: bytes, as: UTF8.self))
      }
      for line in lines where line.verdict != .kept || common.verbose || dryRun {
        Standard.output(line.words(isDry: dryRun))
      }
      let cleared = lines.count { $0.verdict == .removed || $0.verdict == .archived }
      let kept = lines.count - cleared
      Standard.output(
        "\(TimeText.count(cleared)) \(dryRun ? "would go" : "gone"), \(TimeText.count(kept)) kept")
    }
  }
}
