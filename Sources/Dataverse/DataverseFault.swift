import Core
import HTTP
import JSONPages

/// What an answer that is not the one asked for says: numbers and a cause, none of its text.
///
/// - Source: the Web API's error body, `{"error":{"code":"0x80040217","message":"..."}}`; codes may
///   be hexadecimal, decimal or empty, and gateways answer in HTML.
struct DataverseFault: Sendable, Equatable {
  enum Cause: Sendable, Equatable {
    case unauthorised, notAMember, privilege, forbidden
    case notTracked, tokenExpired
    case unknownTable, unknownColumn(String), wrongAddress
    case throttled, busy, disturbed, gateway
    case redirect, refused
  }

  var cause: Cause
  var status: Int
  var code: ServiceCode?
  var retryAfter: Duration?

  /// Nil where the answer is a success.
  ///
  /// - Parameter columns: of the query, to tell which of them the service does not know.
  init?(_ response: HTTPResponse, columns: [String] = []) {
    guard !(200..<300).contains(response.status) else { return nil }
    let document = try? JSONDocument.parse(response.body)
    let error = document?["error"]
    status = response.status
    code = (error?["code"]?.text).flatMap { ServiceCode($0) }
    retryAfter = DataverseFault.retryAfter(of: response)
    let said = Message(text: error?["message"]?.text ?? "")
    cause = DataverseFault.cause(status, code, said, isJSON: error != nil, columns: columns)
  }

  /// The code for the person on call: the service's own, or the status.
  var codeText: String { code?.description ?? "HTTP \(status)" }

  private static func cause(
    _ status: Int, _ code: ServiceCode?, _ said: Message, isJSON: Bool, columns: [String]
  ) -> Cause {
    switch code {
    case ServiceCode.expiredVersionStamp: return .tokenExpired
    case ServiceCode.notAMember: return .notAMember
    case ServiceCode.privilegeDenied, ServiceCode.missingPrivilege: return .privilege
    case ServiceCode.sqlError, ServiceCode.sqlTimeout, ServiceCode.sandboxCrash,
      ServiceCode.unexpected:
      return .disturbed
    case ServiceCode.noSuchResource where status == 404: return .unknownTable
    case let code? where ServiceCode.protection.contains(code): return .throttled
    case let code? where ServiceCode.queryThrottled.contains(code): return .busy
    default: break
    }
    switch status {
    case 300..<400: return .redirect
    case 401: return .unauthorised
    case 403: return .forbidden
    case 404: return isJSON && code != nil ? .unknownTable : .wrongAddress
    case 408, 502, 503, 504: return .gateway
    case 429: return .throttled
    case 500...: return isJSON ? .disturbed : .gateway
    case 400 where said.isAboutTracking: return .notTracked
    case 400:
      if let column = said.unknownColumn(among: columns) { return .unknownColumn(column) }
      return .refused
    default: return .refused
    }
  }

  /// Whole seconds, or a date against the answer's own clock.
  private static func retryAfter(of response: HTTPResponse) -> Duration? {
    guard let text = response["Retry-After"] else { return nil }
    let isDate = !text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x20 }
    if isDate && response["Date"] == nil { return nil }
    return RetryAfter.of(response, now: Instant(milliseconds: 0))
  }
}

extension DataverseClient {
  /// The service protection limit that a refusal names.
  @Sendable package static func limit(_ response: HTTPResponse) -> ServiceLimit? {
    switch DataverseFault(response)?.code {
    case ServiceCode.tooManyRequests: .requests
    case ServiceCode.tooMuchWork: .work
    case ServiceCode.tooManyAtOnce: .atOnce
    default: nil
    }
  }
}

/// The service's words: looked at, never shown.
private struct Message {
  var text: String

  /// Such as: entity contact is not enabled for change tracking.
  var isAboutTracking: Bool {
    text.lowercased().contains("not enabled for change tracking")
  }

  /// Looks for ours in: could not find a property named 'xyz' on type '...contact'.
  func unknownColumn(among columns: [String]) -> String? {
    guard text.contains("property") || text.contains("attribute") else { return nil }
    return columns.first { text.contains("'\($0)'") }
  }
}
