import Core
import HTTP
import JSONPages

/// What the answer to a write means: to a whole request, or to one part of a batch.
enum WriteVerdict: Sendable {
  case done
  /// A row has this key.
  case alreadyThere
  /// The row has another version than the one that the write is for.
  case overtaken
  /// A row that the write is about, or points at, is not there.
  case missing
  /// A fault of the data.
  case refused(Refusal)
  /// Not executed, undone, or nobody knows; the same again may go well.
  case passing(SyncError)
  /// Not executed: the service asks for fewer requests.
  case later(SyncError)
  /// This way of writing is not offered.
  case unsupported(SyncError)
  /// No repetition and no neighbour helps.
  case fatal(SyncError)

  struct Refusal: Sendable, Equatable {
    var code: String
    var excerpt: String
    /// The body does not fit the table's type: of every row, if of one.
    var isAboutShape: Bool
  }

  init(
    _ reply: DataverseClient.WriteReply, _ action: String, _ purpose: WritePurpose = .activities
  ) {
    switch reply {
    case .answer(let response): self.init(response, action, purpose)
    case .unknown(let error): self = .passing(error)
    }
  }

  init(_ response: HTTPResponse, _ action: String, _ purpose: WritePurpose = .activities) {
    guard let fault = DataverseFault(response) else {
      self = .done
      return
    }
    switch fault.code {
    case ServiceCode.duplicateKey: self = .alreadyThere
    case nil where fault.status == 412: self = .alreadyThere
    case ServiceCode.versionMismatch: self = .overtaken
    case ServiceCode.noSuchRow: self = .missing
    case ServiceCode.notSupported: self = .unsupported(fault.writeError(action, purpose))
    case ServiceCode.noVersions: self = .fatal(.noVersions(action, fault.codeText))
    default: self = WriteVerdict.rest(fault, response, action, purpose)
    }
  }

  private static func rest(
    _ fault: DataverseFault, _ response: HTTPResponse, _ action: String, _ purpose: WritePurpose
  ) -> WriteVerdict {
    if fault.status == 405 || fault.status == 501 {
      return .unsupported(fault.writeError(action, purpose))
    }
    switch fault.cause {
    case .throttled: return .later(fault.error(action))
    case .busy, .gateway: return .passing(fault.error(action))
    case .disturbed:
      guard let code = fault.code, !ServiceCode.passing.contains(code) else {
        return .passing(fault.error(action))
      }
      return .refused(Refusal(fault, response))  // such as a plug-in that says no
    case .unknownTable, .wrongAddress: return .unsupported(fault.writeError(action, purpose))
    case .refused where fault.status == 413: return .passing(fault.error(action))
    case .refused, .unknownColumn, .notTracked: return .refused(Refusal(fault, response))
    case .unauthorised, .notAMember, .privilege, .forbidden, .tokenExpired, .redirect:
      return .fatal(fault.writeError(action, purpose))
    }
  }
}

extension WriteVerdict.Refusal {
  fileprivate init(_ fault: DataverseFault, _ response: HTTPResponse) {
    let document = try? JSONDocument.parse(response.body)
    code = fault.codeText
    excerpt = maskedExcerpt((document?["error"]?["message"]?.text ?? "").utf8)
    isAboutShape = fault.code == .payload || fault.code == .parseError
  }

  /// The service answers for its neighbours, and fails at this one whenever it comes.
  static func stumblingBlock(_ error: SyncError) -> WriteVerdict.Refusal {
    WriteVerdict.Refusal(
      code: error.code ?? "HTTP 500", excerpt: "Dynamics failed inside, however often it was asked",
      isAboutShape: false)
  }

  /// Of a write that asked for no version.
  static let overtaken = WriteVerdict.Refusal(
    code: ServiceCode.versionMismatch.description, excerpt: "", isAboutShape: false)

  /// Every row of a request was refused for its shape: the table changed under the job.
  func error(_ action: String) -> SyncError {
    SyncError(
      .configuration, action, "Dynamics does not know the columns any more as its metadata told",
      code: code, next: "run campaign-sync check; it names the column that is missing")
  }
}

/// What is written, for the words about who may.
enum WritePurpose: Sendable {
  case activities, optOuts

  var privileges: String {
    switch self {
    case .activities:
      "give its security role Create, Read, Write, Append and Assign on the table, and"
        + " Read and Append To on contact; every client needs them"
    case .optOuts:
      "give its security role Read and Write on contact for the whole organization; every client"
        + " needs them"
    }
  }

  var table: String {
    switch self {
    case .activities: "check `to.table`, then run campaign-sync check"
    case .optOuts: "check `dynamics.url` and `dynamics.apiVersion`, then run campaign-sync check"
    }
  }
}

extension SyncError {
  fileprivate static func noVersions(_ action: String, _ code: String) -> SyncError {
    SyncError(
      .configuration, action,
      "optimistic concurrency is off for this table, so that Dynamics cannot tell a row that somebody"
        + " changed meanwhile; nothing was written", code: code,
      next:
        "ask an administrator for IsOptimisticConcurrencyEnabled of the table; until then set the"
        + " job's direction to one that writes to Campaign only")
  }
}

extension DataverseFault {
  /// The fault of a write, where it asks for other hands than that of a read.
  func writeError(_ action: String, _ purpose: WritePurpose = .activities) -> SyncError {
    switch cause {
    case .privilege, .forbidden:
      SyncError(
        .permission, action, "an application user of `dynamics.clients` lacks a privilege",
        code: codeText,
        next: purpose.privileges)
    case .unknownTable, .wrongAddress, .refused, .gateway:
      SyncError(
        .configuration, action, "Dynamics does not take writes to this table", code: codeText,
        next: purpose.table)
    default: error(action)
    }
  }
}

extension ServiceCode {
  /// What the service undid and may do when asked again.
  fileprivate static let passing: Set<ServiceCode> = [
    .sqlError, .sqlTimeout, .sandboxCrash, .unexpected,
  ]
}
