import Core
import HTTP

extension DataverseClient: TableSource {
  package func scan(_ query: TableQuery, from link: String?) -> PageStream {
    TablePages(
      client: self, query: query, start: link ?? scanURL(query), isStored: link != nil,
      kind: .scan, action: "read \(query.entitySet)")
  }

  package func rows(
    _ query: TableQuery, in range: KeyRange, after last: RowKey?
  ) -> PageStream {
    TablePages(
      client: self, query: query, start: rangeURL(query, range, after: last), isStored: false,
      kind: .range, action: "read a range of \(query.entitySet)",
      behind: { last in rangeURL(query, range, after: last) })
  }

  package func changes(_ query: TableQuery, from link: String) -> PageStream {
    TablePages(
      client: self, query: query, start: link, isStored: true, kind: .changes,
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
    "\(root)\(query.entitySet)?$select=\(columns(of: query))"
  }

  /// - Source: fact sheet 3.7: guids stand bare in a filter.
  private func rangeURL(_ query: TableQuery, _ range: KeyRange, after last: RowKey?) -> String {
    let primaryId = PercentEncoding.encode(query.columns.first ?? "")
    var bounds: [String] = []
    if let last {
      bounds.append("\(primaryId)%20gt%20\(last)")
    } else if let low = range.low {
      bounds.append("\(primaryId)%20ge%20\(low)")
    }
    if let high = range.high { bounds.append("\(primaryId)%20lt%20\(high)") }
    let filter = bounds.isEmpty ? "" : "&$filter=" + bounds.joined(separator: "%20and%20")
    return scanURL(query) + filter + "&$orderby=\(primaryId)"
  }

  private func columns(of query: TableQuery) -> String {
    query.columns.map { PercentEncoding.encode($0) }.joined(separator: ",")
  }

  /// The delta link with other columns; nil where it names none.
  ///
  /// - Source: fact sheet 4.5; outside of the documented contract, so the service may refuse it.
  package func retarget(_ link: String, to query: TableQuery) -> String? {
    let parts = link.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, deltaToken(of: link) != nil else { return nil }
    var hasColumns = false
    let options = parts[1].split(separator: "&").map { option -> String in
      for name in ["$select=", "%24select="] where option.hasPrefix(name) {
        hasColumns = true
        return name + columns(of: query)
      }
      return String(option)
    }
    return hasColumns ? parts[0] + "?" + options.joined(separator: "&") : nil
  }

  /// The token as it stands in the link, its encoding untouched.
  func deltaToken(of link: String) -> Substring? {
    let query = link.split(separator: "?", maxSplits: 1).dropFirst().first ?? ""
    for option in query.split(separator: "&") {
      for name in ["$deltatoken=", "%24deltatoken="] where option.hasPrefix(name) {
        return option.dropFirst(name.count)
      }
    }
    return nil
  }
}
