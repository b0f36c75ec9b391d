import Core

/// A column of the stand-in, declared as data: type, bounds, names, and what fills it.
package struct ColumnDefinition: Sendable {
  package enum DateBehavior: String, Sendable {
    case userLocal = "UserLocal"
    case timeZoneIndependent = "TimeZoneIndependent"
    case dateOnly = "DateOnly"
  }

  package struct Option: Sendable {
    var value: Int64
    var label: String
    /// The label in French, where the environment has it.
    var french: String?
    /// The state a status belongs to.
    var state: Int64?

    init(_ value: Int64, _ label: String, french: String? = nil, state: Int64? = nil) {
      self.value = value
      self.label = label
      self.french = french
      self.state = state
    }
  }

  package struct Target: Sendable {
    var table: String
    /// Single-valued navigation property, case-sensitive.
    var navigation: String

    init(_ table: String, _ navigation: String) {
      self.table = table
      self.navigation = navigation
    }
  }

  package enum LookupFlavor: String, Sendable { case lookup, customer, owner }

  package enum Kind: Sendable {
    case uniqueIdentifier
    case string(max: Int, format: String)
    case memo(max: Int)
    case boolean(yes: String, no: String)
    case integer(ClosedRange<Int64>)
    case bigInteger
    case decimal(scale: Int, ClosedRange<Double>)
    case money(scale: Int)
    case double(scale: Int, ClosedRange<Double>)
    case dateTime(DateBehavior)
    case picklist([Option], global: String?)
    case multiSelect([Option])
    case state([Option])
    case status([Option])
    case lookup(LookupFlavor, [Target])
    /// The logical name of a table.
    case entityName
    /// Known to the metadata only, never to rows: `ImageType`, `VirtualType`.
    case virtual(String)
  }

  package struct Access: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    static let read = Access(rawValue: 1)
    static let create = Access(rawValue: 2)
    static let update = Access(rawValue: 4)
    static let all: Access = [.read, .create, .update]
  }

  package var name: String
  package var schemaName: String
  package var kind: Kind
  package var label: String
  var recipe: Recipe
  var access = Access.all
  var isRequired = false
  var attributeOf: String?
  /// What a new row has where nothing was sent.
  var initial: FieldValue = .null

  init(
    _ name: String, _ kind: Kind, _ recipe: Recipe = .nothing, label: String? = nil,
    schemaName: String? = nil, access: Access = .all, initial: FieldValue = .null
  ) {
    self.name = name
    self.kind = kind
    self.recipe = recipe
    self.label = label ?? name
    self.schemaName = schemaName ?? name.prefix(1).uppercased() + name.dropFirst()
    self.access = access
    self.initial = initial
  }

  /// The name in `$select` and in rows.
  var wireName: String {
    if case .lookup = kind { "_\(name)_value" } else { name }
  }

  /// True for columns that rows carry.
  var isInRows: Bool {
    if case .virtual = kind { return false }
    return attributeOf == nil && access.contains(.read)
  }

  var options: [Option] {
    switch kind {
    case .picklist(let options, _), .multiSelect(let options), .state(let options),
      .status(let options):
      options
    case .boolean(let yes, let no): [Option(0, no), Option(1, yes)]
    default: []
    }
  }

  var isStateOrStatus: Bool {
    switch kind {
    case .state, .status: true
    default: false
    }
  }

  var targets: [Target] {
    if case .lookup(_, let targets) = kind { targets } else { [] }
  }
}
