import Core
import HTTP
import TestSupport
import Testing

@testable import Curl

/// `openssl s_server` with a certificate that nobody signed but itself.
private final class TLSServer: Sendable {
  let folder = TemporaryFolder()
  let certificate: String
  let port: String
  private let process: Subprocess

  init(name: String) throws {
    certificate = folder.path + "/cert.pem"
    let key = folder.path + "/key.pem"
    try #require(
      Subprocess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=\(name)",
        "-keyout", key, "-out", certificate,
      ]))
    process = try #require(
      Subprocess([
        "openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-key", key, "-cert", certificate,
      ]))
    var port: String?
    while port == nil, let line = process.line() {
      if line.hasPrefix("ACCEPT") { port = line.split(separator: ":").last.map(String.init) }
    }
    self.port = try #require(port)
  }

  func outcome(caFile: String?) async throws -> Result<Int, TransportFailure> {
    let transport = try CurlTransport(CurlSettings(userAgent: "test", caFile: caFile))
    do throws(TransportFailure) {
      let request = HTTPRequest("GET", "https://127.0.0.1:\(port)/")
      return .success(try await transport.send(request).status)
    } catch {
      return .failure(error)
    }
  }
}

struct CurlTrustTests {
  @Test("A certificate is trusted when its authority is named, and not before")
  func trustsNamedAuthorities() async throws {
    let server = try TLSServer(name: "IP:127.0.0.1")
    #expect(
      try await server.outcome(caFile: nil)
        == .failure(TransportFailure(.untrusted, code: "curl 60"))
    )
    #expect(try await server.outcome(caFile: server.certificate) == .success(200))
  }

  @Test("A certificate of another name is not trusted, whoever signed it")
  func checksTheName() async throws {
    let server = try TLSServer(name: "DNS:other.example")
    let outcome = try await server.outcome(caFile: server.certificate)
    #expect(outcome == .failure(TransportFailure(.untrusted, code: "curl 60")))
  }

  @Test("A missing authority file is a matter of trust")
  func reportsAMissingFile() async throws {
    let server = try TLSServer(name: "IP:127.0.0.1")
    let outcome = try await server.outcome(caFile: server.folder.path + "/none.pem")
    #expect(outcome == .failure(TransportFailure(.untrusted, code: "curl 77")))
  }
}
