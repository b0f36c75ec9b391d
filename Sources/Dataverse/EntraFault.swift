import Core
import HTTP
import JSONPages

/// Why Microsoft's identity service gives no token: its number, and what to do about it.
///
/// - Source: the `AADSTS` error codes, in `error_codes` or at the start of `error_description`.
struct EntraFault: Sendable {
  static let action = "get an access token for Dynamics"

  let status: Int
  let number: Int?
  private let name: String
  private let isJSON: Bool
  private let retryAfter: Duration?

  init(_ response: HTTPResponse, _ document: JSONValue?) {
    status = response.status
    name = document?["error"]?.text ?? ""
    isJSON = document != nil
    retryAfter = response["Retry-After"].flatMap { Int64($0) }.map { .seconds(min($0, 86_400)) }
    number =
      document?["error_codes"]?.items?.first?.integer
      ?? EntraFault.number(in: document?["error_description"]?.text ?? "")
  }

  /// The digits behind `AADSTS` at the start of a description.
  private static func number(in description: String) -> Int? {
    guard description.hasPrefix("AADSTS") else { return nil }
    return Int(description.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
  }

  private var code: String { number.map { "AADSTS\($0)" } ?? "HTTP \(status)" }

  private func error(
    _ kind: SyncError.Kind, _ reason: String, next: String
  ) -> SyncError {
    SyncError(kind, EntraFault.action, reason, code: code, next: next)
  }

  var error: SyncError {
    if let known { return known }
    if status == 429 || status >= 500 || name == "temporarily_unavailable" {
      var error = error(
        .unavailable, "Microsoft's identity service does not answer properly",
        next: "run the same command again later")
      error.retryAfter = retryAfter
      return error
    }
    switch name {
    case "invalid_client", "unauthorized_client", "access_denied":
      return error(
        .permission, "Microsoft's identity service refuses the client",
        next: "check `dynamics.clients` against the app registration in Microsoft Entra")
    case "invalid_scope", "invalid_resource": return environmentUnknown
    case _ where isJSON && (400..<500).contains(status):
      return error(
        .permission, "Microsoft's identity service refuses the request",
        next: "look the code up at login.microsoftonline.com/error; check `dynamics.tenant` and"
          + " `dynamics.clients`")
    default:
      return error(
        .configuration, "the answer is not one of Microsoft's identity service",
        next: "check `dynamics.authority` and `dynamics.tenant`")
    }
  }

  private var known: SyncError? {
    switch number {
    case 7_000_215:
      error(
        .permission, "the client secret is wrong",
        next: "put the secret's value, not its id, where `dynamics.clients` points to")
    case 7_000_222:
      error(
        .permission, "the client secret has expired",
        next: "make a new secret in the app registration, put it where `dynamics.clients` points to"
      )
    case 7_000_218:
      error(
        .permission, "no client secret arrived",
        next: "check that the secret which `dynamics.clients` points to is not empty")
    case 7_000_112:
      error(
        .permission, "the application is switched off in Microsoft Entra",
        next: "enable its enterprise application, or use another client")
    case 700_016:
      error(
        .permission, "the tenant does not know this client id",
        next: "check the id in `dynamics.clients`, and that it was registered in `dynamics.tenant`")
    case 90_002:
      error(
        .configuration, "there is no such tenant",
        next: "check `dynamics.tenant`: the directory id of Microsoft Entra")
    case 70_011, 500_011: environmentUnknown
    case 53_003:
      error(
        .permission, "a conditional access policy of the tenant keeps this client out",
        next: "ask the tenant's administrator to let the application in from this machine")
    default: nil
    }
  }

  private var environmentUnknown: SyncError {
    error(
      .configuration, "the tenant knows no environment at the address in `dynamics.url`",
      next: "check `dynamics.url`: scheme and host of the environment, nothing behind; and that"
        + " `dynamics.tenant` is its tenant")
  }
}
