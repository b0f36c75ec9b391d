/// One of the eight opt-out attributes of a profile, by its place in Campaign's closed list.
package struct ConsentAttribute: Sendable, Hashable, Comparable, CaseIterable {
  /// 0 to 7, in the order of `OptOutSettings.attributes`; kept in ledgers, so it never changes.
  package let place: Int

  package init?(place: Int) {
    guard OptOutSettings.attributes.indices.contains(place) else { return nil }
    self.place = place
  }

  /// By either of its names: `denyListEmail`, `blackListEmail`.
  package init?(_ name: String) {
    let deny =
      name.hasPrefix("blackList") ? "denyList" + name.dropFirst("blackList".count) : name
    guard let place = OptOutSettings.attributes.firstIndex(of: deny) else { return nil }
    self.place = place
  }

  /// As job files write it: `denyListEmail`.
  package var name: String { OptOutSettings.attributes[place] }

  package static let allCases = OptOutSettings.attributes.indices.compactMap {
    ConsentAttribute(place: $0)
  }

  package static func < (one: ConsentAttribute, other: ConsentAttribute) -> Bool {
    one.place < other.place
  }
}

/// What an export of Campaign says of one contact and one attribute.
package struct ConsentObservation: Sendable, Equatable {
  /// True is opted out; an empty or unreadable value is no observation.
  package var value: Bool
  /// When the attribute changed; nil where the export does not say, or not readably.
  package var at: Instant?
  /// Seconds since 1970: when the file was last written, to tell which of two files is newer.
  package var file: Int64

  package init(value: Bool, at: Instant?, file: Int64) {
    self.value = value
    self.at = at
    self.file = file
  }
}

/// What an opt-out job remembers of one contact and one attribute.
package struct ConsentRecord: Sendable, Equatable {
  /// What a side was last seen to say.
  package enum Seen: Int, Sendable {
    case never = 0
    /// Null, or no such field.
    case nothing = 1
    case optedIn = 2
    case optedOut = 3

    package init(_ value: Bool?) {
      self = value.map { $0 ? .optedOut : .optedIn } ?? .nothing
    }

    package var value: Bool? {
      switch self {
      case .never, .nothing: nil
      case .optedIn: false
      case .optedOut: true
      }
    }
  }

  package var contact: RowKey
  package var attribute: ConsentAttribute
  /// The newest that exports have shown.
  package var observed: ConsentObservation?
  /// In the sense of Campaign: turned round where the job says `invert`.
  package var dynamics = Seen.never
  package var campaign = Seen.never
  /// Why there is something to decide; nil: there is nothing.
  package var due: ConsentRule.Trigger?
  /// It was decided and could not be carried out: it is pending, and decided again when it is tried
  /// again, or when something else of the contact is decided.
  package var waits = false

  package init(_ contact: RowKey, _ attribute: ConsentAttribute) {
    self.contact = contact
    self.attribute = attribute
  }

  /// Takes what an export shows: the newest attribute time counts, then the newest file.
  ///
  /// Times are compared in whole seconds: one change may be exported with a fraction, and without. A
  /// time that nobody knows takes the place of a known one only where a newer file shows another value,
  /// or one that Campaign was not seen to have: what stands there then has an unknown time. Of two files
  /// that were written in the same second and differ, the opt-out counts. In whatever order files come,
  /// the same is known in the end, as far as they have times.
  ///
  /// - Returns: whether anything is different now.
  @discardableResult
  package mutating func take(_ seen: ConsentObservation) -> Bool {
    guard let known = observed else {
      observed = seen
      raise(.firstSight)
      return true
    }
    let isNewerFile =
      seen.file > known.file || (seen.file == known.file && seen.value && !known.value)
    switch (seen.at, known.at) {
    case (let new?, let old?) where new.seconds != old.seconds:
      if new.seconds < old.seconds { return false }
      observed = seen
      raise(.campaign)
    case (.some, nil):
      // The first known time is no proof of a change: what it is newer than has no time.
      guard isNewerFile || (seen.file == known.file && seen.value == known.value) else {
        return false
      }
      observed = seen
      raise(seen.value == known.value ? .firstSight : .campaign)
    case (nil, _) where isNewerFile && campaign.value == !seen.value:
      // Campaign was seen to say the other thing since: it changed, and nobody knows when.
      observed = seen
      raise(.firstSight)
    case _ where seen.value == known.value:
      // Nothing new, but for how new it is: a file that comes late must not outdo it.
      guard isNewerFile else { return false }
      observed?.file = seen.file
    default:
      guard isNewerFile else { return false }
      observed = seen
      raise(.firstSight)
    }
    return true
  }

  /// Something is to be decided; a stronger reason stays.
  ///
  /// Until the first sight is decided about, whatever exports show is a part of it: a job that reads
  /// everything (its first run, a replay) sees old changes one after the other.
  package mutating func raise(_ trigger: ConsentRule.Trigger) {
    waits = false
    if trigger == .campaign, due == .firstSight, dynamics == .never { return }
    if let due, due.strength >= trigger.strength { return }
    due = trigger
  }

  /// What Campaign says, as far as exports and look-ups agree; nil where nothing is known.
  package var knownInCampaign: Bool? {
    switch (observed?.value, campaign) {
    case (let value, .never): value
    case (nil, let seen): seen.value
    case (let value?, let seen): seen.value == value ? value : nil
    }
  }

  /// The time of Campaign's value, as far as an export told it of this very value.
  package func time(of value: Bool?) -> Instant? {
    guard let observed, observed.value == value else { return nil }
    return observed.at
  }
}

