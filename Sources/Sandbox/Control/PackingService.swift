import Gzip
import HTTP

/// A stand-in whose answers are packed for those who take gzip, where it did not do so itself.
package struct PackingService<Inner: SandboxService>: SandboxService {
  let inner: Inner

  package init(_ inner: Inner) { self.inner = inner }

  package func answer(_ request: HTTPRequest) async -> SandboxAnswer {
    let answer = await inner.answer(request)
    guard case .response(var response) = answer, response.body.count > 256,
      response["Content-Encoding"] == nil,
      request["Accept-Encoding"]?.lowercased().contains("gzip") ?? false,
      let packed = try? Deflater.gzip(response.body, level: 1)
    else { return answer }
    response.body = packed
    response.headers.append(HTTPHeader("Content-Encoding", "gzip"))
    return .response(response)
  }
}
