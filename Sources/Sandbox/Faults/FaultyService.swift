import Core
import HTTP

/// A service whose requests go wrong by plan.
package struct FaultyService: SandboxService {
  private let inner: any SandboxService
  private let plan: FaultPlan
  private let revoke: (@Sendable () async -> Void)?

  /// - Parameter revoke: withdraws the tokens of the service; without it a revoked request gets a
  ///   plain 401.
  package init(
    _ inner: any SandboxService, plan: FaultPlan, revoke: (@Sendable () async -> Void)? = nil
  ) {
    self.inner = inner
    self.plan = plan
    self.revoke = revoke
  }

  package func answer(_ request: HTTPRequest) async -> SandboxAnswer {
    guard let fault = await plan.strike(request) else { return await inner.answer(request) }
    switch fault {
    case .status(let status, let body, let contentType, let retryAfter):
      var headers = [HTTPHeader("Content-Type", contentType)]
      if let retryAfter { headers.append(HTTPHeader("Retry-After", retryAfter)) }
      return .response(HTTPResponse(status, headers: headers, body: Array(body.utf8)))
    case .resetBefore:
      return .reset
    case .resetAfter:
      _ = await inner.answer(request)
      return .reset
    case .cut(let bytes):
      let answer = await inner.answer(request)
      guard case .response(let response) = answer, response.body.count > 1 else { return answer }
      return .cut(response, afterBytes: min(bytes, response.body.count - 1))
    case .slow(let milliseconds):
      let answer = await inner.answer(request)
      try? await Task.sleep(for: .milliseconds(milliseconds))
      return answer
    case .badKey:
      var plain = request
      plain.headers.removeAll { $0.name.lowercased() == "accept-encoding" }
      let answer = await inner.answer(plain)
      guard case .response(var response) = answer else { return answer }
      spoilKey(in: &response.body)
      return .response(response)
    case .revoked:
      guard let revoke else {
        return .response(
          HTTPResponse(401, headers: [HTTPHeader("WWW-Authenticate", "Bearer")]))
      }
      await revoke()
      return await inner.answer(request)
    }
  }

  /// `"contactid":"11a3..."` becomes `"contactid":"x1a3..."`, once.
  private func spoilKey(in body: inout [UInt8]) {
    let mark = Array("id\":\"".utf8)
    guard body.count > mark.count + 36 else { return }
    for start in 0..<(body.count - mark.count - 36) where body[start] == mark[0] {
      let key = start + mark.count
      if body[start..<key].elementsEqual(mark), RowKey(body[key..<key + 36]) != nil {
        body[key] = 0x78  // x
        return
      }
    }
  }
}
