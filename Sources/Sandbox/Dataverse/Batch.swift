import Core
import HTTP

/// `$batch`: operations in order, change sets all or nothing.
///
/// - Source: fact sheet 6.1 and 6.2.
extension DataverseService {
  private struct Operation {
    var request: ODataRequest
    var contentId: String?
  }
  private enum Item {
    case single(Operation)
    case changeSet([Operation])
  }

  func batch(_ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    try request.require("POST")
    guard !request.isInBatch else { throw .query("A batch cannot hold another batch.") }
    guard let boundary = BatchBody.boundary(request[header: "Content-Type"]) else {
      throw .query("The Content-Type of a batch must be multipart/mixed with a boundary.")
    }
    counters.batches += 1
    let items = try parse(request, boundary)
    let count = items.reduce(0) { sum, item in
      if case .changeSet(let operations) = item { sum + operations.count } else { sum + 1 }
    }
    guard count <= 1000 else {
      throw .query("The batch holds \(count) operations; at most 1000 are allowed.")
    }
    let goesOn = request.preferences.continuesOnError
    var answer = BatchAnswer(boundary: "batchresponse_\(world.identifier("batch \(version)"))")
    var status = 200
    references = [:]
    defer { references = [:] }
    for item in items {
      let isDone =
        switch item {
        case .single(let operation): run(operation, &answer)
        case .changeSet(let operations): run(operations, &answer)
        }
      if !isDone, !goesOn {
        status = 400
        break
      }
    }
    return answer.response(status)
  }

  private func parse(_ request: ODataRequest, _ boundary: String) throws(ODataFault) -> [Item] {
    var items: [Item] = []
    var ids: Set<String> = []
    for part in try BatchBody.parts(of: request.body[...], boundary: boundary) {
      guard let inner = BatchBody.boundary(part["Content-Type"]) else {
        items.append(.single(try operation(part, request)))
        continue
      }
      var operations: [Operation] = []
      for member in try BatchBody.parts(of: part.content, boundary: inner) {
        let operation = try operation(member, request)
        guard operation.request.method != "GET" else {
          throw .query("A change set cannot hold a GET request.")
        }
        guard let id = operation.contentId else { throw .query("Content-ID header not present") }
        guard ids.insert(id).inserted else {
          throw .query("The Content-ID '\(id)' appears more than once in the batch.")
        }
        operations.append(operation)
      }
      items.append(.changeSet(operations))
    }
    return items
  }

  /// `METHOD url HTTP/1.1`, headers, body.
  private func operation(
    _ part: BatchBody.Part, _ outer: ODataRequest
  ) throws(ODataFault) -> Operation {
    guard part["Content-Type"]?.lowercased().hasPrefix("application/http") ?? false else {
      throw .query("A part of a batch must be application/http or a change set.")
    }
    var place = part.content.startIndex
    guard let line = try BatchBody.line(part.content, &place),
      let first = line.firstIndex(of: " "), let last = line.lastIndex(of: " "), first < last
    else { throw BatchBody.unreadable }
    let inner = try BatchBody.part(part.content[place...])
    var target = String(line[line.index(after: first)..<last])
    if target.hasPrefix("/") {
      target = outer.url.origin + target
    } else if !target.contains("://") {
      // A reference stays as it is until its turn comes.
      target = outer.url.root + target
    }
    guard let url = ODataURL(target) else { throw BatchBody.unreadable }
    var request = ODataRequest(
      HTTPRequest(
        String(line[..<first]), target, headers: inner.headers, body: Array(inner.content)),
      url, identity: outer.identity)
    request.isInBatch = true
    return Operation(request: request, contentId: part["Content-ID"])
  }

  /// Puts the row that `$1` means into the address.
  private func resolved(_ request: ODataRequest) throws(ODataFault) -> ODataRequest {
    guard let first = request.url.segments.first?.name, first.hasPrefix("$"),
      first.dropFirst().allSatisfy(\.isNumber), first.count > 1
    else { return request }
    let (table, key) = try linked(first, stores[0].definition)
    var request = request
    request.url.segments[0] = .init(
      name: stores[table].definition.entitySet, argument: key.description)
    return request
  }

  private func execute(_ operation: Operation) -> HTTPResponse {
    if knobs.throttledParts > 0 {
      knobs.throttledParts -= 1
      counters.throttled += 1
      var refused = ODataFault(
        429, "0x80072321", "Combined execution time of incoming requests exceeded limit.")
      refused.headers = [HTTPHeader("Retry-After", String(knobs.retryAfterSeconds))]
      return refused.response
    }
    do throws(ODataFault) {
      return try route(try resolved(operation.request))
    } catch {
      return error.response
    }
  }

  private func run(_ operation: Operation, _ answer: inout BatchAnswer) -> Bool {
    let response = execute(operation)
    answer.append(response, contentId: nil)
    return response.status < 400
  }

  /// All operations, or one error and nothing done.
  private func run(_ operations: [Operation], _ answer: inout BatchAnswer) -> Bool {
    var nested = BatchAnswer(
      boundary: "changesetresponse_\(world.identifier("changes \(version)"))")
    journal = []
    for operation in operations {
      let response = execute(operation)
      guard response.status < 400 else {
        rollBack()
        answer.append(response, contentId: nil)
        return false
      }
      if let id = operation.contentId, let link = response["OData-EntityId"] {
        let reference = try? linked(link, stores[0].definition)
        references["$\(id)"] = reference.map { ($0.table, $0.key) }
      }
      nested.append(response, contentId: operation.contentId)
    }
    journal = nil
    answer.append(nested)
    return true
  }
}
