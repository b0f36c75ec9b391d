import Core
import HTTP
import Sandbox
import SandboxServer
import Testing

@Suite("HTTP on loopback")
struct LoopbackHTTPTests {
  @Test("One connection carries many requests, each with its absolute address")
  func keepsAlive() async throws {
    let server = try await LoopbackHTTP.start(
      Scripted { .response(HTTPResponse(200, body: Array("\($0.method) \($0.url)".utf8))) })
    let connection = RawConnection(server.port)
    for number in 1...3 {
      let answer = try #require(
        await connection.ask("GET /a%20b?n=\(number) HTTP/1.1\r\nHost: far:81\r\n\r\n"))
      #expect(answer.status == 200)
      #expect(answer.text == "GET http://far:81/a%20b?n=\(number)")
    }
    await server.stop()
  }

  @Test("Large bodies pass both ways, and one that is too large is refused")
  func carriesLargeBodies() async throws {
    let server = try await LoopbackHTTP.start(
      Scripted { .response(HTTPResponse(200, body: $0.body.reversed())) }, maxBody: 3_000_000)
    var body = [UInt8](repeating: 0x61, count: 3_000_000)
    body[0] = 0x62
    let connection = RawConnection(server.port)
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
    let answer = try #require(await connection.ask("\(head)\(body.count)\r\n\r\n", body))
    #expect(answer.body == body.reversed())
    let other = RawConnection(server.port)
    let refused = try #require(await other.ask("\(head)3000001\r\n\r\n", body + [0x61]))
    #expect(refused.status == 413)
    await server.stop()
  }

  @Test("A cut answer announces more than it brings")
  func cuts() async throws {
    let server = try await LoopbackHTTP.start(
      Scripted { _ in
        .cut(HTTPResponse(200, body: [UInt8](repeating: 0x61, count: 5000)), afterBytes: 1200)
      })
    let answer = try #require(
      await RawConnection(server.port).ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(answer.announced == 5000)
    #expect(answer.body.count == 1200)
    #expect(answer.end == .closed)
    await server.stop()
  }

  @Test("A reset is a reset on the wire")
  func resets() async throws {
    let server = try await LoopbackHTTP.start(Scripted { _ in .reset })
    let connection = RawConnection(server.port)
    #expect(await connection.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == nil)
    #expect(await connection.end == .reset)
    await server.stop()
  }

  @Test("An answer is packed for who takes gzip, once", arguments: [true, false])
  func packs(isPackedAlready: Bool) async throws {
    let body = [UInt8](repeating: 0x61, count: 5000)
    let headers = isPackedAlready ? [HTTPHeader("Content-Encoding", "gzip")] : []
    let service = PackingService(
      Scripted { _ in .response(HTTPResponse(200, headers: headers, body: body)) })
    let server = try await LoopbackHTTP.start(service)
    let connection = RawConnection(server.port)
    let plain = try #require(await connection.ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(plain.body == body)
    let packed = try #require(
      await connection.ask("GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n"))
    #expect(packed.head.contains("Content-Encoding: gzip"))
    #expect((packed.body.count < 200) == !isPackedAlready)
    await server.stop()
  }

  @Test("HEAD and 204 have no body, and the connection goes on")
  func answersWithoutBody() async throws {
    let server = try await LoopbackHTTP.start(
      Scripted {
        .response($0.method == "DELETE" ? HTTPResponse(204) : HTTPResponse(200, body: [1]))
      })
    let connection = RawConnection(server.port)
    let deleted = try #require(await connection.ask("DELETE /x HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(deleted.status == 204)
    let got = try #require(await connection.ask("GET /x HTTP/1.1\r\nHost: h\r\n\r\n"))
    #expect(got.body == [1])
    await server.stop()
  }

  @Test("A request under way is answered before the server ends")
  func stopsGracefully() async throws {
    let (arrived, tell) = AsyncStream.makeStream(of: Void.self)
    let (released, release) = AsyncStream.makeStream(of: Void.self)
    let server = try await LoopbackHTTP.start(
      Scripted { _ in
        tell.finish()
        for await _ in released {}
        return .response(HTTPResponse(200, body: Array("late".utf8)))
      })
    let connection = RawConnection(server.port)
    await connection.send(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    for await _ in arrived {}
    async let end: Void = server.stop(within: .seconds(300))
    while LoopbackPort.answers(server.port) { try await Task.sleep(for: .milliseconds(5)) }
    release.finish()
    await end
    #expect(await connection.receive()?.text == "late")
    #expect(await connection.receive()?.status == nil)
  }

  @Test("A port that is taken is said")
  func refusesTakenPort() async throws {
    let server = try await LoopbackHTTP.start(Scripted { _ in .reset })
    await #expect(throws: SyncError.self) {
      _ = try await LoopbackHTTP.start(Scripted { _ in .reset }, port: server.port)
    }
    await server.stop()
  }
}

/// A service that is one closure.
struct Scripted: SandboxService {
  let script: @Sendable (HTTPRequest) async -> SandboxAnswer

  init(_ script: @escaping @Sendable (HTTPRequest) async -> SandboxAnswer) { self.script = script }

  func answer(_ request: HTTPRequest) async -> SandboxAnswer { await script(request) }
}
