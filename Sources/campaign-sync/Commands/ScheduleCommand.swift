import ArgumentParser
import Core
import Glibc
import JobFiles

struct ScheduleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Lines for the machine's own scheduler.",
    subcommands: [Cron.self])

  struct Cron: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "cron",
      abstract: "Print a crontab line with absolute paths, and the next five start times.",
      discussion: """
        One line for all jobs, or one for each job that is named: jobs of their own lines run at the
        same time. Changes nothing: paste the line into `crontab -e`. Cron goes by the machine's local time;
        the start times are shown in that and in UTC.
        """)

    @Option(
      name: .long, help: "The rhythm: 5m, 15m, 1h, 1d.",
      transform: { try DurationText.parse($0) })
    var every = Duration.seconds(900)
    @Argument(help: "The jobs, a line each; without them one line for all.") var names: [String] =
      []
    @OptionGroup var common: CommonOptions

    func validate() throws {
      guard CronSchedule(every: every) == nil else { return }
      throw ValidationError(
        "cron cannot keep this rhythm: it must divide the hour or the day (15m, 30m, 1h, 6h, 1d).")
    }

    func run() async throws {
      try await Report.explaining {
        guard let schedule = CronSchedule(every: every) else { return }
        let workspace = try Workspace(common)
        let program = try Paths.absolute("/proc/self/exe")
        let jobs = try Paths.absolute(common.jobs)
        for name in names { try workspace.job(name) }
        let what = names.isEmpty ? "all jobs" : names.joined(separator: ", ")
        Standard.output("# campaign-sync: \(what) of \(jobs)")
        for target in names.isEmpty ? ["--all"] : names {
          let words =
            [program, "--env", workspace.environment.name, "--jobs", jobs, "-q", "run", target]
          Standard.output(
            "\(schedule.fields)  \(words.map(CronSchedule.word).joined(separator: " "))")
        }
        Standard.output("# next starts (local time of this machine, UTC):")
        for start in schedule.next(5, after: SystemClock().now, offset: LocalTime.offset) {
          let local = TimeText.utc(start + .seconds(LocalTime.offset(start))).dropLast()
          let zone = LocalTime.offsetText(start)
          Standard.output("#   \(local)\(zone)  \(TimeText.utc(start))")
        }
      }
    }
  }
}

/// The machine's time zone.
enum LocalTime {
  /// Seconds east of UTC.
  static func offset(_ instant: Instant) -> Int {
    var seconds = time_t(instant.seconds)
    var parts = tm()
    return localtime_r(&seconds, &parts) == nil ? 0 : parts.tm_gmtoff
  }

  /// `+01:00`.
  static func offsetText(_ instant: Instant) -> String {
    let minutes = offset(instant) / 60
    return (minutes < 0 ? "-" : "+") + RunName.padded(abs(minutes) / 60, 2) + ":"
      + RunName.padded(abs(minutes) % 60, 2)
  }
}

extension Paths {
  /// Without links and without `..`, as cron needs it.
  static func absolute(_ path: String) throws(SyncError) -> String {
    guard let resolved = realpath(path, nil) else {
      throw SyncError(
        .configuration, "find \(path)", "there is no such file or folder",
        code: "errno \(errno)", next: "name the folder with --jobs DIR")
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
