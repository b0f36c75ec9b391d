import Core
import JSONPages

/// What a body says about a row: its values, checked against the table.
struct WritePayload {
  enum Verb { case create, update }

  var values: [Int: FieldValue] = [:]
  /// The primary key, where the body names it.
  var key: RowKey?
  /// `@odata.type` and `@odata.id` of a bulk target.
  var type: String?
  var identifier: String?

  /// 1753-01-01, where SQL Server's calendar begins.
  static let firstDay = -79_257
  static let tooEarly = ODataFault(
    400, "0x80040239", "DateTime is less than the minimum value supported by CrmDateTime.")
}

extension DataverseService {
  func parseBody(_ request: ODataRequest, _ table: Int) throws(ODataFault) -> JSONValue {
    let set = stores[table].definition.entitySet
    do throws(JSONFault) {
      let json = try JSONDocument.parse(request.body)
      if json.members != nil { return json }
    } catch {}
    throw .payload(
      set, "Microsoft.OData.ODataException: Invalid JSON. The body is not a JSON object.")
  }

  func payload(
    _ json: JSONValue, _ table: Int, _ verb: WritePayload.Verb
  ) throws(ODataFault) -> WritePayload {
    let definition = stores[table].definition
    var payload = WritePayload()
    for member in json.members ?? [] {
      let name = member.name
      if name == "@odata.type" {
        payload.type = member.value.text
      } else if name == "@odata.id" {
        payload.identifier = member.value.text
      } else if let mark = name.firstRange(of: "@odata.bind") {
        try bind(String(name[..<mark.lowerBound]), member.value, definition, &payload)
      } else if name.contains("@") {
        continue
      } else if name == definition.primaryId {
        guard let key = member.value.text.flatMap({ RowKey($0) }) else {
          throw .payload(
            definition.entitySet, "Cannot convert a value to the expected type 'Edm.Guid'.")
        }
        payload.key = key
      } else if member.value == .null, let navigation = definition.navigation(name),
        definition.position(wire: name) == nil
      {
        payload.values[navigation.position] = .null
      } else {
        try set(name, member.value, definition, verb, &payload)
      }
    }
    return payload
  }

  private func set(
    _ name: String, _ json: JSONValue, _ definition: TableDefinition, _ verb: WritePayload.Verb,
    _ payload: inout WritePayload
  ) throws(ODataFault) {
    guard let place = definition.position(wire: name) else {
      throw .payload(
        definition.entitySet,
        "Microsoft.OData.ODataException: An undeclared property '\(name)' which only has property "
          + "annotations in the payload but no property value was found in the payload. In OData, "
          + "only declared navigation properties and declared named streams can be represented "
          + "as properties without values.")
    }
    let column = definition.columns[place]
    if case .lookup = column.kind {
      throw .payload(
        definition.entitySet, "The property '\(name)' is read-only; bind its navigation property.")
    }
    if verb == .create, definition.isActivity, column.isStateOrStatus {
      switch knobs.activityState {
      case .create: break
      case .ignore: return
      case .reject:
        throw ODataFault(
          400, "0x80048408", "'\(name)' of '\(definition.logicalName)' is not valid for create.")
      }
    }
    // What the platform keeps for itself is passed over, as the service does.
    guard column.access.contains(verb == .create ? .create : .update) else { return }
    guard let value = FieldValue(json, column) else {
      throw .payload(
        definition.entitySet,
        "Microsoft.OData.ODataException: Cannot convert the literal of property '\(name)' to the "
          + "expected type.")
    }
    try validate(value, column, definition)
    payload.values[place] = value
  }

