import Core

/// What may be: who may be opted in, and when both sides have to say the same.
extension OptOutComparison {
  // MARK: safety

  /// Judges a change from opted-out to opted-in that the tool or its import made.
  func judge(
    _ change: ConsentChange, _ mark: Int, _ person: PersonHistory, _ pairs: [OptOutPair],
    _ result: inout OptOutComparisonResult
  ) {
    let place = Int(change.place)
    let pair = pairs.first { change.side == .dynamics ? $0.position == place : $0.place == place }
    guard let why = fault(change, mark, person, pair) else { return }
    result.optedIn += 1
    let campaign = change.side == .campaign ? place : pair?.place
    let here = pair.map { person.dynamics($0.position, at: mark) }
    let there = campaign.map { person.campaign($0, at: mark) }
    let author = change.author == .tool ? "the tool" : "the import"
    let side = change.side == .dynamics ? "Dynamics" : "Campaign"
    result.note(
      OptOutDifference(
        key: change.key, attribute: campaign.map { OptOutSettings.attributes[$0] },
        dynamics: pair?.isOut(here?.value), campaign: there?.value, dynamicsTime: here?.time,
        campaignTime: there?.time, why: "\(author) opted in in \(side), \(why)"))
  }

  /// Nil: it was allowed.
  private func fault(
    _ change: ConsentChange, _ mark: Int, _ person: PersonHistory, _ pair: OptOutPair?
  ) -> String? {
    guard let pair else { return "where no job maps the attribute" }
    switch (change.side, pair.direction) {
    case (.dynamics, .campaignToDynamics):
      return exportsSayIn(pair, mark, person) ? nil : "and no newest export said so"
    case (.dynamics, .bidirectional):
      return isNewerIn(pair, mark, change.before, person)
        ? nil : "and no strictly newer change in Campaign was observed"
    case (.campaign, .dynamicsToCampaign):
      return wasIn(pair, mark, person) ? nil : "and Dynamics did not say so"
    case (.dynamics, _): return "which the direction does not write"
    case (.campaign, _): return "which no direction but Dynamics to Campaign may do"
    }
  }

  /// The newest that Campaign had exported was opted in; or it is what Campaign still said.
  private func exportsSayIn(_ pair: OptOutPair, _ mark: Int, _ person: PersonHistory) -> Bool {
    let seen = person.observations(pair.place, at: mark)
    let state = person.campaign(pair.place, at: mark)
    let whole = state.time?.seconds
    if state.value == false, whole != nil,
      seen.contains(where: { !$0.isOut && $0.at?.seconds == whole })
    {
      return true
    }
    var newest: (place: Int, at: Instant)?
    for (place, observation) in seen.enumerated() {
      guard let at = observation.at, newest.map({ at >= $0.at }) ?? true else { continue }
      newest = (place, at)
    }
    guard let newest, !seen[newest.place].isOut else { return false }
    return !seen[newest.place...].contains { $0.isOut && $0.at == nil }
  }

  private func isNewerIn(
    _ pair: OptOutPair, _ mark: Int, _ row: Instant?, _ person: PersonHistory
  ) -> Bool {
    let state = person.campaign(pair.place, at: mark)
    guard state.value == false, let time = state.time, let row, time.seconds > row.seconds else {
      return false
    }
    return person.observations(pair.place, at: mark).contains { observation in
      !observation.isOut && observation.at.map { $0.seconds > row.seconds } ?? false
    }
  }

  /// Dynamics said so then, or came to say so since Campaign's value is what it was.
  private func wasIn(_ pair: OptOutPair, _ mark: Int, _ person: PersonHistory) -> Bool {
    if pair.isOut(person.dynamics(pair.position, at: mark).value) == false { return true }
    let since = person.last(.campaign, pair.place, before: mark)?.mark ?? -1
    return person.changes.contains { place, change in
      place > since && place < mark && change.side == .dynamics
        && Int(change.place) == pair.position && pair.isOut(change.new) == false
    }
  }

  // MARK: convergence

  /// Judges a contact whose profile says otherwise.
  func judge(
    _ key: RowKey, _ pair: OptOutPair, _ person: PersonHistory,
    _ result: inout OptOutComparisonResult
  ) {
    let why: String?
    switch pair.direction {
    case .disabled: why = nil
    case .bidirectional: why = bothWays(pair, person, &result)
    case .campaignToDynamics: why = towardsDynamics(pair, person, &result)
    case .dynamicsToCampaign: why = towardsCampaign(pair, person, &result)
    }
    guard let why else { return }
    result.differing += 1
    let (here, there) = (person.dynamics(pair.position), person.campaign(pair.place))
    result.note(
      OptOutDifference(
        key: key, attribute: pair.attribute, dynamics: pair.isOut(here.value),
        campaign: there.value, dynamicsTime: here.time, campaignTime: there.time, why: why))
  }

  private func bothWays(
    _ pair: OptOutPair, _ person: PersonHistory, _ result: inout OptOutComparisonResult
  ) -> String? {
    if let last = person.last(.campaign, pair.place), last.change.author == .user,
      !person.observations(pair.place).contains(where: { $0.built > last.mark })
    {
      result.notExported += 1
      return nil
    }
    return "both sides have to say the same"
  }

  private func towardsDynamics(
    _ pair: OptOutPair, _ person: PersonHistory, _ result: inout OptOutComparisonResult
  ) -> String? {
    let isOut = person.campaign(pair.place).value ?? false
    let last = person.last(.campaign, pair.place)?.mark ?? -1
    let seen = person.observations(pair.place)
    let current = seen.filter { $0.built > last && $0.isOut == isOut }
    guard !current.isEmpty else {
      result.notExported += 1
      return nil
    }
    // Whoever is opted in needs a time, and a change that was seen: what is first seen, or at first
    // without its time, changes nothing in a row that is younger.
    let known = current.filter { isOut || $0.at != nil }
    guard let first = known.first else {
      result.unknown += 1
      return nil
    }
    let begin = seen.firstIndex { $0.built > last && $0.isOut == isOut && $0.at != nil }
    let isChange = seen[..<(begin ?? 0)].contains { $0.isOut || $0.at != nil }
    let lacksTime = seen.contains { !$0.isOut && $0.at == nil }
    if !isOut, !isChange || lacksTime, let time = first.at,
      let row = person.dynamics(pair.position).time, time.seconds <= row.seconds
    {
      result.unknown += 1
      return nil
    }
    if let edit = person.last(.dynamics, pair.position), edit.change.author == .user,
      edit.mark >= first.published
    {
      result.changedSince += 1
      return nil
    }
    return "Dynamics does not have what Campaign exported"
  }

  private func towardsCampaign(
    _ pair: OptOutPair, _ person: PersonHistory, _ result: inout OptOutComparisonResult
  ) -> String? {
    let here = person.last(.dynamics, pair.position)?.mark ?? -1
    if let edit = person.last(.campaign, pair.place), edit.change.author == .user, edit.mark > here
    {
      result.changedSince += 1
      return nil
    }
    return "opted out in Dynamics and not in Campaign"
  }
}
