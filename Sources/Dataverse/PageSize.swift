import Core
import Synchronization

/// How many rows a page may have: what the environment says, and fewer for the rest of a run in which
/// an answer was too large.
///
/// - Shape: shared by all clients of a run; keys alone are small, and come as many as were asked for.
package final class PageSize: Sendable {
  private let rows: Mutex<Int>

  package init(_ rows: Int = 5000) { self.rows = Mutex(rows) }

  func rows(of query: TableQuery) -> Int {
    query.columns.count == 1 ? query.pageSize : min(query.pageSize, rows.withLock { $0 })
  }

  /// Several readers that met the same size halve it once.
  ///
  /// - Returns: false where there is nothing to halve.
  func halve(_ size: Int) -> Bool {
    guard size > 1 else { return false }
    rows.withLock { $0 = min($0, size / 2) }
    return true
  }
}
