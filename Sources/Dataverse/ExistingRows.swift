import Core
import HTTP
import JSONPages

extension DataverseClient {
  /// Those of many rows that are there, by their keys, with some columns of each and its etag.
  ///
  /// - Shape: a filter names 250 keys (the service takes 500 conditions and 32 KiB of address); up
  ///   to 20 such queries go in one `$batch`, so 5,000 keys cost one request.
  func rows(
    of set: String, key: String, among keys: [RowKey], select columns: [String] = [],
    number: UInt64, for action: String, _ purpose: WritePurpose = .activities
  ) async throws(SyncError) -> [RowKey: JSONValue] {
    var seen: Set<RowKey> = []
    let keys = keys.filter { seen.insert($0).inserted }
    let select = ([key] + columns).joined(separator: ",")
    let paths = stride(from: 0, to: keys.count, by: Self.keysOfAFilter).map { start in
      let part = keys[start..<min(start + Self.keysOfAFilter, keys.count)]
      let filter = part.map { "\(key)%20eq%20\($0)" }.joined(separator: "%20or%20")
      return "\(set)?$select=\(select)&$filter=\(filter)"
    }
    var found: [RowKey: JSONValue] = [:]
    for start in stride(from: 0, to: paths.count, by: Self.queriesOfABatch) {
      let some = paths[start..<min(start + Self.queriesOfABatch, paths.count)]
      for response in try await answers(to: Array(some), number: number, for: action) {
        var page = response
        while true {
          if let fault = DataverseFault(page, columns: columns) {
            let isRight = fault.cause == .privilege || fault.cause == .forbidden
            throw isRight ? fault.writeError(action, purpose) : fault.error(action)
          }
          let document = try parse(page, for: action)
          for row in document["value"]?.items ?? [] {
            guard let id = row[key]?.text.flatMap({ RowKey($0) }) else { continue }
            found[id] = row
          }
          guard let next = document["@odata.nextLink"]?.text else { break }
          guard Origin(next) == origin else { throw .linkAstray(action) }
          page = try await get(next, for: action)
        }
      }
    }
    return found
  }

  /// One query as a request of its own; more as a batch, or one by one where that is not taken.
  private func answers(
    to paths: [String], number: UInt64, for action: String
  ) async throws(SyncError) -> [HTTPResponse] {
    if paths.count > 1, let answers = try await batch(of: paths, number, action) { return answers }
    var answers: [HTTPResponse] = []
    for path in paths { answers.append(try await get(root + path, for: action)) }
    return answers
  }

  /// Nil where the batch as a whole, or one of its parts, did not come through.
  private func batch(
    of paths: [String], _ number: UInt64, _ action: String
  ) async throws(SyncError) -> [HTTPResponse]? {
    let accept = [HTTPHeader("Accept", "application/json")]
    let request = BatchRequest(
      paths.map { .init("GET", batchRoot + $0, headers: accept) }, number: number)
    let reply = try await write(
      "POST", "$batch", headers: request.headers, body: request.body, for: action)
    guard case .answer(let response) = reply, let parts = BatchResponse.parts(of: response),
      parts.count == paths.count,
      parts.allSatisfy({ $0.status < 500 && $0.status != 429 })
    else { return nil }
    return parts
  }

  /// Where the Web API is, without its host: for the parts of a batch.
  var batchRoot: String { Address(root)?.target ?? "/" }

  private static let keysOfAFilter = 250
  private static let queriesOfABatch = 20
}
