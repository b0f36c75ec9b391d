/// `checkpoint.json`: the only commit point of a job.
package struct Checkpoint<State: Codable & Sendable>: Codable, Sendable {
  package static var currentFormat: Int { 1 }

  package var format: Int
  package var identity: JobIdentity
  /// Everything that decides what a row looks like, as canonical text: a change can be named.
  package var content: String?
  package var state: State

  package init(identity: JobIdentity, content: String?, state: State) {
    self.format = Self.currentFormat
    self.identity = identity
    self.content = content
    self.state = state
  }
}

/// What a checkpoint belongs to; a change is refused.
package struct JobIdentity: Codable, Sendable, Equatable {
  package var organization: String
  package var dynamicsHost: String
  package var campaign: String
  package var table: String
  package var resource: String
  package var key: String

  package init(
    organization: String, dynamicsHost: String, campaign: String, table: String, resource: String,
    key: String
  ) {
    self.organization = organization
    self.dynamicsHost = dynamicsHost
    self.campaign = campaign
    self.table = table
    self.resource = resource
    self.key = key
  }
}
