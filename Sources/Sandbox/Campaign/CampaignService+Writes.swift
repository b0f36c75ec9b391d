import Core
import HTTP

extension CampaignService {
  func create(_ target: ResourceCall) throws(CampaignFault) -> HTTPResponse {
    let resource = tables[target.space].definition
    guard target.rest.isEmpty else { throw .unknownAttribute(target.rest[0], of: resource) }
    let changes = try changes(in: target)
    let values = changes.compactMapValues { $0 }
    if let key = resource.key.flatMap(resource.position), let text = values[key] {
      try refuseDuplicate(text, key, in: target.space)
    }
    let id = tables[target.space].insert(PackedRecord(values), at: clock())
    meters.engineCalls += 1
    meters.inserts += 1
    guard let row = tables[target.space][id] else { throw .badDocument }
    return .json(201, view(target.space, target.context).document(id, row))
  }

  func change(_ target: ResourceCall) throws(CampaignFault) -> HTTPResponse {
    let resource = tables[target.space].definition
    let changes = try changes(in: target)
    guard target.rest.count <= 1 else { throw .unknownAttribute(target.rest[1], of: resource) }
    let key = resource.key.flatMap(resource.position)
    var named = target.rest.first
    if named == nil, let key { named = changes[key] ?? nil }
    guard let named else { throw .missingKey("", of: resource) }
    let id = try find(target, named: named)
    guard let row = tables[target.space][id] else { throw .missingKey(named, of: resource) }

    if let key, let change = changes[key], let old = row.packed.text(key), change != old {
      if let change { try refuseDuplicate(change, key, in: target.space) }
      throw .changedKey(old, change ?? "", of: resource)
    }
    if let key, let change = changes[key], let change, row.packed[key] == nil {
      try refuseDuplicate(change, key, in: target.space)
    }
    var values = row.packed.values
    for (position, text) in changes { values[position] = text }
    let isChanged = replace(id, in: target.space, with: PackedRecord(values), by: .tool)
    meters.engineCalls += isChanged ? 2 : 1
    if isChanged { meters.updates += 1 } else { meters.unchanged += 1 }
    return .json(200, view(target.space, target.context).receipt(id))
  }

  func delete(_ target: ResourceCall) throws(CampaignFault) -> HTTPResponse {
    let resource = tables[target.space].definition
    guard target.rest.count == 1 else {
      throw .unknownAttribute(target.rest.last ?? "", of: resource)
    }
    let id = try find(target, named: target.rest[0])
    remove(id, from: target.space)
    meters.engineCalls += 1
    meters.deletes += 1
    return HTTPResponse(200)
  }

  private func refuseDuplicate(_ text: String, _ key: Int, in space: Int) throws(CampaignFault) {
    guard knobs.uniqueKeys, !tables[space].ids(where: key, equals: text.utf8).isEmpty else {
      return
    }
    throw .duplicate(text, of: tables[space].definition)
  }

  /// Removes a row and does to those that point to it what their link says.
  func remove(_ id: Int, from space: Int) {
    guard let row = tables[space][id] else { return }
    let name = tables[space].definition.name
    remember(row, in: space, becoming: nil, by: .tool)
    tables[space].remove(id)
    for other in tables.indices {
      for (position, field) in tables[other].definition.fields.enumerated() {
        guard case .link(var link) = field.kind, link.target == name else { continue }
        link.whenDeleted = whenDeleted(link)
        if link.whenDeleted == .nothing { continue }
        let (own, text): (Int?, ArraySlice<UInt8>?) =
          if let join = link.join {
            (
              tables[other].definition.position(join.own),
              tables[space].definition.position(join.target).flatMap { row.packed[$0] }
            )
          } else {
            (position, Array(String(id).utf8)[...])
          }
        guard let own, let text else { continue }
        for child in tables[other].ids(where: own, equals: text) {
          follow(link, child, own, in: other)
        }
      }
    }
  }

  private func whenDeleted(_ link: LinkDefinition) -> LinkDefinition.WhenDeleted {
    switch knobs.whenTargetDeleted {
    case "cascade": .cascade
    case "clear": .clear
    case "nothing": .nothing
    default: link.whenDeleted
    }
  }

  private func follow(_ link: LinkDefinition, _ child: Int, _ own: Int, in space: Int) {
    guard link.whenDeleted == .clear else { return remove(child, from: space) }
    guard var values = tables[space][child]?.packed.values else { return }
    values[own] = nil
    _ = tables[space].replace(child, with: PackedRecord(values), at: clock())
  }

  // MARK: The body

  /// What a body asks for, by field position; nil gives a field its default back.
  private func changes(in target: ResourceCall) throws(CampaignFault) -> [Int: String?] {
    guard let members = try target.call.document().members else { throw .badDocument }
    let resource = tables[target.space].definition
    var changes: [Int: String?] = [:]
    for member in members where !["PKey", "href", "metadata"].contains(member.name) {
      if resource.isItem(member.name), let leaves = member.value.members {
        for leaf in leaves {
          try change(member.name + "." + leaf.name, leaf.value, target, &changes)
        }
      } else {
        guard !member.name.contains(".") else { throw .unknownProperty(member.name, of: resource) }
        try change(member.name, member.value, target, &changes)
      }
    }
    return changes
  }

  private func change(
    _ name: String, _ value: JSONValue, _ target: ResourceCall, _ changes: inout [Int: String?]
  ) throws(CampaignFault) {
    let resource = tables[target.space].definition
    guard let position = resource.position(name) else {
      throw .unknownProperty(name, of: resource)
    }
    let field = resource.fields[position]
    guard target.context.shows(field), target.context.wireName(field) == name else {
      throw .unknownProperty(name, of: resource)
    }
    if case .link(let link) = field.kind {
      try point(link, position, to: value, in: target.space, &changes)
      return
    }
    let rule = ValueRule(resource: resource, field: field, truncates: knobs.truncateLongText)
    changes.updateValue(try rule.stored(value), forKey: position)
  }

  /// A link is set by the handle of its target; contents without a handle are ignored.
  private func point(
    _ link: LinkDefinition, _ position: Int, to value: JSONValue, in space: Int,
    _ changes: inout [Int: String?]
  ) throws(CampaignFault) {
    let own = link.join.flatMap { tables[space].definition.position($0.own) } ?? position
    if value == .null { changes.updateValue(nil, forKey: own) }
    guard let handle = value["PKey"]?.text, let target = self.space(link.target) else { return }
    let definition = tables[target].definition
    let content = seal.open(handle, as: .row) ?? seal.open(handle, as: .link)
    guard let content, content.space == target else {
      throw .unknownAttribute(handle, of: definition)
    }
    guard let row = tables[target][content.id] else { throw .missingKey(handle, of: definition) }
    guard let join = link.join else {
      changes.updateValue(String(content.id), forKey: own)
      return
    }
    changes.updateValue(
      definition.position(join.target).flatMap { row.packed.text($0) }, forKey: own)
  }
}
