import Core
import HTTP
import TestSupport
import Testing

@testable import Curl

/// A head and a body, as they go over the wire.
func answer(_ status: Int, _ headers: [String] = [], _ body: [UInt8] = []) -> LoopbackServer.Step {
  let head = ["HTTP/1.1 \(status) Words", "Content-Length: \(body.count)"] + headers
  return .send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
}

func makeTransport(stall: Duration = .seconds(120)) throws -> CurlTransport {
  try CurlTransport(CurlSettings(userAgent: "campaign-sync/test", stall: stall))
}

struct CurlTransportTests {
  @Test("A request goes out as it stands, and its answer comes back whole")
  func carriesAnExchange() async throws {
    let server = try LoopbackServer { _ in
      [answer(201, ["X-One: a:b ", "x-two:", "X-Three: é"], Array("hello".utf8))]
    }
    defer { server.stop() }
    let request = HTTPRequest(
      "PATCH", server.url + "/a/../b%2f?x=%22\"y\"&$z='1'",
      headers: [HTTPHeader("If-Match", "*"), HTTPHeader("X-Empty", "")], body: Array("{}".utf8))
    let response = try await makeTransport().send(request)
    #expect(response.status == 201)
    #expect(response["X-ONE"] == "a:b")
    #expect(response["x-two"] == "")
    #expect(response["x-three"] == "é")
    #expect(response.body == Array("hello".utf8))

    let seen = try #require(server.requests.first)
    #expect(seen.line == "PATCH /a/../b%2f?x=%22\"y\"&$z='1' HTTP/1.1")
    #expect(seen.body == Array("{}".utf8))
    #expect(seen.headers.contains("If-Match: *"))
    #expect(seen.headers.contains("X-Empty:"))
    #expect(seen.headers.contains("User-Agent: campaign-sync/test"))
    #expect(seen.headers.contains("Host: 127.0.0.1:\(server.port)"))
    #expect(seen.has("Accept-Encoding"))
    #expect(!seen.has("Expect") && !seen.has("Cookie") && !seen.has("Content-Type"))
  }

  @Test("A large body goes out without waiting for leave", arguments: ["POST", "PUT", "DELETE"])
  func sendsLargeBodies(method: String) async throws {
    let server = try LoopbackServer { _ in [answer(204)] }
    defer { server.stop() }
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let request = HTTPRequest(method, server.url, body: body)
    #expect(try await makeTransport().send(request).status == 204)
    #expect(server.requests.first?.body == body)
    #expect(server.requests.first?.has("Expect") == false)
  }

  @Test("A request without a body says so", arguments: ["POST", "DELETE"])
  func sendsEmptyBodies(method: String) async throws {
    let server = try LoopbackServer { _ in [answer(200)] }
    defer { server.stop() }
    _ = try await makeTransport().send(HTTPRequest(method, server.url))
    let seen = try #require(server.requests.first)
    #expect(seen.line == "\(method) / HTTP/1.1")
    #expect(seen.headers.contains("Content-Length: 0"))
    #expect(!seen.has("Transfer-Encoding"))
  }

  @Test("HEAD has no body, and interim answers are forgotten")
  func readsHeads() async throws {
    let server = try LoopbackServer { request in
      request.line.hasPrefix("HEAD")
        ? [.text("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")]
        : [.text("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"), answer(200, [], [7])]
    }
    defer { server.stop() }
    let transport = try makeTransport()
    #expect(try await transport.send(HTTPRequest("HEAD", server.url)).body.isEmpty)
    let response = try await transport.send(HTTPRequest("GET", server.url))
    #expect(response.status == 200)
    #expect(response["X-Early"] == nil)
    #expect(response.body == [7])
  }

  @Test("Chunks are put together")
  func readsChunks() async throws {
    let server = try LoopbackServer { _ in
      [
        .text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        .text("2\r\nde\r\n0\r\n\r\n"),
      ]
    }
    defer { server.stop() }
    let response = try await makeTransport().send(HTTPRequest("GET", server.url))
    #expect(response.body == Array("abcde".utf8))
  }

  /// "campaign-sync " a thousand times, compressed.
  static let zipped: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc7, 0x31, 0x0d,
    0x00, 0x20, 0x0c, 0x00, 0x30, 0x2b, 0x18, 0x40, 0xd4, 0xb2, 0x83, 0x70, 0xb0, 0x90,
    0x70, 0xe1, 0x1e, 0x0f, 0xdc, 0xed, 0xd7, 0x8c, 0xb5, 0x63, 0x8e, 0xea, 0xe7, 0x56,
    0xb6, 0x34, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33,
    0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33,
    0xfb, 0xda, 0x03, 0x73, 0xe5, 0xab, 0x60, 0xb0, 0x36, 0x00, 0x00,
  ]

  @Test("A compressed body comes back as it was")
  func inflates() async throws {
    let server = try LoopbackServer { _ in
      [answer(200, ["Content-Encoding: gzip"], Self.zipped)]
    }
    defer { server.stop() }
    let response = try await makeTransport().send(HTTPRequest("GET", server.url))
    let text = String(repeating: "campaign-sync ", count: 1000)
    #expect(response.body == Array(text.utf8))
  }

  @Test("A redirect is an answer, not an instruction", arguments: [301, 302, 307, 308])
  func followsNoRedirect(status: Int) async throws {
    let server = try LoopbackServer { _ in [answer(status, ["Location: /elsewhere"])] }
    defer { server.stop() }
    let response = try await makeTransport().send(HTTPRequest("GET", server.url))
    #expect(response.status == status)
    #expect(response["Location"] == "/elsewhere")
    #expect(server.requests.count == 1)
  }

  @Test("A connection is kept and used again; cookies are not")
  func keepsConnections() async throws {
    let server = try LoopbackServer { _ in [answer(200, ["Set-Cookie: a=b; Path=/"], [1])] }
    defer { server.stop() }
    let transport = try makeTransport()
    for _ in 0..<5 { _ = try await transport.send(HTTPRequest("GET", server.url)) }
    for _ in 0..<5 {
      _ = try await transport.send(HTTPRequest("POST", server.url, body: [1, 2]))
    }
    #expect(server.connections == 1)
    #expect(server.requests.count == 10)
    #expect(!server.requests.contains { $0.has("Cookie") })
  }

  @Test("Many at once share one thread and as many connections")
  func carriesManyAtOnce() async throws {
    let server = try LoopbackServer { request in [answer(200, [], Array(request.line.utf8))] }
    defer { server.stop() }
    let transport = try makeTransport()
    let url = server.url
    let good = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<100 {
        group.addTask {
          let response = try? await transport.send(HTTPRequest("GET", "\(url)/\(number)"))
          return response?.body == Array("GET /\(number) HTTP/1.1".utf8)
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(good == 100)
  }
}
