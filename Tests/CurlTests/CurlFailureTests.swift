import CCurl
import Core
import HTTP
import TestSupport
import Testing

@testable import Curl

struct CurlFailureTests {
  /// The kind of failure that a request to such a server ends with; nil: an answer.
  private func kind(
    _ request: (_ url: String) -> HTTPRequest, stall: Duration = .seconds(120),
    _ script: @escaping LoopbackServer.Script
  ) async throws -> TransportFailure.Kind? {
    let server = try LoopbackServer(script)
    defer { server.stop() }
    return await failure(request(server.url), stall: stall)?.kind
  }

  private func failure(_ request: HTTPRequest, stall: Duration = .seconds(120)) async
    -> TransportFailure?
  {
    do throws(TransportFailure) {
      _ = try await makeTransportOrRecord(stall: stall)?.send(request)
      return nil
    } catch {
      return error
    }
  }

  private func makeTransportOrRecord(stall: Duration) -> CurlTransport? {
    let transport = try? makeTransport(stall: stall)
    #expect(transport != nil)
    return transport
  }

  @Test("Nobody listens: not sent")
  func reportsUnreachable() async throws {
    let dead = try await withSilentPort { port in
      await failure(HTTPRequest("POST", "http://127.0.0.1:\(port)/"))
    }
    #expect(dead == TransportFailure(.unreachable, code: "curl 7"))
  }

  @Test(
    "A body that ends early is a broken one",
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le", "",
    ])
  func reportsCutBodies(text: String) async throws {
    let kind = try await kind({ HTTPRequest("POST", $0, body: [1]) }) { _ in [.text(text), .close] }
    #expect(kind == .broken)
  }

  @Test("A connection reset before the answer: nobody knows")
  func reportsResets() async throws {
    #expect(try await kind({ HTTPRequest("POST", $0, body: [1]) }) { _ in [.reset] } == .broken)
  }

  @Test("An answer that does not come in time is a broken one, one that stalls too")
  func reportsTimeouts() async throws {
    // What has not left in time was not sent: a busy machine is given longer.
    var silent: TransportFailure.Kind? = .unreachable
    for seconds in [0.2, 2, 20] where silent == .unreachable {
      silent = try await kind({ HTTPRequest("GET", $0, timeout: .seconds(seconds)) }) { _ in
        [.hang]
      }
    }
    #expect(silent == .broken)
    let stalled = try await kind({ HTTPRequest("GET", $0) }, stall: .seconds(1)) { _ in
      [.text("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .hang]
    }
    #expect(stalled == .broken)
  }

  @Test("A body above the bound is refused, announced, unannounced, and when it inflates")
  func boundsBodies() async throws {
    let announced = try await kind({ HTTPRequest("GET", $0, maxBody: 99) }) { _ in
      [answer(200, [], [UInt8](repeating: 1, count: 100))]
    }
    #expect(announced == .tooLarge)
    let chunked = try await kind({ HTTPRequest("GET", $0, maxBody: 99) }) { _ in
      [.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
        + Array(repeating: .text("32\r\n" + String(repeating: "x", count: 50) + "\r\n"), count: 2)
        + [.text("0\r\n\r\n")]
    }
    #expect(chunked == .tooLarge)
    let inflated = try await kind({ HTTPRequest("GET", $0, maxBody: 13_999) }) { _ in
      [answer(200, ["Content-Encoding: gzip"], CurlTransportTests.zipped)]
    }
    #expect(inflated == .tooLarge)
    let exact = try await kind({ HTTPRequest("GET", $0, maxBody: 14_000) }) { _ in
      [answer(200, ["Content-Encoding: gzip"], CurlTransportTests.zipped)]
    }
    #expect(exact == nil)
  }

  @Test(
    "What may not go on the wire is refused before",
    arguments: [
      HTTPRequest("GET", "http://example.org/"), HTTPRequest("GET", "ftp://127.0.0.1/"),
      HTTPRequest("GET", "file:///etc/passwd"), HTTPRequest("GET", "/relative"),
      HTTPRequest("GET", "https://user@127.0.0.1/"), HTTPRequest("G T", "https://127.0.0.1/"),
      HTTPRequest("GET", "https://127.0.0.1/", headers: [HTTPHeader("A", "b\r\nC: d")]),
      HTTPRequest("GET", "https://127.0.0.1/", headers: [HTTPHeader("A: b", "c")]),
    ])
  func refuses(request: HTTPRequest) async {
    #expect(await failure(request)?.kind == .refused)
  }

  @Test("Where a kept connection dies, only an idempotent request is sent again by libcurl")
  func neverRepeatsUnknownRequests() async throws {
    for (request, isRepeated) in [
      (HTTPRequest("POST", "", body: [1, 2, 3]), false), (HTTPRequest("POST", ""), false),
      (HTTPRequest("PATCH", "", body: [1], isIdempotent: true), true),
      (HTTPRequest("GET", ""), true),
    ] {
      // The first exchange warms the connection up, the second dies on it after it was executed.
      let server = try LoopbackServer { request in
        request.line.contains("/die") ? [.close] : [answer(200)]
      }
      defer { server.stop() }
      let transport = try makeTransport()
      _ = try await transport.send(HTTPRequest("GET", server.url + "/warm"))
      let deadly = HTTPRequest(
        request.method, server.url + "/die", body: request.body,
        isIdempotent: request.isIdempotent)
      let failure = await #expect(throws: TransportFailure.self) {
        try await transport.send(deadly)
      }
      #expect(failure?.kind == .broken)
      let executions = server.requests.count { $0.line.contains("/die") }
      #expect(executions == (isRepeated ? 2 : 1), "\(request.method)")
    }
  }

  @Test("A cancelled task takes its transfer with it, and the others go on")
  func cancels() async throws {
    let (began, beginning) = AsyncStream.makeStream(of: Void.self)
    let server = try LoopbackServer { request in
      guard request.line.contains("/hang") else { return [answer(200)] }
      beginning.yield()
      return [.hang]
    }
    defer { server.stop() }
    let transport = try makeTransport()
    let url = server.url
    let task = Task { () -> TransportFailure.Kind? in
      do throws(TransportFailure) {
        _ = try await transport.send(HTTPRequest("GET", url + "/hang"))
        return nil
      } catch {
        return error.kind
      }
    }
    for await _ in began { break }
    task.cancel()
    #expect(await task.value == .cancelled)
    #expect(try await transport.send(HTTPRequest("GET", url)).status == 200)
  }

  @Test(
    "What libcurl's codes mean",
    arguments: [
      (CURLE_OPERATION_TIMEDOUT, false, TransportFailure.Kind.unreachable),
      (CURLE_OPERATION_TIMEDOUT, true, .broken), (CURLE_SSL_CONNECT_ERROR, false, .unreachable),
      (CURLE_RECV_ERROR, true, .broken), (CURLE_GOT_NOTHING, true, .broken),
      (CURLE_SEND_ERROR, true, .broken), (CURLE_PARTIAL_FILE, true, .broken),
      (CURLE_SEND_FAIL_REWIND, false, .broken), (CURLE_PEER_FAILED_VERIFICATION, false, .untrusted),
      (CURLE_SSL_CACERT_BADFILE, false, .untrusted),
      (CURLE_COULDNT_RESOLVE_HOST, false, .unreachable),
    ])
  func classifies(code: CURLcode, wasSent: Bool, kind: TransportFailure.Kind) {
    #expect(CurlFailure.kind(code, wasSent: wasSent) == kind)
  }
}
