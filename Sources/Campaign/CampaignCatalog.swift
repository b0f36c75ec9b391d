import Core
import HTTP

extension CampaignClient: ResourceCatalog {
  package func resource(_ name: String) async throws(SyncError) -> ResourceSchema {
    let action = "read the description of \(name)"
    let families: [ResourceSchema.Family] =
      name.hasPrefix("cus")
      ? [.profileAndServicesExt, .customResources] : [.profileAndServicesExt]
    for family in families {
      if let schema = try await describe(name, in: family, action) { return schema }
    }
    guard !name.hasPrefix("cus") else { throw .unknownResource(name, action) }
    if try await describe(name, in: .profileAndServices, action) != nil {
      throw .extensionMissing(name, action)
    }
    throw .unknownResource(name, action)
  }

  package func proveLookup(
    _ resource: ResourceSchema, lookup: String?, key: String
  ) async throws(SyncError) {
    let action = "find the lookup filter of \(resource.name)"
    let filter = try LookupFilter(lookup: lookup, key: key)
    guard resource.field(key) != nil else { throw .keyMissing(key, resource.name, action) }
    let names = try await filterNames(of: resource, action)
    if let names, !names.contains(filter.segment) {
      throw .filterMissing(filter, of: resource.name, action)
    }
    try await proveAnswer(filter, of: resource, action)
  }

  func collection(of resource: ResourceSchema) -> String {
    "\(base)/\(resource.family.rawValue)/\(PercentEncoding.encode(resource.name))"
  }

  /// Nil where this family does not serve the resource.
  private func describe(
    _ name: String, in family: ResourceSchema.Family, _ action: String
  ) async throws(SyncError) -> ResourceSchema? {
    let url = "\(base)/\(family.rawValue)/resourceType/\(PercentEncoding.encode(name))"
    let response = try await response(at: url, for: action)
    if let fault = CampaignFault(response) {
      guard fault.isMiss else { throw fault.error(action) }
      return nil
    }
    let document = try parse(response.body, for: action)
    guard let metadata = ResourceMetadata(document, of: name) else { return nil }
    return ResourceSchema(name: name, family: family, fields: metadata.fields)
  }

  /// Nil where the instance does not list its filters.
  private func filterNames(
    of resource: ResourceSchema, _ action: String
  ) async throws(SyncError) -> Set<String>? {
    let url =
      "\(base)/\(resource.family.rawValue)/resourceType/\(PercentEncoding.encode(resource.name))"
    let description = try await document(at: url, for: action)
    guard let link = description["filters"]?["href"]?.text else { return nil }
    let list = try await document(at: link, for: action)
    guard let members = (list["content"] ?? list).members else { return nil }
    return Set(
      members.flatMap { member in
        // The name is with or without `by`; the sample address tells the segment as it is called.
        [member.name, "by" + member.name] + pathSegments(member.value["data"]?.text ?? "")
      })
  }

  /// Asks for a key that no record has, which must find nothing.
  ///
  /// Where the parameter is not the filter's own, the condition is dropped and everything is found.
  private func proveAnswer(
    _ filter: LookupFilter, of resource: ResourceSchema, _ action: String
  ) async throws(SyncError) {
    let url = filter.url(of: collection(of: resource), key: "campaign-sync-proves-the-filter")
    let response = try await response(at: url, for: action)
    if let fault = CampaignFault(response) {
      guard fault.isMiss else { throw fault.error(action) }
      throw .filterMissing(filter, of: resource.name, action)
    }
    let answer = try parse(response.body, for: action)
    guard let content = answer["content"]?.items else {
      throw .filterMissing(filter, of: resource.name, action)
    }
    guard content.isEmpty else { throw .filterIgnored(filter, of: resource.name, action) }
  }
}

extension CampaignFault {
  /// Campaign itself says that there is no such thing.
  fileprivate var isMiss: Bool {
    switch cause {
    case .notFound, .data, .unknownText: true
    default: false
    }
  }
}

/// The segments of an address's path.
private func pathSegments(_ address: String) -> [String] {
  address.prefix { $0 != "?" }.split(separator: "/").map(String.init)
}

extension SyncError {
  fileprivate static func unknownResource(_ name: String, _ action: String) -> SyncError {
    SyncError(
      .configuration, action, "Campaign's API shows no resource of that name",
      next: "check `to.resource`: custom resources begin with `cus`, must be published, and must"
        + " not have *Hide this resource from APIs*")
  }

  fileprivate static func extensionMissing(_ name: String, _ action: String) -> SyncError {
    SyncError(
      .configuration, action, "the extension API of profiles is not there, only the basic one",
      next: "publish in Campaign with *Create the Profiles & Services Ext API*"
        + " (docs/import-workflow.md, step 1)")
  }

  fileprivate static func keyMissing(
    _ key: String, _ resource: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action, "\(resource) has no field \(key)",
      next: "check `to.key`; the field must be declared and published"
        + " (docs/import-workflow.md, step 1)")
  }

  fileprivate static func filterMissing(
    _ filter: LookupFilter, of resource: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action,
      "\(resource) has no filter \(filter.segment) with the parameter \(filter.parameter)",
      next: "add the filter definition with *Switch to parameters* and publish, or set `to.lookup`"
        + " (docs/import-workflow.md, step 1)")
  }

  fileprivate static func filterIgnored(
    _ filter: LookupFilter, of resource: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action,
      "\(filter.segment) of \(resource) ignores \(filter.parameter): it finds records for any key",
      next:
        "use the parameter name that Campaign made (it ends in `_parameter`), or set `to.lookup`"
        + " (docs/import-workflow.md, step 1)")
  }
}
