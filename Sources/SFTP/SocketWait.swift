import CSSH2
import Core
import Glibc

/// Waits for a socket in short slices, and hears between two of them that somebody asks for the end.
struct SocketWait {
  private static let slice = Duration.milliseconds(200)
  /// What a server is given after a stop to end what it has begun: then nothing half-done stays there.
  private static let grace = Duration.seconds(3)

  /// What one answer may take.
  var limit: Duration
  /// Why waiting was given up; from then on nothing is waited for.
  private(set) var end: SSHFault?
  private let stop: @Sendable () -> Bool
  private var stopHeard: ContinuousClock.Instant?

  init(limit: Duration, stop: @escaping @Sendable () -> Bool) {
    self.limit = limit
    self.stop = stop
  }

  var isStopped: Bool { stop() || Task.isCancelled }

  /// Waits until the socket is worth another look, a slice at most.
  ///
  /// - Parameter began: when this answer was first waited for.
  /// - Returns: false where the time is up.
  mutating func goesOn(
    _ socket: Int32, for events: Int32, since began: ContinuousClock.Instant
  ) -> Bool {
    if end != nil { return false }
    let now = ContinuousClock.now
    if isStopped {
      let heard = stopHeard ?? now
      stopHeard = heard
      if now - heard >= Self.grace { end = .stopped }
    }
    if now - began >= limit { end = end ?? .library(LIBSSH2_ERROR_TIMEOUT) }
    if end != nil { return false }
    _ = ready(socket, for: events, within: min(Self.slice, limit - (now - began)))
    return true
  }

  /// For a connect: waits to its end, the limit or a stop.
  ///
  /// - Returns: an `errno`, 0 where the socket is ready.
  func connected(_ socket: Int32) -> Int32 {
    let began = ContinuousClock.now
    while true {
      if isStopped { return ECANCELED }
      let left = limit - (ContinuousClock.now - began)
      if left <= .zero { return ETIMEDOUT }
      let count = ready(socket, for: POLLOUT, within: min(Self.slice, left))
      if count > 0 { return 0 }
      if count < 0, errno != EINTR { return errno }
    }
  }

  private func ready(_ socket: Int32, for events: Int32, within time: Duration) -> Int32 {
    var wait = pollfd(fd: socket, events: Int16(events), revents: 0)
    return poll(&wait, 1, max(1, time.milliseconds))
  }
}

extension SSHConnection {
  /// libssh2's answer: it never waits itself, since it would hear of nothing else for a minute.
  func answer<Code: FixedWidthInteger>(_ call: () -> Code) -> Code {
    let began = ContinuousClock.now
    while true {
      let code = call()
      guard code == LIBSSH2_ERROR_EAGAIN, goesOn(since: began) else { return code }
    }
  }

  /// The same, of a call that makes something.
  func handle(_ call: () -> OpaquePointer?) -> OpaquePointer? {
    let began = ContinuousClock.now
    while true {
      if let handle = call() { return handle }
      guard isUnanswered, goesOn(since: began) else { return nil }
    }
  }
}

extension Duration {
  /// For C calls that count in milliseconds.
  var milliseconds: Int32 {
    let (seconds, attoseconds) = components
    return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }
}
