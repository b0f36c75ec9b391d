import Core

/// Decides whether people's consent is as it may be, by the words of the job files and by all that
/// happened on both sides.
///
/// - Shape: shares nothing with the tool but the parsed settings: two wrongs must not agree.
/// - Source: design sections 5 (rule 6) and 10; fact sheet of Campaign, 9.2 and 9.3.
package struct OptOutComparison: Sendable {
  package var settings: OptOutSettings
  /// The ingress jobs of the folder: what they map to opt-outs follows Dynamics.
  package var ingress: [IngressSettings]
  /// How many differences are kept.
  package var limit = 20

  package init(_ settings: OptOutSettings, ingress: [IngressSettings] = []) {
    self.settings = settings
    self.ingress = ingress
  }

  /// - Errors: `configuration` where the job names what there is not.
  package func run(_ world: SandboxWorld) async throws(SyncError) -> OptOutComparisonResult {
    let (dataverse, campaign) = (world.dataverse, world.campaign)
    let schema = dataverse.world.schema
    guard schema.consents.table >= 0 else {
      throw .comparing(settings.name, "Dynamics has no contacts here")
    }
    let contact = schema.tables[schema.consents.table]
    var jobs = [try OptOutPairs(settings, contact)]
    jobs += ingress.filter { $0.table == "contact" && $0.resource == "profile" }
      .map { OptOutPairs($0, contact) }.filter { !$0.pairs.isEmpty }
    var result = OptOutComparisonResult()
    result.limit = limit
    result.optOuts = jobs.reduce(0) { $0 + $1.pairs.count }
    result.contacts = await dataverse.count(of: "contact")

    let pairs = jobs.flatMap(\.pairs)
    let changes = world.history.changes
    let suspects = suspects(changes, pairs)
    var differing: [(key: RowKey, pair: OptOutPair)] = []
    for (number, job) in jobs.enumerated() {
      let found = try await disagreements(job, dataverse, campaign)
      differing += found.differing
      if number == 0 { result.profiles = found.profiles }
    }
    let files = try await exports(world.optOuts)
    let keys = Set(suspects.map { changes[$0].key }).union(differing.map(\.key))
    let people = await people(keys, changes, files, dataverse, campaign)

    for mark in suspects {
      guard let person = people[changes[mark].key] else { continue }
      judge(changes[mark], mark, person, pairs, &result)
    }
    for (key, pair) in differing {
      guard let person = people[key] else { continue }
      judge(key, pair, person, &result)
    }
    for key in await dataverse.stubs {
      result.stubs += 1
      result.note(
        OptOutDifference(key: key, why: "a contact that the tool created"))
    }
    return result
  }

  /// Changes from opted-out to opted-in that no person made.
  private func suspects(_ changes: [ConsentChange], _ pairs: [OptOutPair]) -> [Int] {
    changes.indices.filter { mark in
      let change = changes[mark]
      guard change.author != .user, let new = change.new else { return false }
      switch change.side {
      case .campaign: return change.old == true && !new
      case .dynamics:
        return pairs.contains {
          $0.position == Int(change.place) && $0.isOut(change.old) == true && $0.isOut(new) == false
        }
      }
    }
  }

  /// The files that the job takes, as it reads them.
  private func exports(
    _ log: OptOutExports
  ) async throws(SyncError) -> [(view: OptOutFileView, file: OptOutFile)] {
    guard let wanted = settings.files else { return [] }
    let zone = try ZoneRules.named(wanted.timeZone)
    var taken: [(view: OptOutFileView, file: OptOutFile)] = []
    for file in await log.files
    where !file.isBlank && EventLog.takes(file.name, Array(wanted.pattern.utf8)) {
      guard let view = OptOutFileView(file, zone: zone) else { continue }
      guard wanted.key == "externalId", wanted.modified == file.modified else {
        throw .comparing(
          settings.name, "\(file.name) has other headers than `from` names: key or modified")
      }
      taken.append((view, file))
    }
    return taken.sorted { $0.view.published < $1.view.published }
  }

  private func people(
    _ keys: Set<RowKey>, _ changes: [ConsentChange],
    _ files: [(view: OptOutFileView, file: OptOutFile)], _ dataverse: DataverseService,
    _ campaign: CampaignService
  ) async -> [RowKey: PersonHistory] {
    let order = Array(keys)
    var people: [RowKey: PersonHistory] = [:]
    let contacts = await dataverse.consentRows(order)
    let profiles = await campaign.optOuts(of: order)
    for (place, key) in order.enumerated() {
      people[key] = PersonHistory(contact: contacts[place], profile: profiles[place])
    }
    guard !people.isEmpty else { return people }
    for (mark, change) in changes.enumerated() {
      people[change.key]?.changes.append((mark, change))
    }
    for (view, file) in files {
      for row in file.rows {
        if let key = RowKey(row.row.key) { people[key]?.exports.append((view, row)) }
      }
    }
    return people
  }

  // MARK: who disagrees

  /// The contacts whose profile says otherwise, by one job's pairs.
  private func disagreements(
    _ job: OptOutPairs, _ dataverse: DataverseService, _ campaign: CampaignService
  ) async throws(SyncError) -> (differing: [(key: RowKey, pair: OptOutPair)], profiles: Int) {
    let table = dataverse.world.schema.consents.table
    let definition = dataverse.world.schema.tables[table]
    var names = [definition.primaryId] + job.pairs.map(\.column)
    names += job.ingress.map { $0.fields.map(\.from) } ?? []
    names += job.ingress?.filter?.conditions.map(\.column) ?? []
    let places = Set(names.compactMap(definition.position(logical:))).sorted()
    let cursor = RowCursor(dataverse, table: table, columns: places)
    let takes = try await reader(of: job.ingress, definition, campaign)
    var differing: [(key: RowKey, pair: OptOutPair)] = []
    var profiles = 0
    while true {
      let slice = await cursor.next(2000)
      if slice.isEmpty { break }
      let keys = slice.map { $0[definition.primaryId]?.text.flatMap { RowKey($0) } }
      let found = await campaign.optOuts(of: keys.compactMap(\.self))
      for (row, (key, profile)) in zip(slice, zip(keys.compactMap(\.self), found)) {
        guard let profile else { continue }
        profiles += 1
        for pair in job.pairs {
          guard let isOut = pair.isOut(row[pair.column]?.flag), isOut != profile.value(pair.place),
            isOut || pair.direction != .dynamicsToCampaign, takes(row)
          else { continue }
          differing.append((key, pair))
        }
      }
    }
    return (differing, profiles)
  }

  /// Whether an ingress job writes a row at all; a job of opt-outs does so always.
  private func reader(
    of ingress: IngressSettings?, _ contact: TableDefinition, _ campaign: CampaignService
  ) async throws(SyncError) -> (JSONValue) -> Bool {
    guard let ingress, let resource = await campaign.definition(of: "profile") else {
      return { _ in true }
    }
    let maker = ExpectedRowMaker(settings: ingress, resource: resource, labels: [:])
    let kinds = Dictionary(uniqueKeysWithValues: contact.columns.map { ($0.name, $0.kind) })
    let filter = ingress.filter.map { ComparisonFilter(filter: $0, kind: { kinds[$0] }) }
    return { row in
      guard filter?.passes(row) ?? true else { return false }
      guard let expected = maker.row(row, primaryId: contact.primaryId) else { return false }
      return !expected.isRejected && !expected.isDoubtful
    }
  }
}
