import Core
import HTTP
import Sandbox
import TestSupport

/// One side of the sandbox without a socket; requests and answers get lost in bad weather.
struct ChainWire<Service: SandboxService>: Transport {
  let service: Service
  let world: World
  /// A token that outlives the story; nil: none is sent.
  var token: String?

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    if world.willDie("before \(request.method)") { throw TransportFailure(.broken, code: "dead") }
    if world.happens(oneIn: 60) { throw TransportFailure(.broken, code: "lost request") }
    var request = request
    if let token { request.headers.append(HTTPHeader("Authorization", "Bearer \(token)")) }
    let answer = await service.answer(request)
    if world.willDie("after \(request.method)") { throw TransportFailure(.broken, code: "dead") }
    if world.happens(oneIn: 60) { throw TransportFailure(.broken, code: "lost answer") }
    switch answer {
    case .response(let response): return response
    case .cut, .reset: throw TransportFailure(.broken, code: "stand-in")
    }
  }
}
