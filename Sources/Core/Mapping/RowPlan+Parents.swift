extension RowPlan {
  /// Whether rows name records of other jobs.
  package var hasParents: Bool { !parents.isEmpty }

  /// Columns whose emptiness says that the row has no record.
  var required: [Int] { parents.filter(\.isRequired).map(\.column) }

  /// The parents that a row names, in the order of the job file; an empty lookup names none.
  package func parents(_ page: Page, row: Int) -> [ParentKey] {
    parents.compactMap { parent in
      let cell = page[row, parent.column]
      guard cell.kind == .text, let key = RowKey(page.bytes(of: cell)) else { return nil }
      return ParentKey(job: parent.job, key: key)
    }
  }
}
