import Glibc
import Synchronization

/// Somebody wants the sandbox to end: Ctrl-C, `kill`, or the command `stop`.
enum StopRequest {
  private static let isMade = Atomic<Bool>(false)

  static func make() { isMade.store(true, ordering: .relaxed) }

  static func listen() {
    // Made before a signal handler touches it.
    _ = isMade.load(ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { _ in StopRequest.make() }
    }
  }

  static func wait() async {
    while !isMade.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(30)) }
  }
}
