import Core
import HTTP
import JSONPages

/// The Dataverse Web API of one environment.
///
/// - Shape: knows paths, names and error codes; tokens, repeats and gates are the business of the
///   transport that it is given.
/// - Source: OData 4.0 at `https://<environment>/api/data/v9.2/`.
package struct DataverseClient: Sendable {
  /// With a slash at its end.
  let root: String
  let origin: Origin?
  private let transport: any Transport
  let bench: Workbench
  let pageSize: PageSize

  /// - Parameter url: the environment's address, as in the environment file.
  /// - Parameter bench: of all clients that read one table together; `pageSize` as well.
  package init(
    url: String, apiVersion: String = "v9.2", transport: any Transport,
    bench: Workbench = Workbench(), pageSize: PageSize = PageSize()
  ) {
    self.bench = bench
    self.pageSize = pageSize
    var base = url
    while base.hasSuffix("/") { base.removeLast() }
    root = "\(base)/api/data/\(apiVersion)/"
    origin = Origin(base)
    self.transport = transport
  }

  /// Gets an address as it stands; any answer is returned, a missing one is thrown.
  func get(
    _ url: String, prefer: String? = nil, for action: String
  ) async throws(SyncError) -> HTTPResponse {
    var headers = DataverseClient.headers
    if let prefer { headers.append(HTTPHeader("Prefer", prefer)) }
    let request = HTTPRequest(
      "GET", url, headers: headers, timeout: .seconds(180),
      maxBody: Limit.document.rawValue)
    do {
      return try await transport.send(request)
    } catch {
      throw error.error(while: action, with: "Dynamics")
    }
  }

  /// Gets a page of that many rows.
  ///
  /// - Errors: what to do where it is too large, or takes too long.
  func page(
    _ url: String, prefer: String, rows: Int, for action: String
  ) async throws(SyncError) -> HTTPResponse {
    let request = HTTPRequest(
      "GET", url, headers: DataverseClient.headers + [HTTPHeader("Prefer", prefer)],
      timeout: .seconds(180), maxBody: Limit.page.rawValue)
    do {
      return try await transport.send(request)
    } catch {
      if error.kind == .tooLarge { throw .pageTooLarge(action, rows: rows, by: error.code) }
      var failure = error.error(while: action, with: "Dynamics")
      if error.kind == .broken, error.cause == nil {
        failure.next =
          "run the same command again; where a page takes longer than 180 s each time, set "
          + "`dynamics.pageSize` in the environment file to fewer than \(rows) rows"
      }
      throw failure
    }
  }

  /// Writes below the root; any answer is returned.
  ///
  /// It is not repeated further down where nobody knows whether it was executed: the caller may
  /// then ask for less at once.
  func write(
    _ method: String, _ path: String, headers: [HTTPHeader] = DataverseClient.json,
    body: [UInt8], for action: String
  ) async throws(SyncError) -> WriteReply {
    let request = HTTPRequest(
      method, root + path, headers: DataverseClient.headers + headers, body: body,
      timeout: .seconds(240), maxBody: Limit.document.rawValue, isIdempotent: false)
    do {
      return .answer(try await transport.send(request))
    } catch {
      let failure = error.error(while: action, with: "Dynamics")
      guard error.kind == .broken, error.cause == nil else { throw failure }
      return .unknown(failure)
    }
  }

  /// What came of a write.
  enum WriteReply {
    case answer(HTTPResponse)
    /// It may have been executed.
    case unknown(SyncError)
  }

  /// Reads a small document below the root.
  ///
  /// - Throws: the words of the fault, whatever it is.
  func document(_ path: String, for action: String) async throws(SyncError) -> JSONValue {
    let response = try await get(root + path, for: action)
    if let fault = DataverseFault(response) { throw fault.error(action) }
    return try parse(response, for: action)
  }

  func parse(_ response: HTTPResponse, for action: String) throws(SyncError) -> JSONValue {
    do {
      return try JSONDocument.parse(response.body)
    } catch {
      throw .body(error, BodyShape(response), action)
    }
  }

  /// The most bytes an answer may have.
  enum Limit: Int {
    /// Metadata of a large table, all its labels included, is a few megabytes.
    case document = 0x400_0000
    /// Five thousand rows of fifty columns, long texts included.
    case page = 0x1000_0000
  }

  static let json = [HTTPHeader("Content-Type", "application/json; charset=utf-8")]

  /// `If-None-Match: null` keeps caches on the way from answering.
  private static let headers = [
    HTTPHeader("Accept", "application/json"),
    HTTPHeader("OData-MaxVersion", "4.0"),
    HTTPHeader("OData-Version", "4.0"),
    HTTPHeader("If-None-Match", "null"),
  ]
}
