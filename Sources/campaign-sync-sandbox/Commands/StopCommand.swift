import ArgumentParser
import Core
import SandboxServer

struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stop the sandbox, and wait until nothing of it runs.",
    discussion: "Its folder stays: keys are used again, everything else is new at the next start.")

  @OptionGroup var options: SandboxOptions

  func run() async throws {
    let directory = UserPath.absolute(options.directory)
    let client = try ControlClient(directory)
    let process = client.about["pid"]?.integer ?? 0
    _ = try client.post("/stop")
    let end = ContinuousClock.now + .seconds(10)
    while FolderLock.isHeld(directory) || ChildProgram.isRunning(process) {
      guard ContinuousClock.now < end else {
        throw SyncError(
          .unavailable, "stop the sandbox", "process \(process) still runs after 10 s",
          next: "kill -9 \(process); its SSH server goes with it")
      }
      try? await Task.sleep(for: .milliseconds(10))
    }
    if !options.json { print("sandbox stopped") }
  }
}
