import Core
import HTTP
import JSONPages
import TestSupport
import Testing

/// Answers by the first script whose text is part of the address, and remembers what was asked.
actor ScriptedTransport: Transport {
  struct Script: Sendable {
    var part: String
    var answers: [HTTPResponse]
  }

  private(set) var requests: [HTTPRequest] = []
  private var scripts: [Script]
  private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  private var failure: TransportFailure?

  /// - Parameter scripts: the last answer of each is given for ever.
  init(_ scripts: [(String, [HTTPResponse])], failure: TransportFailure? = nil) {
    self.scripts = scripts.map { Script(part: $0.0, answers: $0.1) }
    self.failure = failure
  }

  init(_ response: HTTPResponse) { self.init([("", [response])]) }

  func send(_ request: HTTPRequest) throws(TransportFailure) -> HTTPResponse {
    requests.append(request)
    for watcher in watchers where watcher.count <= requests.count { watcher.continuation.resume() }
    watchers.removeAll { $0.count <= requests.count }
    if let failure { throw failure }
    guard
      let index = scripts.firstIndex(where: { $0.part.isEmpty || request.url.contains($0.part) })
    else {
      return HTTPResponse(404)
    }
    let answer = scripts[index].answers[0]
    if scripts[index].answers.count > 1 { scripts[index].answers.removeFirst() }
    return answer
  }

  var urls: [String] { requests.map(\.url) }

  /// Returns when that many requests have come.
  func reached(_ count: Int) async {
    if requests.count >= count { return }
    await withCheckedContinuation { watchers.append((count, $0)) }
  }
}

extension HTTPResponse {
  static func json(
    _ text: String, status: Int = 200, _ headers: [HTTPHeader] = []
  ) -> HTTPResponse {
    let head = [
      HTTPHeader("Content-Type", "application/json; odata.metadata=minimal"),
      HTTPHeader("OData-Version", "4.0"),
    ]
    return HTTPResponse(status, headers: head + headers, body: Array(text.utf8))
  }

  static func fault(
    _ status: Int, _ code: String, _ message: String = Canary.value, _ headers: [HTTPHeader] = []
  ) -> HTTPResponse {
    json(
      String(
        decoding: JSONValue.object([
          .init("error", ["code": .string(code), "message": .string(message)])
        ])
        .encoded, as: UTF8.self), status: status, headers)
  }

  static func html(_ status: Int) -> HTTPResponse {
    HTTPResponse(
      status, headers: [HTTPHeader("Content-Type", "text/html")],
      body: Array("<html><body>\(Canary.value)</body></html>".utf8))
  }
}
