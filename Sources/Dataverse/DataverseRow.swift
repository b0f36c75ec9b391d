import Core
import HTTP
import JSONPages

extension DataverseClient {
  /// One row as a page of one, by a filter on its primary id: a row that is gone is an empty page.
  package func row(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Page? {
    guard let primaryId = query.columns.first else { return nil }
    let action = "read one row of \(query.entitySet)"
    let columns = query.columns.map { PercentEncoding.encode($0) }.joined(separator: ",")
    let url = "\(root)\(query.entitySet)?$select=\(columns)&$filter=\(primaryId)%20eq%20\(key)"
    let response = try await get(url, for: action)
    if let fault = DataverseFault(response, columns: query.columns) { throw fault.error(action) }
    let page: Page
    do {
      page = try PageDecoder(columns: query.columns).decode(response.body)
    } catch {
      throw .body(error, BodyShape(response), action)
    }
    return page.rows == 1 ? page : nil
  }

  /// By the row's own address: a filter would leave out what this user may not see, and say no word.
  package func isGone(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Bool {
    guard let primaryId = query.columns.first else { return false }
    let url = "\(root)\(query.entitySet)(\(key))?$select=\(primaryId)"
    let action = "look for one row of \(query.entitySet)"
    let response = try await get(url, for: action)
    guard let fault = DataverseFault(response) else { return false }
    if fault.status == 404, fault.code == .noSuchRow { return true }
    throw fault.error(action)
  }
}
