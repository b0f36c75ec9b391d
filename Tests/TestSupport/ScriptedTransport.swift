import Core
import HTTP
import Synchronization

/// A far side that answers from a script, and remembers what reached it and when.
package final class ScriptedTransport: Transport {
  package typealias Answer =
    @Sendable (HTTPRequest, _ number: Int) async
    -> Result<HTTPResponse, TransportFailure>

  package struct Arrival: Sendable {
    package var request: HTTPRequest
    package var at: Instant
  }

  private let clock: any Clock
  private let answer: Answer
  private let log = Mutex<[Arrival]>([])

  /// - Parameter answer: gets the number of the request, counted from one.
  package init(clock: any Clock, answer: @escaping Answer) {
    (self.clock, self.answer) = (clock, answer)
  }

  /// One result after the other; the last one for ever.
  package convenience init(clock: any Clock, _ results: [Result<HTTPResponse, TransportFailure>]) {
    self.init(clock: clock) { _, number in results[min(number, results.count) - 1] }
  }

  package var arrivals: [Arrival] { log.withLock { $0 } }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    let now = clock.now
    let number = log.withLock {
      $0.append(Arrival(request: request, at: now))
      return $0.count
    }
    return try await answer(request, number).get()
  }
}
