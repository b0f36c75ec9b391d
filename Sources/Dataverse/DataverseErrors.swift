import Core
import HTTP
import JSONPages

extension DataverseFault {
  /// The fault as an end of the run, in words for the person on call.
  func error(_ action: String) -> SyncError {
    switch cause {
    case .unauthorised:
      return SyncError(
        .permission, action, "Dynamics refuses the access token, also after it was renewed",
        code: codeText,
        next: "check `dynamics.tenant`, that `dynamics.url` is the environment's own address, and"
          + " this machine's clock")
    case .notAMember:
      return SyncError(
        .permission, action, "the environment has no application user for this client",
        code: codeText,
        next: "Power Platform admin center, the environment, Settings, Application users: add one"
          + " for the id in `dynamics.clients` and give it a security role")
    case .privilege:
      return SyncError(
        .permission, action, "the application user lacks a privilege", code: codeText,
        next: "give its security role Read on the table (prvRead and the table's name) for the"
          + " whole organization: change tracking works with no less")
    case .forbidden:
      return SyncError(
        .permission, action, "Dynamics does not allow it to this application user", code: codeText,
        next: "check its security role, and whether the environment's firewall lets this machine in"
      )
    case .notTracked: return .changeTrackingOff(action)
    case .tokenExpired: return .tokenExpired(action)
    case .unknownTable:
      return SyncError(
        .configuration, action, "Dynamics has no such table", code: codeText,
        next: "check `from.table`: the logical name, in the singular")
    case .unknownColumn(let column):
      return SyncError(
        .configuration, action, "the table has no column \(column)", code: codeText,
        next: "correct the job file; `campaign-sync check` names the nearest right column")
    case .wrongAddress:
      return SyncError(
        .configuration, action, "there is no Dataverse Web API at this address", code: codeText,
        next: "check `dynamics.url` and `dynamics.apiVersion`: the address is that of the"
          + " environment, such as https://contoso.crm4.dynamics.com")
    case .redirect:
      return SyncError(
        .protocolBroken, action, "the answer is a redirect, which is never followed",
        code: codeText, next: "check `dynamics.url`; a proxy may be answering in Dynamics' place")
    case .throttled, .busy, .disturbed, .gateway: return passing(action)
    case .refused:
      return SyncError(
        .protocolBroken, action, "Dynamics refuses the request", code: codeText,
        next: "look the code up in Microsoft's list of web service error codes;"
          + " `campaign-sync check` names what is missing")
    }
  }

  /// What is gone by itself after a while.
  private func passing(_ action: String) -> SyncError {
    let reason =
      switch cause {
      case .throttled: "Dynamics asks for fewer requests"
      case .busy: "Dynamics holds the query back, as it is too much at present"
      case .gateway: "Dynamics or a gateway before it does not answer properly"
      default: "Dynamics failed inside"
      }
    return SyncError(
      .unavailable, action, reason, code: codeText,
      next: cause == .throttled
        ? "run the same command again later, or lower `dynamics.concurrency`"
        : "run the same command again later", retryAfter: retryAfter)
  }
}

extension SyncError {
  /// The table does not record its changes.
  package static func changeTrackingOff(_ action: String) -> SyncError {
    SyncError(
      .configuration, action, "change tracking is off for this table",
      next: "ask an administrator for Track changes in the table's advanced properties (Power Apps,"
        + " Tables, Properties); it cannot be switched off again")
  }

  static func tokenExpired(_ action: String) -> SyncError {
    SyncError(
      .configuration, action,
      "Dynamics has forgotten the changes since the last run: its token"
        + " expired, or the table was changed", code: SyncError.tokenExpiredCode,
      next: "campaign-sync run JOB: every row is read and compared again, and nothing is lost")
  }

  /// A page link of an earlier run that is no longer taken.
  static func linkRefused(_ action: String, by code: String) -> SyncError {
    SyncError(
      .unavailable, action,
      "Dynamics no longer takes the page link that an earlier run kept"
        + " (\(code))", code: SyncError.linkRefusedCode,
      next: "run the same command again: reading starts over, nothing is lost")
  }

  /// - Parameter rows: that were asked for.
  static func pageTooLarge(_ action: String, rows: Int, by code: String) -> SyncError {
    SyncError(
      .protocolBroken, action,
      "a page of \(rows) row\(rows == 1 ? "" : "s") is larger than 256 MiB (\(code))",
      code: SyncError.pageTooLargeCode,
      next: rows > 1
        ? "set `dynamics.pageSize` in the environment file to fewer than \(rows) rows, then run the "
          + "same command again"
        : "leave columns with long texts out of the job's `fields:`")
  }

  static let pageTooLargeCode = "page-too-large"

  /// A page of a tracked read that goes on: its link has the size of the first one.
  static func pageNeverFits(_ action: String, rows: Int) -> SyncError {
    SyncError(
      .unavailable, action,
      "a page of \(rows) rows is larger than 256 MiB, and its link cannot be asked for fewer",
      code: SyncError.linkRefusedCode,
      next: "set `dynamics.pageSize` in the environment file to fewer than \(rows) rows, then run "
        + "the same command again: reading starts over, nothing is lost")
  }

  static func rangeRefused(_ action: String, by code: String) -> SyncError {
    SyncError(
      .unavailable, action, "Dynamics takes no ranges of primary ids (\(code))",
      code: SyncError.rangeRefusedCode,
      next: "run the same command again: the table is then read in one piece")
  }

  static func linkAstray(_ action: String) -> SyncError {
    SyncError(
      .protocolBroken, action, "a page link leads away from `dynamics.url`; it was not followed",
      next: "set `dynamics.url` to the very address that Dynamics names itself by")
  }

  static func linkRepeated(_ action: String) -> SyncError {
    SyncError(
      .protocolBroken, action, "a page names itself as the next one",
      next: "run the same command again; if it stays so, ask Microsoft's support")
  }

  static func noDelta(_ action: String) -> SyncError {
    SyncError(
      .protocolBroken, action, "the last page has no link to the changes after it",
      next: "check that change tracking is on for the table, then run the same command again")
  }

  /// A body that should have been JSON: a gateway's page passes, broken JSON does not.
  static func body(_ fault: JSONFault, _ shape: BodyShape, _ action: String) -> SyncError {
    if shape.isMarkup {
      return SyncError(
        .unavailable, action, "a page for people came instead of data, from a gateway or a proxy",
        code: "HTTP \(shape.status)",
        next: "run the same command again later; if it stays so, check `dynamics.url` and proxies")
    }
    return SyncError(
      .protocolBroken, action,
      "the answer has \(fault.code.rawValue), at byte \(fault.offset) of \(shape.bytes)",
      next: "run the same command again; if it stays so, look for a proxy that changes answers")
  }

  /// JSON without something that the Web API promises.
  static func incomplete(_ what: String, _ action: String) -> SyncError {
    SyncError(
      .protocolBroken, action, "the answer lacks \(what)",
      next: "check `dynamics.apiVersion`; a proxy may be answering in Dynamics' place")
  }
}

/// What is known of a body without its text.
struct BodyShape {
  var status: Int
  var bytes: Int
  var isMarkup: Bool

  init(_ response: HTTPResponse) {
    status = response.status
    bytes = response.body.count
    let first = response.body.first { $0 > 0x20 && $0 < 0x80 }
    isMarkup = first == UInt8(ascii: "<") || (response["Content-Type"] ?? "").contains("html")
  }
}
