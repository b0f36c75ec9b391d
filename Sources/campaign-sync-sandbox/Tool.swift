import ArgumentParser
import Core
import Glibc

@main
struct Tool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "campaign-sync-sandbox",
    abstract: "Dynamics and Campaign on this machine, to try job files on.",
    discussion: """
      A stand-in of the Dataverse Web API, one of the Campaign Standard API whose import workflow
      really loads staged files, and a real OpenSSH server, all on 127.0.0.1. The environment
      `sandbox` of campaign-sync (jobs/environments/sandbox.yaml) leads to them.

      Exit status: 0 done, 1 compared and different, 64 usage, 74 local disk, 75 not running or a
      port is taken, 78 configuration.
      """,
    subcommands: [
      StartCommand.self, StopCommand.self, StatusCommand.self, StateCommand.self,
      MutateCommand.self, ExportEventsCommand.self, ExportOptOutsCommand.self, CompareCommand.self,
      FaultsCommand.self, KnobsCommand.self, MetersCommand.self, ClockCommand.self,
      RevokeCommand.self, WorkflowCommand.self,
      DropSessionsCommand.self, ChangeMetadataCommand.self,
    ])

  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as SyncError {
      Console.complain(error)
      Glibc.exit(error.kind.rawValue)
    } catch {
      Tool.exit(withError: error)
    }
  }
}

/// What every command takes.
struct SandboxOptions: ParsableArguments {
  @Option(name: .long, help: "The sandbox's folder: keys, secrets, log, and the tool's state.")
  var directory = ".sandbox"

  @Flag(name: .long, help: "Print the result as JSON.")
  var json = false
}
