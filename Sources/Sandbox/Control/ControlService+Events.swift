import Core

/// Exporting the sandbox's logs, and comparing what was exported with Dynamics.
extension ControlService {
  /// `{"events": 200, "deliveries": 3, "files": 1, "separator": ";", "quote": "none", ...}`.
  func exportEvents(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    let order = try ControlService.order(call)
    let files = try await world.events.export(order, contacts: world.dataverse)
    return ["files": .array(files.map(\.json))]
  }

  private static func order(_ call: ControlCall) throws(SyncError) -> ExportOrder {
    var order = ExportOrder()
    order.events = try call.number("events", order.events)
    order.deliveries = try call.number("deliveries", order.deliveries)
    order.files = max(1, try call.number("files", order.files))
    order.repeats = min(100, try call.number("repeats", order.repeats))
    order.seed = UInt64(try call.number("seed", 1))
    order.tooLong = try call.number("tooLong", 0)
    order.brokenDates = try call.number("brokenDates", 0)
    order.deletedContacts = try call.number("deletedContacts", 0)
    order.age = try call.number("age", 0)
    order.isPlain = call.body["plain"]?.flag ?? false
    order.types = (call.body["types"]?.items ?? []).compactMap(\.integer)
    if let only = call.body["only"]?.text {
      order.kinds = [try choice(EventKind(rawValue: only), "only", EventKind.allCases)]
    }
    if let fault = call.body["fault"]?.text {
      let all: [ExportOrder.Fault] = [.none, .half, .finish, .replace, .empty]
      order.fault = try choice(ExportOrder.Fault(rawValue: fault), "fault", all)
    }
    if let folder = try folder(call.body) { order.folder = folder }
    order.dialect = try dialect(call.body)
    return order
  }

  static func folder(_ body: JSONValue) throws(SyncError) -> String? {
    guard let folder = body["folder"]?.text else { return nil }
    guard (try? RemoteName.check(folder)) != nil else {
      throw .events("the folder must be a path below d365_loads, without a leading `/` and `..`")
    }
    return folder
  }

  static func dialect(_ body: JSONValue) throws(SyncError) -> ExportDialect {
    var dialect = ExportDialect()
    if let separator = body["separator"]?.text {
      let known: [String: UInt8] = [
        ";": 0x3B, "semicolon": 0x3B, ",": 0x2C, "comma": 0x2C, "|": 0x7C, "\t": 0x09, "tab": 0x09,
      ]
      guard let byte = known[separator] else {
        throw .events("the separator must be `;`, `,`, `|` or tab")
      }
      dialect.separator = byte
    }
    dialect.isQuoted = body["quote"]?.text == "double"
    dialect.endsWithCRLF = body["crlf"]?.flag ?? false
    dialect.hasMark = body["bom"]?.flag ?? false
    dialect.isPacked = body["gzip"]?.flag ?? false
    if let dates = body["dates"]?.text {
      dialect.dates = try choice(
        ExportDialect.Dates(rawValue: dates), "dates", ExportDialect.Dates.allCases)
    }
    if body["wholeSeconds"]?.flag == true { dialect.hasFraction = false }
    if let zone = body["timeZone"]?.text { dialect.zone = try .named(zone) }
    return dialect
  }

  static func choice<Value: RawRepresentable<String>>(
    _ value: Value?, _ name: String, _ all: [Value]
  ) throws(SyncError) -> Value {
    guard let value else {
      throw .events("\(name) takes \(all.map(\.rawValue).joined(separator: ", "))")
    }
    return value
  }
}
