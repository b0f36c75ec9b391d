import Core

extension TransportFailure {
  /// The same in words for the person on call.
  ///
  /// - Parameter action: what was tried: "read a page of contact".
  /// - Parameter place: whom it was tried with: "Dynamics".
  package func error(while action: String, with place: String) -> SyncError {
    if var cause {
      if !cause.isStop { cause.action = action }
      return cause
    }
    switch kind {
    case .unreachable:
      return SyncError(
        .unavailable, action, "no connection to \(place)", code: code,
        next: "check network and url, then run the same command again")
    case .untrusted:
      return SyncError(
        .permission, action, "the certificate of \(place) is not trusted", code: code,
        next: "name the authority that signed it under tls.caFile, or correct the url")
    case .broken:
      return SyncError(
        .unavailable, action, "the connection to \(place) broke, or time ran out", code: code,
        next: "run the same command again")
    case .tooLarge:
      return SyncError(
        .protocolBroken, action, "the answer of \(place) is larger than agreed", code: code)
    case .refused:
      return SyncError(
        .configuration, action, "the address is neither https nor http on loopback", code: code,
        next: "correct the url in the environment file")
    case .cancelled:
      return .stopped
    }
  }
}
