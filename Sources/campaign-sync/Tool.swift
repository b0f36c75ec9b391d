import ArgumentParser
import CMalloc
import Core
import Glibc

@main
struct Tool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "campaign-sync",
    abstract: "Keeps Dynamics 365 and Adobe Campaign Standard in step.",
    discussion: """
      Job files are read from --jobs; the environment is chosen by --env, else by
      CAMPAIGN_SYNC_ENV, else it is `sandbox`.

      Exit status: 0 done, 64 usage, 65 data refused, 70 bug, 74 local disk or state,
      75 later, 76 the other side broke its protocol, 77 not permitted, 78 configuration.
      """,
    version: toolVersion,
    subcommands: [
      RunCommand.self, InitialCommand.self, ExportCommand.self, StageCommand.self,
      DeltaCommand.self, ReplayCommand.self, EgressCommand.self, OptOutCommand.self,
      ConfirmCommand.self,
      CheckCommand.self,
      StatusCommand.self,
      HistoryCommand.self, PendingCommand.self, PauseCommand.self, ResumeCommand.self,
      CheckpointCommand.self, PlanCommand.self, InspectCommand.self, VerifyCommand.self,
      DiscoverCommand.self, ScheduleCommand.self, SweepCommand.self,
    ])

  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)  // a file that may not grow is an error to report, not a death
    // Pages are made on one thread and given up on another: an arena for each keeps a hole for each.
    mallopt(M_ARENA_MAX, 2)
    do {
      var command = try parseAsRoot(Arguments.globalsLast(Array(CommandLine.arguments.dropFirst())))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      leave(0)
    } catch {
      let status = Tool.exitCode(for: error).rawValue
      let message = Tool.fullMessage(for: error)
      if !message.isEmpty { (status == 0 ? Standard.output : Standard.error)(message) }
      leave(status)
    }
  }

  /// Ends the process at once, past the C libraries' own clean-up.
  ///
  /// Threads of SSH and HTTP may still be saying goodbye to a server; what `exit` takes from libcrypto
  /// they would touch once more, and a run that is done would end in a crash.
  private static func leave(_ status: Int32) -> Never {
    fflush(nil)
    _exit(status)
  }
}

let toolVersion = "0.1.0"

/// `campaign-sync --env prod run contacts` is `campaign-sync run contacts --env prod`.
enum Arguments {
  private static let withValue: Set<String> = ["--env", "--jobs", "--log"]
  private static let alone: Set<String> = ["-v", "--verbose", "-q", "--quiet"]

  static func globalsLast(_ arguments: [String]) -> [String] {
    var globals: [String] = []
    var rest = arguments[...]
    while let first = rest.first, first.hasPrefix("-") {
      let name = first.split(separator: "=", maxSplits: 1).first.map(String.init) ?? first
      if withValue.contains(name) {
        let count = first.contains("=") ? 1 : 2
        globals += rest.prefix(count)
        rest = rest.dropFirst(count)
      } else if alone.contains(first) {
        globals.append(first)
        rest = rest.dropFirst()
      } else {
        return arguments
      }
    }
    guard let command = rest.first else { return arguments }
    return [command] + globals + rest.dropFirst()
  }
}
