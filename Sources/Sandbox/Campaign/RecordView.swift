import Core

/// Where and for whom a record is shown.
struct ViewContext {
  /// `http://127.0.0.1:8081/acme-mkt-stage/campaign`.
  var base: String
  /// `profileAndServicesExt`.
  var family: String
  /// Handles depend on it.
  var asker: String
  var seal: HandleSeal
  var denyListNames: Bool
  var now: Instant

  var isExtended: Bool { family != "profileAndServices" }

  func shows(_ field: FieldDefinition) -> Bool { isExtended || !field.isExtension }

  /// The field's name as this instance serves it.
  func wireName(_ field: FieldDefinition) -> String {
    denyListNames ? field.alias ?? field.name : field.name
  }

  func url(_ resource: ResourceDefinition, _ rest: String) -> String {
    base + "/" + family + "/" + resource.name + rest
  }
}

/// A row as JSON, in Campaign's way: empty text for what is absent, names of enumerations, times
/// with a space, members in alphabetical order, nested fields in their item.
struct RecordView {
  let resource: ResourceDefinition
  /// Of the resource, in handles.
  let space: Int
  let context: ViewContext
  /// Number of the row a link leads to, if it is there.
  var target: (Int, StoredRow, LinkDefinition) -> (space: Int, id: Int, title: String)?

  /// What the API answers.
  func document(_ id: Int, _ row: StoredRow) -> JSONValue {
    let key = handle(.row, id)
    var members = body(id, row, complete: true)
    members.append(JSONValue.Member("PKey", .string(key)))
    members.append(JSONValue.Member("href", .string(context.url(resource, "/" + key))))
    return .object(members.sorted { $0.name < $1.name })
  }

  /// What a change answers.
  func receipt(_ id: Int) -> JSONValue {
    let key = handle(.row, id)
    return ["PKey": .string(key), "href": .string(context.url(resource, "/" + key))]
  }

  /// The values alone: no handle, no link, no collection.
  func values(_ id: Int, _ row: StoredRow) -> JSONValue {
    .object(body(id, row, complete: false).sorted { $0.name < $1.name })
  }

  /// One value; nil for what a row of this kind does not show.
  func value(_ position: Int, _ id: Int, _ row: StoredRow) -> JSONValue? {
    let field = resource.fields[position]
    switch field.kind {
    case .boolean: return .bool(text(position, row) == "true")
    case .integer, .number: return .number(text(position, row))
    case .text, .date, .dateTime, .enumeration: return .string(text(position, row))
    case .computed(let computed): return derived(computed, id, row)
    case .collection:
      let handle = context.seal.handle(
        .init(use: .collection, space: space, id: id, detail: position), asker: context.asker)
      return ["href": .string(context.url(resource, "/\(handle)/\(field.name)/"))]
    case .link(let link):
      guard let target = target(position, row, link) else { return nil }
      return linked(to: link.target, target, detail: position)
    }
  }

  func text(_ position: Int, _ row: StoredRow) -> String {
    row.packed.text(position) ?? resource.fields[position].absent
  }

  private func handle(_ use: HandleSeal.Use, _ id: Int) -> String {
    context.seal.handle(.init(use: use, space: space, id: id, detail: 0), asker: context.asker)
  }

  private func linked(
    to resource: String, _ target: (space: Int, id: Int, title: String), detail: Int
  ) -> JSONValue {
    let handle = context.seal.handle(
      .init(use: .link, space: target.space, id: target.id, detail: detail), asker: context.asker)
    return [
      "PKey": .string(handle), "title": .string(target.title),
      "href": .string("\(context.base)/\(context.family)/\(resource)/\(handle)"),
    ]
  }

  private func body(_ id: Int, _ row: StoredRow, complete: Bool) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var items: [(name: Substring, members: [JSONValue.Member])] = []
    for (position, field) in resource.fields.enumerated() where context.shows(field) {
      if !complete {
        switch field.kind {
        case .link, .collection, .computed(.createdBy), .computed(.modifiedBy),
          .computed(.cryptedId):
          continue
        default: break
        }
      }
      guard let value = value(position, id, row) else { continue }
      guard let item = field.item else {
        members.append(JSONValue.Member(context.wireName(field), value))
        continue
      }
      if items.last?.name != item { items.append((item, [])) }
      items[items.count - 1].members.append(JSONValue.Member(String(field.leaf), value))
    }
    return members + items.map { JSONValue.Member(String($0.name), .object($0.members)) }
  }
}

// MARK: Computed fields

extension RecordView {
  private func text(_ name: String, _ row: StoredRow) -> String {
    resource.position(name).map { text($0, row) } ?? ""
  }

  private func derived(_ field: ComputedField, _ id: Int, _ row: StoredRow) -> JSONValue {
    switch field {
    case .title: .string(title(row))
    case .domain:
      .string(text("email", row).split(separator: "@").dropFirst().first.map(String.init) ?? "")
    case .age: .number(String(age(row)))
    case .cryptedId: .string(context.seal.opaque("crypted \(space) \(id)") + "=")
    case .created: .string(CampaignTime.text(row.created))
    case .lastModified: .string(CampaignTime.text(row.modified))
    case .createdBy, .modifiedBy: linked(to: "userBase", (255, 1, "API account"), detail: 0)
    case .line(let number): .string(line(number, row))
    case .serialized: .string((1...6).map { line($0, row) + "\n" }.joined())
    case .quality: "0"
    case .errorCount: 0
    case .lastCheck: ""
    }
  }

  /// `First Last (email)`.
  func title(_ row: StoredRow) -> String {
    guard resource.position("email") != nil else { return text(resource.key ?? "label", row) }
    let name = joined(text("firstName", row), text("lastName", row))
    return joined(name, text("email", row).isEmpty ? "" : "(\(text("email", row)))")
  }

  private func age(_ row: StoredRow) -> Int {
    let birth = text("birthDate", row)
    let today = CampaignTime.dateText(context.now)
    guard let from = Int(birth.prefix(4)), let to = Int(today.prefix(4)), to > from else {
      return 0
    }
    return to - from - (birth.dropFirst(4) > today.dropFirst(4) ? 1 : 0)
  }

  private func line(_ number: Int, _ row: StoredRow) -> String {
    switch number {
    case 1: joined(text("firstName", row), text("lastName", row).uppercased())
    case 2: text("location.address2", row)
    case 3: text("location.address1", row)
    case 4: text("location.address3", row)
    case 5: joined(text("location.zipCode", row), text("location.city", row))
    default: ""
    }
  }

  private func joined(_ one: String, _ other: String) -> String {
    one.isEmpty || other.isEmpty ? one + other : one + " " + other
  }
}
