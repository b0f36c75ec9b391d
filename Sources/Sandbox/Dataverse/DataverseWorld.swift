import Core

/// What the stand-in is born with; the same world from the same values, everywhere.
package struct DataverseWorld: Sendable {
  /// An Entra application that may ask for tokens, and its application user.
  package struct Client: Sendable {
    package var id: String
    package var secret: String
    package init(id: String, secret: String) {
      self.id = id
      self.secret = secret
    }
  }

  package var seed: UInt64 = 1
  package var tenant = "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d"
  package var tenantDomain = "contoso.onmicrosoft.com"
  package var clients = [
    Client(id: "11111111-2222-3333-4444-555555555555", secret: "sandbox-secret")
  ]
  package var schema = DataverseSchema.standard
  /// Rows by logical name; tables that are not named get a share of the contacts, or a few.
  package var rows: [String: Int] = ["contact": 20_000]
  package var keyShape = KeySpace.Shape.skewed
  /// Of a thousand rows, how many have a first name longer than Campaign takes.
  package var tooLongPerMille = 0

  package init() {}

  func count(of table: TableDefinition) -> Int {
    if let count = rows[table.logicalName] { return count }
    let contacts = rows["contact"] ?? 0
    if table.isActivity { return 0 }
    switch table.logicalName {
    case "account": return max(1, contacts / 20)
    case "cs_vehicle", "cs_service": return contacts / 2
    case "cs_serviceitem": return contacts / 4
    case "systemuser": return max(3, clients.count)
    default: return 1
    }
  }

  /// A guid that belongs to a name in this world.
  func identifier(_ name: String) -> RowKey {
    let high = mix(seed, salt(name))
    let low = mix(high, 11)
    return RowKey(
      high: high & ~0xF000 | 0x4000, low: low & ~(0xC0 << 56) | 0x80 << 56)
  }
}
