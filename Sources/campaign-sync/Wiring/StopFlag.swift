import Core
import Glibc
import Synchronization

/// Hears SIGINT and SIGTERM: the first ends the run at the next safe point, a second one at once.
enum StopFlag {
  // Atomic, because a signal handler may do nothing else.
  private static let signals = Atomic<Int>(0)

  static var isUp: Bool { signals.load(ordering: .relaxed) > 0 }

  static func listen() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      if StopFlag.signals.wrappingAdd(1, ordering: .relaxed).oldValue > 0 { _exit(128 + number) }
    }
    action.sa_flags = Int32(SA_RESTART)
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
  }
}

extension Patience {
  /// Until the deadline, a signal, or the end of the work.
  static func ofRun(_ clock: any Clock, deadline: Duration?) -> Patience {
    ofRun(clock, until: deadline.map { clock.now + $0 })
  }

  /// Until a moment that all jobs of a command share.
  static func ofRun(_ clock: any Clock, until end: Instant?) -> Patience {
    Patience(clock: clock, deadline: end) {
      if StopFlag.isUp { return true }
      guard let end else { return false }
      return clock.now >= end
    }
  }
}
