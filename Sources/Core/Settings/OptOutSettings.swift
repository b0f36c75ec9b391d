/// The opt-out job file, checked.
package struct OptOutSettings: Sendable, Equatable {
  package enum Direction: String, Sendable, CaseIterable {
    case disabled
    case dynamicsToCampaign = "dynamics-to-campaign"
    case campaignToDynamics = "campaign-to-dynamics"
    case bidirectional
  }

  package struct Field: Sendable, Equatable {
    package var dynamics: String
    package var campaign: String
    package var invert: Bool
    package var position: SourcePosition
    package init(dynamics: String, campaign: String, invert: Bool, position: SourcePosition) {
      self.dynamics = dynamics
      self.campaign = campaign
      self.invert = invert
      self.position = position
    }
  }

  /// `from:`, the opt-out files of Campaign.
  package struct Files: ExportSettings, Equatable {
    package var pattern: String
    package var separator: UInt8 = 0x3B
    package var quote = CSVSettings.Quote.double
    package var timeZone = "UTC"
    package var stableFor = Duration.seconds(30)
    /// Header of the contact's key.
    package var key: String
    /// Header of an attribute's time, with `{campaign}` still in it.
    package var modified: String
    package init(pattern: String, key: String, modified: String) {
      self.pattern = pattern
      self.key = key
      self.modified = modified
    }
  }

  /// The eight that Campaign knows; a job file may also use their `blackList` names.
  package static let attributes = [
    "denyList", "denyListEmail", "denyListFax", "denyListMobile", "denyListPhone",
    "denyListPostalMail", "denyListPushnotification", "ccpaOptOut",
  ]

  package var name: String
  package var direction: Direction
  package var files: Files?
  package var fields: [Field]
  package var rejectLimit = 0.01

  /// The directions that have work of their own; the others are mapped in the ingress job, or flow
  /// nowhere.
  package var readsCampaign: Bool {
    direction == .campaignToDynamics || direction == .bidirectional
  }

  package init(name: String, direction: Direction, files: Files?, fields: [Field]) {
    self.name = name
    self.direction = direction
    self.files = files
    self.fields = fields
  }
}
