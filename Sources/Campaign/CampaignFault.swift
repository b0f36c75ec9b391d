import Core
import HTTP
import JSONPages

/// What an answer that is no success means.
///
/// - Shape: judged by the body first. Campaign answers data errors with 500 and plain text, each
///   line beginning with a code; the gateway before it answers in JSON. The status alone says
///   little.
package struct CampaignFault: Sendable, Equatable {
  package enum Cause: Sendable, Equatable {
    /// The token was refused, also after it was renewed.
    case unauthorised
    case unknownClient
    /// The credential has no product profile of this instance.
    case noProductProfile
    case forbidden
    case throttled
    /// The gateway knows no such organisation, or no such path.
    case unroutable
    /// The gateway or the instance behind it does not answer now.
    case gateway
    /// Campaign says that there is no such record or resource.
    case notFound
    /// Campaign refuses what was asked: permanent until the data is mended.
    case data
    /// Text without a code that we know.
    case unknownText
    case redirect
  }

  package var cause: Cause
  package var status: Int
  /// Campaign's own (`PGS-220000`) or the gateway's (`401013`); else `HTTP 500`.
  package var code: String
  /// Masked and cut: for `pending` and `inspect` only.
  package var excerpt: String
  package var retryAfter: String?

  /// Nil where the answer is a success.
  package init?(_ response: HTTPResponse) {
    guard !(200..<300).contains(response.status) else { return nil }
    let gateway = GatewayBody(response.body)
    let codes = campaignCodes(in: response.body)
    status = response.status
    excerpt = maskedExcerpt(response.body)
    retryAfter = response["Retry-After"]
    cause = CampaignFault.cause(status, gateway, hasCode: !codes.isEmpty, body: response.body)
    code = gateway?.code ?? bestCode(of: codes) ?? "HTTP \(response.status)"
  }

  private static func cause(
    _ status: Int, _ gateway: GatewayBody?, hasCode: Bool, body: [UInt8]
  ) -> Cause {
    // Markup is not Campaign speaking, and an empty 5xx is not either.
    let first = body.first { $0 > 0x20 }
    let isMarkup = first == 0x3C
    switch status {
    case 300..<400: return .redirect
    case 401: return .unauthorised
    case 429: return .throttled
    case 403: return forbidden(gateway)
    case 404: return gateway == nil && !isMarkup ? .notFound : .unroutable
    default: break
    }
    if hasCode { return .data }
    let isServer = status >= 500
    if let gateway { return gateway.isLost || !isServer ? .unroutable : .gateway }
    if status == 408 || (502...504).contains(status) { return .gateway }
    if isServer, isMarkup || first == nil { return .gateway }
    return .unknownText
  }

  private static func forbidden(_ gateway: GatewayBody?) -> Cause {
    guard let gateway else { return .forbidden }
    if gateway.code == "403023" || gateway.says("profile is not valid") {
      return .noProductProfile
    }
    return gateway.code == "403003" || gateway.says("api key") || gateway.says("api_key")
      ? .unknownClient : .forbidden
  }

  /// True of an answer that another attempt may better, for `RetryingTransport`: the status alone
  /// does not tell a data error from a lost gateway.
  ///
  /// - Note: also of text without a code that we know; the attempts of the transport are its cap.
  package static func mayPass(_ response: HTTPResponse) -> Bool {
    guard let fault = CampaignFault(response) else { return false }
    switch fault.cause {
    case .gateway: return true
    case .unroutable, .unknownText: return fault.status >= 500
    default: return false
    }
  }
}

/// The gateway's errors: `{"error_code":"401013","message":"..."}`, `{"code":502,"message":"..."}`.
private struct GatewayBody {
  var code: String?
  private var message: String

  init?(_ body: [UInt8]) {
    guard body.first(where: { $0 > 0x20 }) == 0x7B,
      let document = try? JSONDocument.parse(body)
    else { return nil }
    let number = document["error_code"] ?? document["code"]
    message = (document["message"]?.text ?? "").lowercased()
    code = number?.integer.map(String.init)
    if code == nil, message.isEmpty { return nil }
  }

  /// `Oops. Something went wrong. Check your URI and try again.` with 500: nothing is routed there.
  var isLost: Bool { code == "500" && says("check your uri") }

  func says(_ words: String) -> Bool { message.contains(words) }
}

/// Codes of Campaign's own errors, in their order: three capitals, a hyphen, six digits.
func campaignCodes(in body: [UInt8]) -> [String] {
  let families = ["RST-", "XTK-", "BAS-", "PGS-"].map { Array($0.utf8) }
  let bytes = body.prefix(16384)
  guard bytes.count >= 10 else { return [] }
  return (bytes.startIndex...bytes.endIndex - 10).compactMap { start in
    let digits = bytes[start + 4..<start + 10]
    guard families.contains(where: { bytes[start..<start + 4].elementsEqual($0) }),
      digits.allSatisfy({ 0x30...0x39 ~= $0 })
    else { return nil }
    return String(decoding: bytes[start..<start + 10], as: UTF8.self)
  }
}

/// The code that says most: the database's, else the first that is not the wrapper of all errors.
private func bestCode(of codes: [String]) -> String? {
  codes.first { $0.hasPrefix("PGS-") } ?? codes.first { $0 != "RST-360011" } ?? codes.first
}
