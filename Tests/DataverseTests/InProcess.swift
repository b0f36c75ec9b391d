import Core
import HTTP
import Sandbox

/// The stand-in, reached without a socket.
struct InProcess: Transport {
  let service: DataverseService

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    switch await service.answer(request) {
    case .response(let response): return response
    case .cut, .reset: throw TransportFailure(.broken, code: "stand-in")
    }
  }
}

/// Time that only moves when it is slept.
struct FrozenClock: Clock {
  var now: Instant { Instant(seconds: 1_736_069_400) }
  var uptime: Duration { .seconds(1) }
  func sleep(_ duration: Duration) async {}
  func random() -> UInt64 { 4 }
}
