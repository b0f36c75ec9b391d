import Core
import HTTP

extension CampaignService {
  /// `GET /<family>/resourceType/<resource>`, and behind its opaque link the filters.
  func resourceType(_ call: GatewayCall, _ context: ViewContext, _ rest: [String])
    throws(CampaignFault) -> HTTPResponse
  {
    guard call.method == "GET", let first = rest.first, rest.count == 1 else {
      throw .campaign(404, "RST-360000 Unknown resource 'resourceType'.")
    }
    if let content = seal.open(first, as: .resourceType), tables.indices.contains(content.space) {
      return .json(200, filters(of: tables[content.space].definition, content.space, context))
    }
    guard let space = space(first), exposes(tables[space].definition, context.family) else {
      throw .campaign(404, "RST-360000 Unknown resource '\(first)'.")
    }
    return .json(200, description(space, context))
  }

  func metadata(_ target: ResourceCall) throws(CampaignFault) -> HTTPResponse {
    .json(200, description(target.space, target.context))
  }

  /// `GET /profileAndServicesExt/`: every resource of the family.
  func resourceList(_ context: ViewContext) throws(CampaignFault) -> HTTPResponse {
    var members = [JSONValue.Member("apiName", "resourceType")]
    for table in tables where exposes(table.definition, context.family) {
      let definition = table.definition
      members.append(
        JSONValue.Member(
          definition.name,
          [
            "content": .object(content(of: definition, context)),
            "data": .string("/\(context.family)/\(definition.name)/"),
            "help": .string(definition.label),
            "href": .string(context.url(definition, "/metadata")),
            "name": .string(definition.name), "type": "collection",
          ]))
    }
    return .json(200, .object(members))
  }

  private func description(_ space: Int, _ context: ViewContext) -> JSONValue {
    let definition = tables[space].definition
    let handle = seal.handle(
      .init(use: .resourceType, space: space, id: 0, detail: 0), asker: context.asker)
    return [
      "content": .object(content(of: definition, context)),
      "data": .string("/\(context.family)/\(definition.name)/"),
      "filters": ["href": .string("\(context.base)/\(context.family)/resourceType/\(handle)")],
      "help": .string(definition.label), "href": .string(context.url(definition, "/metadata")),
      "label": .string(definition.label), "mandatory": false, "name": .string(definition.name),
      "pkgStatus": "never", "readOnly": false, "schema": .string(definition.schema),
      "type": "item",
    ]
  }

  private func filters(
    of definition: ResourceDefinition, _ space: Int, _ context: ViewContext
  ) -> JSONValue {
    let shown = definition.filters.filter { isFilter($0.name, definition, context) }
    return .object(
      shown.enumerated().map { number, filter in
        let handle = seal.handle(
          .init(use: .link, space: space, id: 0, detail: number), asker: context.asker)
        let sample = "/\(context.family)/\(definition.name)/\(filter.name)?\(filter.parameter)="
        let condition: String =
          switch filter.rule {
          case .equals(let field): "@\(field) = $(\(filter.parameter))"
          case .text: "@email like $(text)+'%'"
          }
        return JSONValue.Member(
          filter.name,
          [
            "PKey": .string(handle), "category": "", "condition": .string(condition),
            "data": .string(sample), "formType": "none", "fragmentName": "",
            "label": .string(filter.name),
          ])
      })
  }

  // MARK: Fields

  private func content(of definition: ResourceDefinition, _ context: ViewContext)
    -> [JSONValue.Member]
  {
    var members: [JSONValue.Member] = []
    var items: [(name: Substring, members: [JSONValue.Member])] = []
    for field in definition.fields where context.shows(field) {
      guard let item = field.item else {
        let name = context.wireName(field)
        members.append(JSONValue.Member(name, descriptor(field, name, definition)))
        continue
      }
      if items.last?.name != item { items.append((item, [])) }
      let leaf = String(field.leaf)
      items[items.count - 1].members.append(
        JSONValue.Member(leaf, descriptor(field, leaf, definition)))
    }
    for (name, leaves) in items {
      let item: JSONValue = [
        "apiName": .string(String(name)), "type": "item", "resType": "element", "sortable": false,
        "dataPolicy": "none", "category": "", "content": .object(leaves),
      ]
      members.append(JSONValue.Member(String(name), item))
    }
    return members.sorted { $0.name < $1.name }
  }

  private func descriptor(_ field: FieldDefinition, _ name: String, _ owner: ResourceDefinition)
    -> JSONValue
  {
    let (type, technical) = types(field)
    var members: [JSONValue.Member] = [
      JSONValue.Member("apiName", .string(name)), JSONValue.Member("type", .string(type)),
      JSONValue.Member("resType", .string(technical)),
      JSONValue.Member("dataPolicy", field.isEmail ? "email" : "none"),
      JSONValue.Member("category", ""), JSONValue.Member("label", .string(name)),
      JSONValue.Member("sortable", .bool(field.isSortable)),
      JSONValue.Member("readOnly", .bool(field.isComputed)),
    ]
    switch field.kind {
    case .link(let link):
      members.append(JSONValue.Member("resTarget", .string(link.target)))
    case .collection(let target):
      members.append(JSONValue.Member("resTarget", .string(target)))
    case .enumeration(let enumeration):
      let values = enumeration.values.map { value -> JSONValue in
        [
          "name": .string(value.name), "label": .string(value.label),
          "value": .string(enumeration.isByte ? String(value.number) : value.name),
        ]
      }
      members.append(
        JSONValue.Member("dbEnum", .string("\(owner.schema):\(enumeration.name)")))
      members.append(JSONValue.Member("values", .array(values)))
    default: break
    }
    return .object(members)
  }

  private func types(_ field: FieldDefinition) -> (high: String, technical: String) {
    switch field.kind {
    case .text: ("string", "string")
    case .integer(let bits): ("number", bits == 8 ? "byte" : bits == 16 ? "short" : "long")
    case .number: ("number", "double")
    case .boolean: ("boolean", "boolean")
    case .date: ("date", "date")
    case .dateTime: ("datetime", "datetime")
    case .enumeration(let enumeration): ("enumeration", enumeration.isByte ? "byte" : "string")
    case .link: ("link", "link")
    case .collection: ("collection", "link")
    case .computed(let computed):
      switch computed {
      case .age, .errorCount: ("number", "long")
      case .created, .lastModified, .lastCheck: ("datetime", "datetime")
      case .createdBy, .modifiedBy: ("link", "link")
      default: ("string", "string")
      }
    }
  }
}
