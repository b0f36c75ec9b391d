import Core

/// Compares a Dynamics table with the Campaign stand-in's records, by the words of one job file.
package struct Comparison: Sendable {
  /// Rows of the table as OData objects, a slice at a time; fewer than asked for at the end.
  package typealias Rows = @Sendable (_ offset: Int, _ count: Int) async -> [JSONValue]

  /// Where the records are that a job's rows point at.
  package struct Target: Sendable {
    var resource: String
    var key: String
    package init(resource: String, key: String) {
      self.resource = resource
      self.key = key
    }
  }

  package var settings: IngressSettings
  /// `contactid`.
  package var primaryId: String
  /// Column -> value -> label, where the job writes labels.
  package var labels: [String: [String: String]]
  /// How many keys of faults are kept.
  package var keyLimit: Int
  package var sliceSize = 2000
  /// By the job that `parents:` names.
  package var parents: [String: Target] = [:]
  /// Columns of the table, for the filter.
  package var columns: [ColumnDefinition] = []
  /// True for the key of a row that was there and was deleted in Dynamics.
  package var wasDeleted: @Sendable (RowKey) async -> Bool = { _ in false }

  /// - Parameter primaryId: nil: the table's name and `id`.
  package init(
    _ settings: IngressSettings, primaryId: String? = nil,
    labels: [String: [String: String]] = [:], keyLimit: Int = 20
  ) {
    self.settings = settings
    self.primaryId = primaryId ?? settings.table + "id"
    self.labels = labels
    self.keyLimit = keyLimit
  }

  /// - Errors: `configuration` where the job names what Campaign does not have.
  package func run(_ rows: Rows, against campaign: CampaignService) async throws(SyncError)
    -> ComparisonResult
  {
    guard let resource = await campaign.definition(of: settings.resource) else {
      throw refused("Campaign has no resource \(settings.resource)")
    }
    for field in settings.fields where resource.position(field.to) == nil {
      throw refused("\(settings.resource) has no field \(field.to)")
    }
    for parent in settings.parents where parents[parent.job] == nil {
      throw refused("its parent job \(parent.job) is unknown")
    }
    let maker = ExpectedRowMaker(settings: settings, resource: resource, labels: labels)
    var result = ComparisonResult(
      table: settings.table, resource: settings.resource, fieldCount: settings.fields.count)
    var seen: Set<Int> = []
    while true {
      let slice = await rows(result.rows, sliceSize)
      if slice.isEmpty { break }
      let expected = await expectations(slice, maker, campaign)
      let found = await campaign.values(
        of: settings.resource, key: settings.key, in: expected.map(\.key),
        fields: settings.fields.map(\.to))
      for (row, record) in zip(expected, found) {
        if let record { seen.insert(record.id) }
        judge(row, record?.values, &result)
      }
      result.rows += slice.count
    }
    await countExtra(beyond: seen, in: campaign, &result)
    return result
  }

  /// What the job promises for each row: its fields, that it is filtered out, that it must wait.
  private func expectations(
    _ slice: [JSONValue], _ maker: ExpectedRowMaker, _ campaign: CampaignService
  ) async -> [ExpectedRow] {
    let kinds = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.kind) })
    let filter = settings.filter.map { ComparisonFilter(filter: $0, kind: { kinds[$0] }) }
    var expected = slice.compactMap { source in
      var row = maker.row(source, primaryId: primaryId)
      row?.isFilteredOut = filter.map { !$0.passes(source) } ?? false
      return row
    }
    for parent in settings.parents {
      guard let target = parents[parent.job],
        let field = settings.fields.firstIndex(where: { $0.to == parent.field })
      else { continue }
      let keys = expected.map { $0.fields[field].text ?? "" }
      let isThere = await campaign.shows(target.resource, target.key, keys)
      for (index, key) in keys.enumerated() where !key.isEmpty && !isThere[index] {
        expected[index].lacksParent = true
      }
      for (index, key) in keys.enumerated() where key.isEmpty && parent.isRequired {
        expected[index].isParentless = true
      }
    }
    return expected
  }

  private func refused(_ reason: String) -> SyncError {
    SyncError(
      .configuration, "compare \(settings.name)", reason, next: "compare another job, or mend it")
  }

  private func judge(_ row: ExpectedRow, _ values: [String]?, _ result: inout ComparisonResult) {
    if row.isFilteredOut {
      return judgeLeftOut(row, values != nil, settings.filter?.whenFilteredOut == .delete, &result)
    }
    if row.isParentless {
      return judgeLeftOut(row, values != nil, settings.deletes.apply, &result)
    }
    if row.isRejected {
      result.rejected += 1
      return
    }
    guard let values else {
      if row.lacksParent {
        result.waiting += 1
      } else if row.isDoubtful {
        result.rejected += 1
      } else {
        result.missing += 1
        note(row.key, &result)
      }
      return
    }
    var differing: [String] = []
    for (index, (field, value)) in zip(row.fields, values).enumerated() {
      switch field {
      case .exactly(let text) where text.utf8.elementsEqual(value.utf8): continue
      case .oneOf(let texts) where texts.contains { $0.utf8.elementsEqual(value.utf8) }: continue
      case .orOlder(let text):
        if !text.utf8.elementsEqual(value.utf8) { result.leftAlone += 1 }
      default: differing.append(settings.fields[index].to)
      }
    }
    if differing.isEmpty {
      result.equal += 1
    } else if row.lacksParent {
      // It was written when its parent was there, and is not kept up until that returns.
      result.waiting += 1
    } else if row.isDoubtful {
      result.rejected += 1
    } else {
      result.differing += 1
      for field in differing { result.fields[field, default: 0] += 1 }
      note(row.key, &result)
    }
  }

  private func judgeLeftOut(
    _ row: ExpectedRow, _ isThere: Bool, _ isDeleted: Bool, _ result: inout ComparisonResult
  ) {
    result.filteredOut += 1
    guard isThere else { return }
    if isDeleted {
      result.extra += 1
      note(row.key, &result)
    } else {
      result.kept += 1
    }
  }

  private func note(_ key: String, _ result: inout ComparisonResult) {
    if result.keys.count < keyLimit { result.keys.append(key) }
  }

  /// Records with a key that no row has, and second records of a key.
  private func countExtra(
    beyond seen: Set<Int>, in campaign: CampaignService, _ result: inout ComparisonResult
  ) async {
    var after = 0
    while true {
      let slice = await campaign.keys(
        of: settings.resource, key: settings.key, after: after, count: 10_000)
      guard let last = slice.last else { break }
      for (id, key) in slice where !key.isEmpty {
        result.records += 1
        guard !seen.contains(id) else { continue }
        if !settings.deletes.apply, let row = RowKey(key), await wasDeleted(row) {
          result.deletedAndKept += 1
          continue
        }
        result.extra += 1
        note(key, &result)
      }
      after = last.id
    }
  }
}

