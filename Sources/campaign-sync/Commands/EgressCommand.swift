import ArgumentParser
import Core

struct EgressCommand: AsyncParsableCommand {
  enum Event: String, ExpressibleByArgument, CaseIterable { case send, open, click, bounce }

  static let configuration = CommandConfiguration(
    commandName: "egress",
    abstract: "Bring what Campaign exported to the timelines in Dynamics: send open click bounce.",
    discussion: """
      Runs every job of these events, all at once; each has its own checkpoint, lock and exit. What
      is pending is tried again first. A paused or busy job is skipped with one line. Stops at a safe
      point after one hour, unless --deadline says otherwise.
      """)

  @Argument(help: "The events: send, open, click, bounce.") var events: [Event]
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let session = Session(common, work)
    try await session.perform(
      "egress", .job(.next),
      choosing: { workspace throws(SyncError) in
        let names = workspace.egressJobs.filter { settings in
          events.contains { $0.rawValue == settings.event.rawValue }
        }.map(\.name)
        guard names.isEmpty else { return names }
        throw SyncError(
          .configuration, "run the jobs of \(events.map(\.rawValue).joined(separator: ", "))",
          "no job file has `kind: egress` and this event", code: SyncError.usageCode,
          next: "docs/jobs.md shows one")
      }, standardDeadline: .seconds(3600))
  }
}
