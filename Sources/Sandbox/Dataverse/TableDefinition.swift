import Core

/// A table of the stand-in, declared as data.
package struct TableDefinition: Sendable {
  package struct AlternateKey: Sendable {
    var name: String
    var columns: [String]
  }

  package var logicalName: String
  package var schemaName: String
  package var entitySet: String
  package var primaryId: String
  package var primaryName: String
  package var label: String
  package var objectTypeCode: Int
  package var columns: [ColumnDefinition]
  package var keys: [AlternateKey] = []
  package var isActivity = false
  package var isCustom = false
  package var isChangeTracked = true
  /// CreateMultiple, UpdateMultiple and UpsertMultiple.
  package var hasBulkMessages = true
  /// False for tables that only exist to be pointed at.
  package var isWritable = true

  private let positions: [String: Int]

  init(
    _ logicalName: String, set entitySet: String, id primaryId: String, name primaryName: String,
    label: String, code: Int, columns: [ColumnDefinition]
  ) {
    self.logicalName = logicalName
    self.schemaName = logicalName.prefix(1).uppercased() + logicalName.dropFirst()
    self.entitySet = entitySet
    self.primaryId = primaryId
    self.primaryName = primaryName
    self.label = label
    self.objectTypeCode = code
    self.columns = columns
    var positions: [String: Int] = [:]
    for (position, column) in columns.enumerated() where column.isInRows {
      positions[column.wireName] = position
    }
    self.positions = positions
  }

  /// The position of the column that rows carry under that name.
  func position(wire name: String) -> Int? { positions[name] }

  func position(logical name: String) -> Int? {
    positions[name] ?? positions["_\(name)_value"]
  }

  /// What follows the verb in the names of its privileges; all activities share theirs.
  var privilegeName: String { isActivity ? "Activity" : schemaName }

  var type: String { "Microsoft.Dynamics.CRM.\(logicalName)" }

  /// The column and target that a navigation property means.
  func navigation(_ name: String) -> (position: Int, target: ColumnDefinition.Target)? {
    for (position, column) in columns.enumerated() {
      for target in column.targets where target.navigation == name { return (position, target) }
    }
    return nil
  }
}

/// The tables of one environment.
package struct DataverseSchema: Sendable {
  package var tables: [TableDefinition]

  package init(tables: [TableDefinition]) { self.tables = tables }

  func table(_ logicalName: String) -> Int? {
    tables.firstIndex { $0.logicalName == logicalName }
  }

  func table(set entitySet: String) -> Int? {
    tables.firstIndex { $0.entitySet == entitySet }
  }
}
