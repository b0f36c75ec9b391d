import Core
import HTTP

/// An answer that is an error: the gateway's are JSON, Campaign's own are plain text.
struct CampaignFault: Error {
  var status: Int
  var body: Body

  enum Body {
    case json(JSONValue)
    case text(String)
  }

  var response: HTTPResponse {
    switch body {
    case .json(let value): .json(status, value)
    case .text(let text): .text(status, text)
    }
  }
}

extension HTTPResponse {
  static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
    HTTPResponse(
      status, headers: [HTTPHeader("Content-Type", "application/json;charset=utf-8")],
      body: value.encoded)
  }

  static func text(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(
      status, headers: [HTTPHeader("Content-Type", "text/plain;charset=utf-8")],
      body: Array(text.utf8))
  }
}

// MARK: The gateway

extension CampaignFault {
  static func gateway(_ status: Int, _ code: String, _ message: String) -> CampaignFault {
    CampaignFault(
      status: status, body: .json(["error_code": .string(code), "message": .string(message)]))
  }
  static let badToken = gateway(401, "401013", "Oauth token is not valid")
  static let badKey = gateway(403, "403003", "Api Key is invalid")
  static let badProfile = gateway(403, "403023", "Profile is not valid")

  static func oops(_ status: Int) -> CampaignFault {
    CampaignFault(
      status: status,
      body: .json([
        "code": .number(String(status)),
        "message": "Oops. Something went wrong. Check your URI and try again.",
      ]))
  }

  static func tooMany(after seconds: Int) -> HTTPResponse {
    var response = gateway(429, "429050", "Too many requests").response
    response.headers.append(HTTPHeader("Retry-After", String(seconds)))
    return response
  }
}

// MARK: Campaign itself

extension CampaignFault {
  static let preamble = "RST-360011 An error has occurred - please contact your administrator."

  static func campaign(_ status: Int, _ lines: String...) -> CampaignFault {
    CampaignFault(status: status, body: .text(([preamble] + lines).joined(separator: "\n")))
  }

  /// A handle that does not decrypt, a filter or an attribute that is not declared.
  static func unknownAttribute(_ text: String, of resource: ResourceDefinition) -> CampaignFault {
    let bare = text.hasPrefix("@") ? text : "@" + text
    return campaign(
      500,
      "'\(text)' attribute unknown (see definition of '\(resource.label) (\(resource.schema))'"
        + " schema).",
      "'\(text)' is not a valid constant.",
      "XTK-170036 Unable to parse expression '@id = \(bare)'.")
  }

  static func missingKey(_ key: String, of resource: ResourceDefinition) -> CampaignFault {
    campaign(
      404,
      "Unable to find document with path '\(resource.label)' from key '\(key):0' (document with"
        + " schema '\(resource.schema)' and name '\(key)')")
  }

  static func duplicate(_ key: String, of resource: ResourceDefinition) -> CampaignFault {
    let column = "s" + (resource.key ?? "id")
    return campaign(
      500, "A '\(resource.label)' with the same key '\(key)' already exists.",
      "PGS-220000 PostgreSQL error: ERROR:  duplicate key value violates unique constraint"
        + " \"\(resource.name.lowercased())_\(resource.key ?? "id")\" DETAIL:  Key"
        + " (\(column))=(\(key)) already exists.")
  }

  static func changedKey(_ old: String, _ new: String, of resource: ResourceDefinition)
    -> CampaignFault
  {
    CampaignFault(
      status: 500,
      body: .text(
        "RST-360012 Inconsistent operation on resource '\(resource.name)' - Cannot update key"
          + " '\(old)' to '\(new)'"))
  }

  static func readOnly(_ field: String) -> CampaignFault {
    campaign(500, "Cannot update the '\(field)' property that is read-only")
  }

  static func unknownProperty(_ field: String, of resource: ResourceDefinition) -> CampaignFault {
    campaign(500, "'\(field)' property is not valid for the '\(resource.name)' resource.")
  }

  static func badEnumeration(
    _ text: String, _ enumeration: EnumerationDefinition, field: String,
    of resource: ResourceDefinition
  ) -> CampaignFault {
    campaign(
      500,
      "The value '\(text)' is not valid for the '\(resource.schema):\(enumeration.name)'"
        + " enumeration of the '@\(field)' field")
  }

  static func badType(_ text: String, _ type: String) -> CampaignFault {
    campaign(
      500,
      "BAS-010040 Cannot convert '\(text)' (type text) to \(type) type (BAS-010011 Invalid value).")
  }

  static func tooLong(_ length: Int) -> CampaignFault {
    campaign(
      500,
      "PGS-220000 PostgreSQL error: ERROR:  value too long for type character varying(\(length))")
  }

  static func badEmail(_ field: String) -> CampaignFault {
    campaign(500, "XTK-170019 The value of the '@\(field)' field is not a valid email address.")
  }

  static let badDocument = campaign(500, "RST-360000 The content of the request cannot be read.")
}
