import CCurl
import Core
import HTTP

/// HTTP/1.1 on libcurl: one thread drives all transfers, and no Swift task waits with it.
package final class CurlTransport: Transport {
  private let engine: CurlEngine

  /// - Throws: `.bug` where libcurl or the thread does not start.
  package init(_ settings: CurlSettings) throws(SyncError) {
    engine = try CurlEngine(settings)
  }

  deinit { engine.stop() }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    let address = try Self.checked(request)
    let ticket = Ticket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        engine.submit(
          Submission(request: request, address: address, ticket: ticket) { result in
            continuation.resume(returning: result)
          })
      }
    } onCancel: {
      ticket.cancel()
      engine.wake()
    }
    return try result.get()
  }

  /// Refuses, before anything is sent, what must not go on the wire.
  private static func checked(_ request: HTTPRequest) throws(TransportFailure) -> Address {
    guard let address = Address(request.url) else { throw TransportFailure(.refused, code: "url") }
    guard address.origin.isPermitted else {
      throw TransportFailure(.refused, code: "plain http off loopback")
    }
    let isToken = { (byte: UInt8) in byte > 0x20 && byte < 0x7F && byte != 0x3A }
    let isField = { (byte: UInt8) in byte >= 0x20 && byte != 0x7F || byte == 0x09 }
    guard !request.method.isEmpty, request.method.utf8.allSatisfy(isToken),
      request.headers.allSatisfy({ header in
        !header.name.isEmpty && header.name.utf8.allSatisfy(isToken)
          && header.value.utf8.allSatisfy(isField)
      })
    else { throw TransportFailure(.refused, code: "header") }
    return address
  }
}

/// One request on its way to the engine.
struct Submission: Sendable {
  let request: HTTPRequest
  let address: Address
  let ticket: Ticket
  let finish: @Sendable (consuming Result<HTTPResponse, TransportFailure>) -> Void
}

/// Whether the caller still waits.
final class Ticket: Sendable {
  private let state = Locked(false)

  var isCancelled: Bool { state.withLock { $0 } }
  func cancel() { state.withLock { $0 = true } }
}
