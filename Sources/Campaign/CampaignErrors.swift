import Core

extension CampaignFault {
  /// The fault as an end of the run, in words for the person on call.
  package func error(_ action: String) -> SyncError {
    switch cause {
    case .unauthorised:
      return SyncError(
        .permission, action, "Adobe refuses the access token, also after it was renewed",
        code: code,
        next: "check `campaign.client` and its scopes in Adobe's Developer Console")
    case .unknownClient:
      return SyncError(
        .permission, action, "Adobe's gateway does not know the client id as an API key",
        code: code,
        next: "check `campaign.client.id`, and that its project has the Adobe Campaign API")
    case .noProductProfile:
      return SyncError(
        .permission, action, "the credential has no product profile of this Campaign instance",
        code: code,
        next: "give it the profile `Campaign Standard - <instance> - Administrators`, and check"
          + " the organisation in `campaign.url`")
    case .forbidden:
      return SyncError(
        .permission, action, "Campaign does not allow it to this credential", code: code,
        next: "check the credential's product profile and API in Adobe's Developer Console")
    case .throttled:
      return SyncError(
        .unavailable, action, "Adobe's gateway asks for fewer requests", code: code,
        next: "run again later, or lower `campaign.concurrency`",
        retryAfter: retryAfter.flatMap { Int($0) }.map { .seconds($0) })
    case .unroutable:
      return SyncError(
        .configuration, action, "Adobe's gateway knows no such organisation or path", code: code,
        next: "check the organisation in `campaign.url` (stage ends in `-mkt-stage`); if it worked"
          + " before, the gateway is disturbed: run again later")
    case .gateway:
      return SyncError(
        .unavailable, action, "Campaign or Adobe's gateway before it does not answer properly",
        code: code, next: "run again later; if it lasts, ask Adobe for the instance's state")
    case .notFound:
      return SyncError(
        .configuration, action, "Campaign has nothing there", code: code,
        next: "check the name, and that the resource or workflow is published")
    case .data, .unknownText:
      return SyncError(
        .protocolBroken, action, "Campaign refuses the request", code: code,
        next: "look the code up in Campaign's logs; `campaign-sync check` names what is missing")
    case .redirect:
      return SyncError(
        .protocolBroken, action, "the answer is a redirect, which is never followed", code: code,
        next: "check `campaign.url`; a proxy may be answering in Campaign's place")
    }
  }

  /// The same in the middle of a run: an address that worked a moment ago is no wrong address.
  func errorInRun(_ action: String) -> SyncError {
    var error = error(action)
    if cause == .unroutable, status >= 500 {
      error.kind = .unavailable
      error.reason = "Adobe's gateway lost the way to Campaign"
      error.next = "run again later; if it lasts, check `campaign.url`"
    }
    return error
  }
}