extension ConsentRule.Trigger {
  /// What is stronger says more about what may be done: a load may do least.
  package var strength: Int {
    switch self {
    case .bulk: 0
    case .dynamics: 1
    case .firstSight: 2
    case .campaign: 3
    }
  }
}

/// One decision about one contact and one attribute, as it is kept.
package struct ConsentDecision: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    /// The sides stand as they should; nothing was written.
    case nothing
    /// About to be written; it stays so where the process was killed in between.
    case begun
    case written
    /// A side does not have the record: nothing was written, and the decision waits.
    case waiting
    /// A side refused it.
    case refused
    /// A side changed meanwhile: it is decided again.
    case overtaken
  }

  package var contact: RowKey
  package var attribute: ConsentAttribute
  package var at: Instant
  package var direction: OptOutSettings.Direction
  package var trigger: ConsentRule.Trigger
  package var campaign: Bool?
  package var dynamics: Bool?
  package var campaignTime: Instant?
  package var dynamicsTime: Instant?
  /// What was to stand on each side; nil: as it was.
  package var becomes: ConsentRule.Outcome
  package var outcome: Outcome

  package init(
    contact: RowKey, attribute: ConsentAttribute, at: Instant,
    direction: OptOutSettings.Direction, trigger: ConsentRule.Trigger, campaign: Bool?,
    dynamics: Bool?, campaignTime: Instant?, dynamicsTime: Instant?,
    becomes: ConsentRule.Outcome, outcome: Outcome
  ) {
    self.contact = contact
    self.attribute = attribute
    self.at = at
    self.direction = direction
    self.trigger = trigger
    self.campaign = campaign
    self.dynamics = dynamics
    self.campaignTime = campaignTime
    self.dynamicsTime = dynamicsTime
    self.becomes = becomes
    self.outcome = outcome
  }

  package var order: ConsentRule.Order {
    ConsentRule.Order(campaign: campaignTime, dynamics: dynamicsTime)
  }

  /// Both sides say the same and nothing is written: of millions of people there is nothing to tell.
  package var isWorthKeeping: Bool {
    outcome != .nothing || (campaign == true) != (dynamics == true)
  }
}
