import Core
import HTTP

extension DataverseService {
  func create(_ table: Int, _ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    throw ODataFault(501, "0x0", "writes follow")
  }
  func patch(_ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest)
    throws(ODataFault) -> HTTPResponse
  { throw ODataFault(501, "0x0", "writes follow") }
  func delete(_ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest)
    throws(ODataFault) -> HTTPResponse
  { throw ODataFault(501, "0x0", "writes follow") }
  func putProperty(
    _ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse { throw ODataFault(501, "0x0", "writes follow") }
  func bulk(_ table: Int, _ name: String, _ request: ODataRequest) throws(ODataFault)
    -> HTTPResponse
  { throw ODataFault(501, "0x0", "writes follow") }
  func bulkDelete(_ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    throw ODataFault(501, "0x0", "writes follow")
  }
  func batch(_ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    throw ODataFault(501, "0x0", "writes follow")
  }
}
