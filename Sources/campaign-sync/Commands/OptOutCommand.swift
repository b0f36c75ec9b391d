import ArgumentParser
import Core

struct OptOutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "opt-out",
    abstract: "Decide what changed of people's opt-outs, and write it to the side that needs it.",
    discussion: """
      Runs the job of `kind: opt-out`: reads new export files of Campaign and, in both directions, the
      contacts that changed in Dynamics, then decides about each person on values read afresh. Every
      decision is kept: `inspect JOB KEY` shows a person's. A paused or busy job is skipped with one
      line. Stops at a safe point after one hour, unless --deadline says otherwise.
      """)

  @OptionGroup var position: PositionOptions
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Session(common, work).perform(
      "opt-out", .job(.next),
      choosing: { workspace throws(SyncError) in
        let names = workspace.folder.jobs.compactMap { job -> String? in
          if case .optOut(let settings) = job { settings.name } else { nil }
        }
        guard names.isEmpty else { return names }
        throw SyncError(
          .configuration, "run the opt-out job", "no job file has `kind: opt-out`",
          code: SyncError.usageCode, next: "docs/jobs.md shows one")
      }, keepingPosition: position.keepPosition, standardDeadline: .seconds(3600))
  }
}
