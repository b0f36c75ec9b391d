/// Who is opted out in the end: the rule of an opt-out job for one contact and one attribute.
///
/// True is "opted out". Nothing but this function decides it; what it says is written where it
/// changes something, and nothing else is.
///
/// - Promise: a person goes from opted-out to opted-in only by an observed change to false on the side
///   that the direction makes the authority; in both directions only by one in Campaign that is
///   strictly newer than Dynamics' row.
/// - Source: design sections 5 (rule 6), 6 and 10; `fixtures/consent/rule.md` has every case.
package struct ConsentRule: Sendable, Equatable {
  /// Why there is something to decide.
  package enum Trigger: String, Sendable, CaseIterable {
    /// An export of Campaign shows another value than the one before, or a newer time.
    case campaign
    /// The first export that shows the attribute at all.
    case firstSight
    /// The row came by change tracking.
    case dynamics
    /// Initial load, replay or recovery.
    case bulk
  }

  /// Campaign's attribute time against Dynamics' row time, in whole seconds.
  package enum Order: String, Sendable, CaseIterable {
    case campaignNewer, same, dynamicsNewer
    /// One of the times is missing, cannot be read, or is ambiguous.
    case unknown

    package init(campaign: Instant?, dynamics: Instant?) {
      guard let campaign = campaign?.seconds, let dynamics = dynamics?.seconds else {
        self = .unknown
        return
      }
      self = campaign > dynamics ? .campaignNewer : campaign < dynamics ? .dynamicsNewer : .same
    }
  }

  /// What is to stand on each side; nil: it stays as it is.
  package struct Outcome: Sendable, Equatable {
    package var dynamics: Bool?
    package var campaign: Bool?

    package init(dynamics: Bool? = nil, campaign: Bool? = nil) {
      self.dynamics = dynamics
      self.campaign = campaign
    }
  }

  package var direction: OptOutSettings.Direction

  package init(_ direction: OptOutSettings.Direction) { self.direction = direction }

  /// - Parameters:
  ///   - campaign: as Campaign has it now; nil where it says nothing.
  ///   - dynamics: as Dynamics has it now, turned round where the job says `invert`; nil is null.
  package func decide(
    _ trigger: Trigger, campaign: Bool?, dynamics: Bool?, order: Order
  ) -> Outcome {
    var outcome = Outcome()
    switch direction {
    case .disabled: break
    case .dynamicsToCampaign:
      outcome.campaign = followDynamics(trigger, campaign: campaign, dynamics: dynamics)
    case .campaignToDynamics:
      outcome.dynamics = followCampaign(trigger, campaign, dynamics, order)
    case .bidirectional: outcome = settle(trigger, campaign, dynamics, order)
    }
    return outcome
  }

  private func followDynamics(_ trigger: Trigger, campaign: Bool?, dynamics: Bool?) -> Bool? {
    switch (trigger, dynamics) {
    case (.dynamics, true), (.bulk, true): campaign == true ? nil : true
    case (.dynamics, false): campaign == true ? false : nil
    default: nil
    }
  }

  private func followCampaign(
    _ trigger: Trigger, _ campaign: Bool?, _ dynamics: Bool?, _ order: Order
  ) -> Bool? {
    switch (trigger, campaign) {
    case (.dynamics, _), (_, nil): nil
    case (_, true): dynamics == true ? nil : true
    case (.campaign, false): dynamics == true && order != .unknown ? false : nil
    case (.firstSight, false): dynamics == true && order == .campaignNewer ? false : nil
    case (.bulk, false): nil
    }
  }

  private func settle(
    _ trigger: Trigger, _ campaign: Bool?, _ dynamics: Bool?, _ order: Order
  ) -> Outcome {
    if order == .campaignNewer, trigger != .bulk, let campaign {
      let isOther = campaign ? dynamics != true : dynamics == true
      return Outcome(dynamics: isOther ? campaign : nil)
    }
    guard campaign == true || dynamics == true else { return Outcome() }
    return Outcome(
      dynamics: dynamics == true ? nil : true, campaign: campaign == true ? nil : true)
  }
}
