import Core

/// A Campaign resource as data: what the stand-in stores, shows and refuses.
///
/// - Shape: values are kept as text in Campaign's own form; only what differs from the default.
package struct ResourceDefinition: Sendable {
  /// Where the API shows it.
  package enum Exposure: Sendable, Equatable {
    /// Below both `profileAndServices` families.
    case builtIn
    /// A custom resource linked to profile: below `profileAndServicesExt` only.
    case linked
    /// Below `customResources` only.
    case unlinked
  }

  package var name: String
  package var label: String
  /// Namespace and name of the schema: `nms:recipient`.
  package var schema: String
  package var exposure: Exposure
  /// The declared identification key, if it has one.
  package var key: String?
  package var filters: [FilterDefinition]
  package private(set) var fields: [FieldDefinition]
  private var positions: [String: Int] = [:]

  package init(
    _ name: String, label: String, schema: String, exposure: Exposure, key: String? = nil,
    filters: [FilterDefinition] = [], fields: [FieldDefinition]
  ) {
    self.name = name
    self.label = label
    self.schema = schema
    self.exposure = exposure
    self.key = key
    self.filters = filters
    self.fields = fields.sorted { $0.name < $1.name }
    for (position, field) in self.fields.enumerated() {
      positions[field.name] = position
      if let alias = field.alias { positions[alias] = position }
    }
  }

  /// Position of a field, also by its other name; dotted for a nested one.
  package func position(_ name: String) -> Int? { positions[name] }

  /// True where `name` is an item with fields below it: `location`.
  func isItem(_ name: String) -> Bool {
    fields.contains { $0.item.map { $0 == name } ?? false }
  }
}

/// A field of a resource.
package struct FieldDefinition: Sendable {
  package enum Kind: Sendable {
    /// At most so many characters.
    case text(Int)
    case integer(bits: Int)
    case number
    case boolean
    case date
    case dateTime
    case enumeration(EnumerationDefinition)
    case link(LinkDefinition)
    /// Rows of another resource that point here.
    case collection(String)
    /// Worked out when the row is shown; read-only.
    case computed(ComputedField)
  }

  package var name: String
  /// The other name of an opt-out: `denyListEmail`.
  package var alias: String?
  package var kind: Kind
  /// Text of a row that has no value: `""`, `none`, a path.
  package var absent: String
  /// Of the base product, or an extension that only the Ext family shows.
  package var isExtension: Bool
  package var isEmail: Bool
  package var isSortable: Bool

  package init(
    _ name: String, _ kind: Kind, alias: String? = nil, absent: String? = nil,
    isExtension: Bool = false, isEmail: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.alias = alias
    self.isExtension = isExtension
    self.isEmail = isEmail
    switch kind {
    case .boolean:
      self.absent = absent ?? "false"
      isSortable = true
    case .integer, .number:
      self.absent = absent ?? "0"
      isSortable = true
    case .enumeration(let enumeration):
      self.absent = absent ?? enumeration.absent
      isSortable = true
    case .text, .date, .dateTime:
      self.absent = absent ?? ""
      isSortable = true
    case .computed(let computed):
      self.absent = ""
      isSortable = computed == .created || computed == .lastModified
    case .link, .collection:
      self.absent = ""
      isSortable = false
    }
  }

  /// `location` of `location.city`.
  var item: Substring? {
    name.firstIndex(of: ".").map { name[..<$0] }
  }

  /// `city` of `location.city`; a flat name as it is.
  var leaf: Substring {
    name.firstIndex(of: ".").map { name[name.index(after: $0)...] } ?? name[...]
  }

  var isComputed: Bool {
    if case .computed = kind { true } else { false }
  }
}

/// A closed list of names.
package struct EnumerationDefinition: Sendable {
  package struct Value: Sendable {
    package var name: String
    package var label: String
    package var number: Int
  }
  /// As the error text names it: `gender`.
  package var name: String
  package var isByte: Bool
  package var values: [Value]

  package init(_ name: String, isByte: Bool, _ values: [(String, String)]) {
    self.name = name
    self.isByte = isByte
    self.values = values.enumerated().map { Value(name: $1.0, label: $1.1, number: $0) }
  }

  /// The name of a row without a value: the first.
  package var absent: String { values.first?.name ?? "" }
}

/// A link to a row of another resource.
package struct LinkDefinition: Sendable {
  package enum WhenDeleted: Sendable {
    /// Rows that point to the deleted row go with it.
    case cascade
    /// Their link is emptied.
    case clear
    case nothing
  }
  package var target: String
  /// Own field and target field of a specific join; nil: by the target's primary key.
  package var join: Join?
  /// 1 cardinality: a row without its target is hidden.
  package var isRequired: Bool
  package var whenDeleted: WhenDeleted

  package struct Join: Sendable {
    package var own: String
    package var target: String
  }

  package init(
    to target: String, join: Join? = nil, isRequired: Bool = false,
    whenDeleted: WhenDeleted = .nothing
  ) {
    self.target = target
    self.join = join
    self.isRequired = isRequired
    self.whenDeleted = whenDeleted
  }
}

package enum ComputedField: Sendable, Equatable {
  case title, domain, age, cryptedId, created, lastModified, createdBy, modifiedBy
  /// Of the postal address: one of six lines, all of them, and the checks that never ran.
  case line(Int), serialized, quality, errorCount, lastCheck
}

/// A filter: `by<name>?<parameter>=<value>`.
package struct FilterDefinition: Sendable {
  package enum Rule: Sendable, Equatable {
    case equals(String)
    /// Prefix of e-mail or last name, or of the field that `filterType` names.
    case text
  }
  package var name: String
  package var parameter: String
  package var rule: Rule
  package var isExtension: Bool

  package init(_ name: String, parameter: String, _ rule: Rule, isExtension: Bool = false) {
    self.name = name
    self.parameter = parameter
    self.rule = rule
    self.isExtension = isExtension
  }
}
