import Core

/// What the sandbox's Campaign instance is: fixed for its life.
package struct CampaignSettings: Sendable {
  package struct Client: Sendable {
    package var id: String
    /// A credential can hold several, for rotation.
    package var secrets: [String]
    package init(id: String, secrets: [String]) {
      self.id = id
      self.secrets = secrets
    }
  }

  /// First segment of the path.
  package var organization: String
  package var clients: [Client]
  /// Organisations that exist, but whose instance is mis-provisioned: 502.
  package var unprovisioned: [String] = ["acme-unprovisioned"]
  /// Organisations the credential has no product context for: 403023.
  package var foreign: [String] = ["globex-mkt-stage"]
  package var seed: UInt64 = 1
  /// Absolute path of the SFTP account's login directory; nil: no import finds a file.
  package var sftpHome: String?
  package var resources: [ResourceDefinition] = ResourceDefinition.standard
  package var workflows: [WorkflowDefinition] = WorkflowDefinition.standard

  package init(organization: String, clients: [Client]) {
    self.organization = organization
    self.clients = clients
  }
}

/// A workflow that waits for a signal and loads staged files.
package struct WorkflowDefinition: Sendable {
  package enum ParameterType: String, Sendable { case string, number, boolean, datetime }
  package struct Parameter: Sendable {
    package var name: String
    package var type: ParameterType
    package init(_ name: String, _ type: ParameterType) {
      self.name = name
      self.type = type
    }
  }
  package var id: String
  package var label: String
  package var signal: String
  package var parameters: [Parameter]
  package var load: LoadSettings

  package init(
    _ id: String, label: String, signal: String, parameters: [Parameter], load: LoadSettings
  ) {
    self.id = id
    self.label = label
    self.signal = signal
    self.parameters = parameters
    self.load = load
  }

  /// The import workflows of the sandbox's jobs, one each.
  package static let standard: [WorkflowDefinition] = [
    .contacts, .load("WKF102", "accounts", into: "cusAccount"),
    .load("WKF103", "vehicles", into: "cusVehicle"),
    .load("WKF104", "services", into: "cusService"),
    .load("WKF105", "service items", into: "cusServiceItem"),
  ]

  package static let contacts = load("WKF101", "contacts", into: "profile")

  private static func load(
    _ id: String, _ what: String, into resource: String
  ) -> WorkflowDefinition {
    WorkflowDefinition(
      id, label: "Import \(what)", signal: "signal1", parameters: [Parameter("files", .string)],
      load: LoadSettings(resource: resource))
  }
}

/// Transfer file, Load file and Update data as the workflow has them set.
package struct LoadSettings: Sendable {
  package var resource: String
  /// Reconciliation key of Update data.
  package var key = "externalId"
  /// Where Transfer file looks, below the login directory.
  package var directory = "d365_loads"
  package var separator: UInt8 = 0x3B
  /// String delimiter: double quote; else none.
  package var isQuoted = true
  package var maxErrors = 100
  /// With `{run}` in it; uploaded last.
  ///
  /// - Shape: nil where the workflow has no such step.
  package var done: String? = "imports/{run}.done"
  /// Where the rejects go, with `{run}` in it; the date and `.txt` follow.
  package var rejects: String? = "imports/rejects/{run}"

  package init(resource: String) { self.resource = resource }
}
