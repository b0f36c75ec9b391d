/// A Campaign resource as its metadata describes it.
///
/// - Source: `resourceType/<resource>`.
package struct ResourceSchema: Sendable, Equatable {
  /// Which of the URL families serves it.
  package enum Family: String, Sendable, Equatable {
    case profileAndServices, profileAndServicesExt, customResources
  }

  package var name: String
  package var family: Family
  package var fields: [FieldSchema]

  package init(name: String, family: Family, fields: [FieldSchema]) {
    self.name = name
    self.family = family
    self.fields = fields
  }

  /// The field of that name, dotted for a nested one; an opt-out by its `denyList` or `blackList`
  /// name, whichever the instance uses.
  package func field(_ name: String) -> FieldSchema? {
    fields.first { $0.name == name } ?? fields.first { $0.alias == name }
  }
}

package struct FieldSchema: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case text, integer, number, boolean, date, dateTime
    /// Internal names, as they are written.
    case enumeration([String])
    case link, collection, other
  }

  /// As the API of this instance knows it: `firstName`, `location.city`, `blackListEmail`.
  package var name: String
  /// The other name of an opt-out: `denyListEmail`.
  package var alias: String?
  package var kind: Kind
  package var isReadOnly: Bool
  /// Characters; known for built-in fields of profile.
  package var maxLength: Int?

  package init(
    name: String, alias: String? = nil, kind: Kind, isReadOnly: Bool = false, maxLength: Int? = nil
  ) {
    self.name = name
    self.alias = alias
    self.kind = kind
    self.isReadOnly = isReadOnly
    self.maxLength = maxLength
  }
}
