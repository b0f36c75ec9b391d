/// A Dataverse table as its metadata describes it.
///
/// - Source: `EntityDefinitions`, its attributes, option sets and relationships.
package struct TableSchema: Sendable, Equatable {
  package var logicalName: String
  package var entitySet: String
  package var primaryId: String
  package var isChangeTracked: Bool
  package var columns: [ColumnSchema]

  package init(
    logicalName: String, entitySet: String, primaryId: String, isChangeTracked: Bool,
    columns: [ColumnSchema]
  ) {
    self.logicalName = logicalName
    self.entitySet = entitySet
    self.primaryId = primaryId
    self.isChangeTracked = isChangeTracked
    self.columns = columns
  }

  /// The column of that logical name; a lookup also by its wire name, `_x_value`.
  package func column(_ name: String) -> ColumnSchema? {
    columns.first { $0.name == name || $0.wireName == name }
  }
}

package struct ColumnSchema: Sendable, Equatable {
  /// - Source: `AttributeType`; `multiSelect` from `AttributeTypeName`.
  package enum Kind: Sendable, Equatable {
    case boolean, integer, bigInteger, decimal, money, double, string, memo
    case dateTime(DateBehavior)
    case picklist, state, status, multiSelect
    case lookup(targets: [String])
    case uniqueIdentifier
    /// Not a column that rows carry as one plain value.
    case other
  }

  package enum DateBehavior: Sendable, Equatable { case userLocal, timeZoneIndependent, dateOnly }

  package struct Option: Sendable, Equatable {
    package var value: String
    /// Label by language code (LCID).
    package var labels: [Int: String]

    package init(value: String, labels: [Int: String]) {
      self.value = value
      self.labels = labels
    }
  }

  package var name: String
  /// The name in `$select` and in rows: `_x_value` for lookups, else the logical name.
  package var wireName: String
  package var kind: Kind
  package var isReadable: Bool
  /// Characters, of text columns.
  package var maxLength: Int?
  /// Of choices, and of two-option columns (`0` and `1`).
  package var options: [Option]

  package init(
    name: String, wireName: String? = nil, kind: Kind, isReadable: Bool = true,
    maxLength: Int? = nil, options: [Option] = []
  ) {
    self.name = name
    self.wireName = wireName ?? name
    self.kind = kind
    self.isReadable = isReadable
    self.maxLength = maxLength
    self.options = options
  }
}

/// A table in the list of all tables.
package struct TableEntry: Sendable, Equatable {
  package var logicalName: String
  package var isChangeTracked: Bool

  package init(logicalName: String, isChangeTracked: Bool) {
    self.logicalName = logicalName
    self.isChangeTracked = isChangeTracked
  }
}
