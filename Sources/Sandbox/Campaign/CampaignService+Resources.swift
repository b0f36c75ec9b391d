import Core
import HTTP

/// A resource as one request addresses it.
struct ResourceCall {
  var call: GatewayCall
  var context: ViewContext
  var space: Int
  /// Behind the resource's name.
  var rest: [String]
}

extension CampaignService {
  /// The three families of resource addresses.
  func resources(_ call: GatewayCall) throws(CampaignFault) -> HTTPResponse {
    if call.segments.first == "profileAndServicesExt", !knobs.extensionPublished {
      throw .campaign(404, "RST-360000 Unknown resource 'profileAndServicesExt'.")
    }
    var segments = call.segments.dropFirst()
    guard let first = segments.popFirst() else {
      return try resourceList(context(of: call))
    }
    let context = context(of: call)
    if first == "resourceType" { return try resourceType(call, context, Array(segments)) }
    let name = first.hasSuffix(".json") ? String(first.dropLast(5)) : first
    guard let space = space(name), exposes(tables[space].definition, context.family) else {
      throw .campaign(404, "RST-360000 Unknown resource '\(name)'.")
    }
    let target = ResourceCall(call: call, context: context, space: space, rest: Array(segments))
    switch call.method {
    case "GET": return try read(target)
    case "POST": return try create(target)
    case "PATCH": return try change(target)
    case "DELETE": return try delete(target)
    default: throw .campaign(405, "RST-360000 Method '\(call.method)' is not allowed.")
    }
  }

  func exposes(_ definition: ResourceDefinition, _ family: String) -> Bool {
    switch definition.exposure {
    case .builtIn: family != "customResources"
    case .linked: family == "profileAndServicesExt"
    case .unlinked: family == "customResources"
    }
  }

  func view(_ space: Int, _ context: ViewContext) -> RecordView {
    RecordView(
      resource: tables[space].definition, space: space, context: context,
      target: { [self] in linkTarget($0, $1, $2, of: space, context) })
  }

  // MARK: Reading one

  private func read(_ target: ResourceCall) throws(CampaignFault) -> HTTPResponse {
    let resource = tables[target.space].definition
    guard let first = target.rest.first else { return try list(target) }
    if first == "metadata" { return try metadata(target) }
    if first == "_count" || isFilter(first, resource, target.context) { return try list(target) }
    if target.rest.count == 2, let position = resource.position(target.rest[1]) {
      return try collection(target, position)
    }
    if let column = resource.fields.first(where: { target.context.wireName($0) == first }),
      target.context.shows(column)
    {
      return try list(target)
    }
    let id = try find(target, named: first)
    guard let row = tables[target.space][id] else { throw .missingKey(first, of: resource) }
    return .json(200, view(target.space, target.context).document(id, row))
  }

  /// The collections of this instance are empty: what fills them belongs to no sync.
  private func collection(_ target: ResourceCall, _ position: Int) throws(CampaignFault)
    -> HTTPResponse
  {
    let resource = tables[target.space].definition
    let handle = seal.open(target.rest[0], as: .collection)
    guard let handle, handle.space == target.space, handle.detail == position else {
      throw .unknownAttribute(target.rest[0], of: resource)
    }
    guard tables[target.space][handle.id] != nil else {
      throw .missingKey(target.rest[0], of: resource)
    }
    let count = target.context.url(resource, "/\(target.rest[0])/\(target.rest[1])/_count")
    return .json(
      200,
      [
        "content": [], "count": ["href": .string(count), "value": 0],
        "serverSidePagination": false,
      ])
  }

  /// The row that a path segment names: a handle, or the text of the identification key.
  func find(_ target: ResourceCall, named segment: String) throws(CampaignFault) -> Int {
    let resource = tables[target.space].definition
    if let content = seal.open(segment, as: .row), content.space == target.space {
      guard isVisible(content.id, in: target.space) else {
        throw hidden(content.id, segment, target)
      }
      return content.id
    }
    guard !segment.hasPrefix("@"), target.context.isExtended, knobs.uniqueKeys,
      let key = resource.key.flatMap(resource.position)
    else { throw .unknownAttribute(segment, of: resource) }
    let ids = tables[target.space].ids(where: key, equals: segment.utf8)
    guard let id = ids.first(where: { isVisible($0, in: target.space) }) else {
      throw ids.first.map { hidden($0, segment, target) } ?? .missingKey(segment, of: resource)
    }
    return id
  }

  /// Nobody sees a row without its parent; who would change it is refused.
  private func hidden(_ id: Int, _ segment: String, _ target: ResourceCall) -> CampaignFault {
    let missing = CampaignFault.missingKey(segment, of: tables[target.space].definition)
    guard target.call.method != "GET", tables[target.space][id] != nil,
      knobs.hiddenStatus != 404
    else { return missing }
    return .campaign(knobs.hiddenStatus, "PGS-220000 The record has no target for its link.")
  }

  // MARK: Links

  /// A row that has a link of cardinality 1 is there only when its target is.
  func isVisible(_ id: Int, in space: Int) -> Bool {
    let definition = tables[space].definition
    guard let row = tables[space][id] else { return false }
    for (position, field) in definition.fields.enumerated() {
      guard case .link(let link) = field.kind, isRequired(link, of: definition) else { continue }
      guard let target = targetRow(position, row, link, of: space),
        isVisible(target.id, in: target.space)
      else { return false }
    }
    return true
  }

  /// 1 cardinality, as published or as the operator has republished it.
  private func isRequired(_ link: LinkDefinition, of resource: ResourceDefinition) -> Bool {
    if knobs.oneCardinality.contains(resource.name) { return true }
    return link.isRequired && !knobs.zeroOrOneCardinality.contains(resource.name)
  }

  func targetRow(_ position: Int, _ row: StoredRow, _ link: LinkDefinition, of space: Int)
    -> (space: Int, id: Int)?
  {
    guard let target = self.space(link.target) else { return nil }
    let definition = tables[space].definition
    guard let join = link.join else {
      let id = row.packed.text(position).flatMap { Int($0) }
      return id.flatMap { tables[target][$0] == nil ? nil : (target, $0) }
    }
    guard let own = definition.position(join.own), let text = row.packed[own],
      let field = tables[target].definition.position(join.target),
      let id = tables[target].ids(where: field, equals: text).first
    else { return nil }
    return (target, id)
  }

  private func linkTarget(
    _ position: Int, _ row: StoredRow, _ link: LinkDefinition, of space: Int,
    _ context: ViewContext
  ) -> (space: Int, id: Int, title: String)? {
    guard let target = targetRow(position, row, link, of: space),
      let targetRow = tables[target.space][target.id]
    else { return nil }
    return (target.space, target.id, view(target.space, context).title(targetRow))
  }
}
