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

  /// The end of standard input is a wish too: it comes however the one who held it ended.
  static func listenToInput() {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { _ in
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) > 0 {}
        StopRequest.make()
        return nil
      }, nil)
    pthread_detach(thread)
  }

  static func wait() async {
    while !isMade.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(30)) }
  }
}
