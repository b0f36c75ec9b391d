import Core
import HTTP

extension DataverseClient: TableSource {
  package func scan(_ query: TableQuery, from link: String?) -> PageStream {
    TablePages(
      client: self, query: query, start: link ?? scanURL(query), isStored: link != nil,
      isTracked: true, action: "read \(query.entitySet)")
  }

  package func changes(_ query: TableQuery, from link: String) -> PageStream {
    TablePages(
      client: self, query: query, start: link, isStored: true, isTracked: false,
      action: "read the changes of \(query.entitySet)")
  }

  package func pendingChanges(
    _ query: TableQuery, from link: String
  ) async throws(SyncError) -> Int? {
    guard let token = deltaToken(of: link) else { return nil }
    let action = "count the changes of \(query.entitySet)"
    let url = "\(root)\(query.entitySet)/$count?$deltatoken=\(token)"
    let response = try await get(url, for: action)
    if let fault = DataverseFault(response) {
      let error = fault.error(action)
      if error.isTokenExpired || error.kind == .unavailable { throw error }
      return nil
    }
    // Plain text that starts with a byte order mark.
    let digits = response.body.filter { (0x30...0x39).contains($0) }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  private func scanURL(_ query: TableQuery) -> String {
    let columns = query.columns.map { PercentEncoding.encode($0) }.joined(separator: ",")
    return "\(root)\(query.entitySet)?$select=\(columns)"
  }

  /// The token as it stands in the link, its encoding untouched.
  private func deltaToken(of link: String) -> Substring? {
    let query = link.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
    for option in query.split(separator: "&") {
      for name in ["$deltatoken=", "%24deltatoken="] where option.hasPrefix(name) {
        return option.dropFirst(name.count)
      }
    }
    return nil
  }
}
