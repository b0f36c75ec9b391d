import Core

/// Reads a table from its beginning, a slice at a time, with the columns that are wanted.
actor RowCursor {
  private let service: DataverseService
  private let table: Int
  private let columns: [Int]
  private var last: RowKey?

  init(_ service: DataverseService, table: Int, columns: [Int]) {
    (self.service, self.table, self.columns) = (service, table, columns)
  }

  func next(_ count: Int) async -> [JSONValue] {
    let slice = await service.slice(of: table, columns, after: last, count: count)
    last = slice.last?.key ?? last
    return slice.map(\.row)
  }
}

extension DataverseService {
  func wasDeleted(_ key: RowKey, of table: Int) -> Bool { stores[table].wasDeleted(key) }

  fileprivate func slice(
    of table: Int, _ columns: [Int], after last: RowKey?, count: Int
  ) -> [(key: RowKey, row: JSONValue)] {
    stores[table].settle()
    let names = columns.map { stores[table].definition.columns[$0].wireName }
    var slice: [(key: RowKey, row: JSONValue)] = []
    slice.reserveCapacity(count)
    stores[table].forEach(from: last.map(GuidRank.init)) { (row: RowView) -> Bool in
      guard row.key != last else { return true }
      let members = zip(names, columns).map { JSONValue.Member($0, row.value($1).json) }
      slice.append((row.key, .object(members)))
      return slice.count < count
    }
    return slice
  }
}
