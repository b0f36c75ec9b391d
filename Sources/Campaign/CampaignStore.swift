import Core
import HTTP
import JSONPages

/// The records of one resource.
package struct CampaignStore: ResourceStore {
  let client: CampaignClient
  let resource: ResourceSchema
  let key: String
  let lookup: LookupFilter

  /// More records with one key than this need not be counted: it is an error of their data.
  private static let several = 2
  private static let pageLimit = 10

  /// - Note: a miss is 200 with an empty `content`; a page may be empty and still have a next one.
  package func find(
    key value: String, fields: [String]
  ) async throws(SyncError) -> [ResourceRecord] {
    let action = "look up a record of \(resource.name)"
    var records: [ResourceRecord] = []
    var next: String? = lookup.url(of: client.collection(of: resource), key: value)
    var pages = 0
    while let url = next, records.count < CampaignStore.several {
      let page = try await page(at: url, for: action)
      for item in page.items {
        try check(item, has: value, action)
        records.append(try record(item, fields, action))
      }
      pages += 1
      next = page.next == url || pages == CampaignStore.pageLimit ? nil : page.next
    }
    return records
  }

  package func create(_ fields: [FieldValue]) async throws(SyncError) -> WriteOutcome {
    let action = "create a record of \(resource.name)"
    return try await write("POST", client.collection(of: resource), fields, action)
  }

  package func update(
    _ record: ResourceRecord, _ fields: [FieldValue]
  ) async throws(SyncError) -> WriteOutcome {
    let action = "update a record of \(resource.name)"
    return try await write("PATCH", record.address, fields, action)
  }

  package func delete(_ record: ResourceRecord) async throws(SyncError) -> WriteOutcome {
    try await write("DELETE", record.address, nil, "delete a record of \(resource.name)")
  }

  private func page(
    at url: String, for action: String
  ) async throws(SyncError) -> (items: [JSONValue], next: String?) {
    let response = try await client.response(at: url, for: action)
    if let fault = CampaignFault(response) {
      guard fault.cause != .notFound else { throw .lookupGone(lookup, resource.name, action) }
      throw fault.errorInRun(action)
    }
    let document = try client.parse(response.body, for: action)
    guard let items = document["content"]?.items else {
      throw SyncError(
        .protocolBroken, action, "the answer has no list of records",
        next: "check the lookup filter: campaign-sync check")
    }
    return (items, document["next"]?["href"]?.text)
  }

  /// A filter that drops its condition would hand out a stranger's record.
  private func check(
    _ item: JSONValue, has value: String, _ action: String
  ) throws(SyncError) {
    let name = resource.field(key)?.name ?? key
    let found = item.text(at: name)
    guard found.isEmpty || found.lowercased() == value.lowercased() else {
      throw SyncError(
        .protocolBroken, action,
        "the lookup filter \(lookup.segment) found a record of another key",
        next: "correct the filter in Campaign (docs/import-workflow.md, step 1), then run"
          + " campaign-sync check")
    }
  }

  private func record(
    _ item: JSONValue, _ fields: [String], _ action: String
  ) throws(SyncError) -> ResourceRecord {
    guard let address = item["href"]?.text else {
      throw SyncError(
        .protocolBroken, action, "a record came without its `href`", next: "check `campaign.url`")
    }
    try client.checkOrigin(of: address, for: action)
    var values: [String: String] = [:]
    for name in fields { values[name] = item.text(at: resource.field(name)?.name ?? name) }
    return ResourceRecord(address: address, values: values)
  }

  private func write(
    _ method: String, _ url: String, _ fields: [FieldValue]?, _ action: String
  ) async throws(SyncError) -> WriteOutcome {
    try client.checkOrigin(of: url, for: action)
    let response: HTTPResponse
    do {
      response = try await client.send(method, url, body: fields.map(recordBody))
    } catch {
      // Sent, perhaps executed, its answer lost.
      guard error.kind == .broken || error.kind == .tooLarge else {
        throw error.error(while: action, with: "Campaign")
      }
      return .unknown
    }
    guard let fault = CampaignFault(response) else { return confirmed(response) }
    return try outcome(of: fault, method, action)
  }

  /// A success comes with JSON or nothing; anything else was not written by Campaign.
  private func confirmed(_ response: HTTPResponse) -> WriteOutcome {
    let first = response.body.first { $0 > 0x20 }
    return first == nil || first == 0x7B ? .done : .unknown
  }

  private func outcome(
    of fault: CampaignFault, _ method: String, _ action: String
  ) throws(SyncError) -> WriteOutcome {
    switch fault.cause {
    case .data, .unknownText: return .refused(code: fault.code, excerpt: fault.excerpt)
    case .notFound where method != "POST": return .absent
    case .gateway: return .unknown
    case .unroutable where fault.status >= 500: return .unknown
    default: throw fault.errorInRun(action)
    }
  }
}

extension SyncError {
  fileprivate static func lookupGone(
    _ lookup: LookupFilter, _ resource: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action, "the filter \(lookup.segment) of \(resource) is gone",
      next: "add and publish it (docs/import-workflow.md, step 1), then run campaign-sync check")
  }
}