// MARK: What the comparison asks of the stand-in

extension CampaignService {
  func definition(of resource: String) -> ResourceDefinition? {
    space(resource).map { tables[$0].definition }
  }

  /// The first record of each key and the texts of its fields; nil where there is none.
  func values(of resource: String, key: String, in keys: [String], fields: [String])
    -> [(id: Int, values: [String])?]
  {
    guard let space = space(resource), let position = tables[space].definition.position(key) else {
      return keys.map { _ in nil }
    }
    let definition = tables[space].definition
    let positions = fields.compactMap(definition.position)
    return keys.map { key in
      guard let id = tables[space].ids(where: position, equals: key.utf8).first,
        let row = tables[space][id]
      else { return nil }
      let set = row.packed.values
      return (id, positions.map { set[$0] ?? definition.fields[$0].absent })
    }
  }

  /// Which of these keys have a record that the API shows.
  func shows(_ resource: String, _ key: String, _ keys: [String]) -> [Bool] {
    guard let space = space(resource), let position = tables[space].definition.position(key) else {
      return keys.map { _ in false }
    }
    return keys.map { key in
      tables[space].ids(where: position, equals: key.utf8).contains { isVisible($0, in: space) }
    }
  }

  /// Records by number, with the text of one field.
  func keys(of resource: String, key: String, after: Int, count: Int) -> [(id: Int, key: String)] {
    guard let space = space(resource), let position = tables[space].definition.position(key) else {
      return []
    }
    var found: [(id: Int, key: String)] = []
    var id = after
    while id < tables[space].last, found.count < count {
      id += 1
      if let row = tables[space][id] { found.append((id, row.packed.text(position) ?? "")) }
    }
    return found
  }
}
