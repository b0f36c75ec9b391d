/// What is known of the built-in fields of profile beyond their metadata.
///
/// - Source: Campaign's data model of the profile, `nms:recipient`.
enum BuiltInProfile {
  /// Characters.
  static let lengths: [String: Int] = [
    "domain": 255, "email": 128, "externalId": 100, "fax": 32, "firstName": 30, "middleName": 30,
    "lastName": 50, "mobilePhone": 32, "phone": 32, "salutation": 20, "thumbnail": 255,
    "timeZone": 64, "title": 255,
  ]

  /// Computed by Campaign, or set by it; `PATCH` of one is an error.
  static let readOnly: Set<String> = [
    "acsId", "age", "cryptedId", "domain", "emailStatus", "title",
  ]

  /// The address block, where the metadata names only the block.
  static let location = [
    "address1", "address2", "address3", "address4", "city", "countryCode", "stateCode", "zipCode",
  ]

  /// The postal address is computed from `location`; only this member of it can be set.
  static let writablePostal = "postalAddress.addrDefined"

  /// Both names of an opt-out: the one in the API of older instances and the one of newer pages.
  static let optOuts: [(block: String, deny: String)] = [
    "", "Email", "Fax", "Mobile", "Phone", "PostalMail", "Pushnotification",
  ].map { ("blackList" + $0, "denyList" + $0) }

  /// The other name of an opt-out.
  static func alias(of name: String) -> String? {
    for pair in optOuts {
      if pair.block == name { return pair.deny }
      if pair.deny == name { return pair.block }
    }
    return nil
  }
}

/// Kept by Campaign on every resource.
let auditFields: Set<String> = [
  "PKey", "href", "created", "createdBy", "lastModified", "modifiedBy",
]