  /// The limits that the column's metadata states.
  private func validate(
    _ value: FieldValue, _ column: ColumnDefinition, _ definition: TableDefinition
  ) throws(ODataFault) {
    let place = "'\(column.name)' attribute of the '\(definition.logicalName)' entity"
    switch (column.kind, value) {
    case (.string(let max, _), .text(let text)), (.memo(let max), .text(let text)):
      guard text.utf16.count > max else { return }
      throw ODataFault(
        400, "0x80044331",
        "A validation error occurred. The length of the \(place) exceeded the maximum allowed "
          + "length of '\(max)'.")
    case (.integer(let range), .whole(let number)) where !range.contains(number):
      throw ODataFault(
        400, "0x8004432f",
        "A validation error occurred. The value of the \(place) is outside the valid range. "
          + "Accepted Values: \(range.lowerBound) to \(range.upperBound)")
    case (.decimal(_, let range), .number(let text)), (.double(_, let range), .number(let text)):
      guard let number = Double(text), range.contains(number) else {
        throw ODataFault(
          400, "0x80044330",
          "A validation error occurred. The value of the \(place) is outside the valid range.")
      }
    case (.picklist, .whole(let choice)), (.state, .whole(let choice)),
      (.status, .whole(let choice)):
      guard column.options.contains(where: { $0.value == choice }) else {
        throw ODataFault(
          400, "0x8004431a",
          "A validation error occurred. The value \(choice) of the \(place) is outside the valid "
            + "range.")
      }
    case (.multiSelect, .text(let text)):
      let known = column.options.map { String($0.value) }
      guard text.split(separator: ",").allSatisfy({ known.contains(String($0)) }) else {
        throw ODataFault(
          400, "0x8004431a", "A validation error occurred. The \(place) has an undefined choice.")
      }
    case (.dateTime, .day(let day)) where day < WritePayload.firstDay: throw WritePayload.tooEarly
    case (.dateTime, .moment(let moment)) where moment < Int64(WritePayload.firstDay) * 86_400:
      throw WritePayload.tooEarly
    default: return
    }
  }

  // MARK: lookups

  private func bind(
    _ navigation: String, _ json: JSONValue, _ definition: TableDefinition,
    _ payload: inout WritePayload
  ) throws(ODataFault) {
    let isBare = knobs.acceptsBareRegarding && navigation == "regardingobjectid_contact"
    let navigation = isBare ? "\(navigation)_\(definition.logicalName)" : navigation
    guard let found = definition.navigation(navigation) else {
      throw .payload(
        definition.entitySet,
        "Microsoft.OData.ODataException: An undeclared property '\(navigation)' which only has "
          + "property annotations in the payload but no property value was found in the payload. "
          + "In OData, only declared navigation properties and declared named streams can be "
          + "represented as properties without values.")
    }
    if json == .null {
      payload.values[found.position] = .null
      return
    }
    guard let text = json.text else {
      throw .payload(definition.entitySet, "The value of '\(navigation)@odata.bind' is not a link.")
    }
    let targets = definition.columns[found.position].targets.filter {
      $0.navigation == navigation
    }
    let (table, key) = try linked(text, definition)
    guard targets.contains(where: { $0.table == stores[table].definition.logicalName }) else {
      throw .payload(
        definition.entitySet,
        "The link of '\(navigation)' is to a row of the set "
          + "'\(stores[table].definition.entitySet)', which it cannot mean.")
    }
    payload.values[found.position] = .reference(
      key, table: stores[table].definition.logicalName)
  }

  /// The row behind `/contacts(<id>)`, an absolute address, an alternate key or `$1`.
  func linked(
    _ text: String, _ definition: TableDefinition
  ) throws(ODataFault) -> (table: Int, key: RowKey) {
    if text.hasPrefix("$") {
      guard let reference = references[text] else {
        throw .query("Content-ID Reference: '\(text)' does not exist in the batch context.")
      }
      return reference
    }
    let last = text.split(separator: "/").last.map(String.init) ?? ""
    let segment = ODataURL.segment(ODataURL.decode(last, plusIsBlank: false))
    guard let argument = segment.argument, let table = world.schema.table(set: segment.name) else {
      throw .payload(
        definition.entitySet,
        "Microsoft.OData.ODataException: The link '\(segment.name)' is not "
          + "the address of a row.")
    }
    let address = try address(table, argument)
    guard let row = row(table, address) else {
      var fault = missing(table, address)
      fault.status = knobs.missingTargetStatus
      throw fault
    }
    return (table, row.key)
  }
}
