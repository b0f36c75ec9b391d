import Core
import HTTP

/// An answer that is an error, as the Web API words it.
struct ODataFault: Error {
  var status: Int
  var code: String
  var message: String
  var headers: [HTTPHeader] = []

  init(_ status: Int, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  var body: [UInt8] {
    let error: JSONValue = ["code": .string(code), "message": .string(message)]
    return JSONValue.object([.init("error", error)]).encoded
  }

  var response: HTTPResponse {
    HTTPResponse(
      status,
      headers: headers + [
        HTTPHeader("Content-Type", "application/json; odata.metadata=minimal"),
        HTTPHeader("OData-Version", "4.0"),
      ], body: body)
  }

  /// The general error of the URI, query and batch parsers.
  static func query(_ message: String) -> ODataFault { ODataFault(400, "0x80060888", message) }

  /// A body that does not read as the table's type.
  static func payload(_ table: String, _ message: String) -> ODataFault {
    ODataFault(
      400, "0x80048d19",
      "Error identified in Payload provided by the user for Entity :'\(table)', For more "
        + "information on this error please follow this help link "
        + "https://go.microsoft.com/fwlink/?linkid=2195293  ----> InnerException : " + message)
  }

  static func noProperty(_ name: String, _ table: TableDefinition) -> ODataFault {
    query("Could not find a property named '\(name)' on type '\(table.type)'.")
  }

  static func noSegment(_ name: String) -> ODataFault {
    ODataFault(404, "0x8006088a", "Resource not found for the segment '\(name)'.")
  }

  static func noRow(_ table: TableDefinition, _ key: RowKey) -> ODataFault {
    ODataFault(
      404, "0x80040217", "\(table.logicalName) With Id = \(key.description) Does Not Exist")
  }
}
