import Core

extension Comparison {
  /// Compares one job's table and resource as both sides hold them now.
  ///
  /// - Parameter parents: the settings of the parent jobs, by name.
  package static func run(
    _ settings: IngressSettings, parents: [String: IngressSettings],
    dataverse: DataverseService, campaign: CampaignService
  ) async throws(SyncError) -> ComparisonResult {
    guard let index = dataverse.world.schema.table(settings.table) else {
      throw .control("compare \(settings.name)", "Dynamics has no table \(settings.table) here")
    }
    let definition = dataverse.world.schema.tables[index]
    var comparison = Comparison(
      settings, primaryId: definition.primaryId, labels: labels(of: definition, settings.choices))
    comparison.columns = definition.columns
    for (name, parent) in parents {
      comparison.parents[name] = .init(resource: parent.resource, key: parent.key)
    }
    comparison.wasDeleted = { key in await dataverse.wasDeleted(key, of: index) }
    let names =
      [definition.primaryId] + settings.fields.map(\.from)
      + (settings.filter?.conditions.map(\.column) ?? [])
    let columns = Set(names.compactMap(definition.position(logical:))).sorted()
    let cursor = RowCursor(dataverse, table: index, columns: columns)
    // Slice follows slice, so the cursor knows where it stands.
    return try await comparison.run({ _, count in await cursor.next(count) }, against: campaign)
  }

  private static func labels(
    of table: TableDefinition, _ style: ChoiceStyle
  ) -> [String: [String: String]] {
    guard case .labels(let language) = style else { return [:] }
    var labels: [String: [String: String]] = [:]
    for column in table.columns where !column.options.isEmpty {
      if case .boolean = column.kind { continue }
      for option in column.options {
        let label = language == 1036 ? option.french ?? option.label : option.label
        labels[column.name, default: [:]][String(option.value)] = label
      }
    }
    return labels
  }
}
