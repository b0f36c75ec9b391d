import Core

extension DeltaToken {
  /// Nil where the service does not say how long it keeps a token.
  package var expiry: Instant? { days.map { taken + .seconds($0 * 86_400) } }

  /// Whether more than half of its life is over.
  package func isPastHalf(at now: Instant) -> Bool {
    days.map { now - taken > .seconds($0 * 43_200) } ?? false
  }
}

extension IngressState {
  /// Where the changes begin that follow the load in hand; nil where there is no such load, or its
  /// reading has given no token yet.
  package var loadToken: DeltaToken? {
    if phase == .loaded { return nil }
    if let token = delta.token { return token }
    // That of the scan of keys: it is a job's only when it is proven that no row was left out.
    guard let partition = export.partition, let link = partition.token, let began = export.began
    else { return nil }
    return DeltaToken(link: link, taken: began, days: partition.tokenDays)
  }
}
