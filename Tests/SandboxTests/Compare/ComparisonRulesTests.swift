import Core
import Sandbox
import Testing

/// Filters, deletes and parents: which rows Campaign should have at all.
@Suite("Comparison by the rules of a job")
struct ComparisonRulesTests {
  static let path = "/profileAndServicesExt/cusVehicle"
  static let parent = "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d"

  private func key(_ number: Int) -> String { "00000000-0000-0000-0000-00000000000\(number)" }

  private func row(_ number: Int, _ state: Int = 0, parent: JSONValue = .null) -> JSONValue {
    [
      "cs_vehicleid": .string(key(number)), "cs_name": "car",
      "statecode": .number(String(state)), "_cs_contactid_value": parent,
    ]
  }

  private func put(_ number: Int, _ name: JSONValue, _ visitor: CampaignVisitor) async {
    let body: JSONValue = ["externalId": .string(key(number)), "name": name]
    #expect(await visitor.call("POST", Self.path, body).status == 201)
  }

  var settings: IngressSettings {
    var settings = IngressSettings(
      name: "vehicles", table: "cs_vehicle", resource: "cusVehicle", key: "externalId",
      fields: [
        FieldMapping(from: "cs_name", to: "name"),
        FieldMapping(from: "cs_contactid", to: "profileExternalId"),
      ])
    settings.parents = [.init(field: "profileExternalId", job: "contacts")]
    return settings
  }

  private func compare(
    _ rows: [JSONValue], _ visitor: CampaignVisitor, _ settings: IngressSettings,
    deleted: Set<String> = []
  ) async throws -> ComparisonResult {
    var comparison = Comparison(settings)
    comparison.parents = ["contacts": .init(resource: "profile", key: "externalId")]
    comparison.wasDeleted = { deleted.contains($0.description) }
    return try await comparison.run(
      { offset, count in Array(rows.dropFirst(offset).prefix(count)) }, against: visitor.service)
  }

  private func filtered(_ whenFilteredOut: IngressSettings.Filter.WhenFilteredOut)
    -> IngressSettings
  {
    var settings = self.settings
    settings.filter = .init(
      match: .all,
      conditions: [
        .init(
          column: "statecode", comparison: .equals, value: "0",
          position: SourcePosition(file: "", line: 0))
      ], whenFilteredOut: whenFilteredOut)
    return settings
  }

  @Test("A filtered-out row is absent; one that stays is told, and a fault where it must go")
  func filteredOut() async throws {
    let visitor = await CampaignVisitor()
    await put(1, "car", visitor)
    let rows = [row(1), row(2, 1)]
    #expect(
      try await compare(rows, visitor, filtered(.delete)).sentence
        == "equal: 2 cs_vehicles = 1 cusVehicles, 2 fields each (1 filtered out)")
    await put(2, "older", visitor)
    let kept = try await compare(rows, visitor, filtered(.keep))
    #expect(kept.isEqual && kept.kept == 1 && kept.filteredOut == 1)
    let wrong = try await compare(rows, visitor, filtered(.delete))
    #expect(!wrong.isEqual && wrong.extra == 1 && wrong.keys == [key(2)])
  }

  @Test("A record of a deleted row stays where the job does not delete, and is extra where it does")
  func deletes() async throws {
    let visitor = await CampaignVisitor()
    await put(1, "car", visitor)
    var settings = self.settings
    let stays = try await compare([], visitor, settings, deleted: [key(1)])
    #expect(stays.isEqual && stays.deletedAndKept == 1)
    settings.deletes.apply = true
    #expect(try await compare([], visitor, settings, deleted: [key(1)]).extra == 1)
    settings.deletes.apply = false
    #expect(try await compare([], visitor, settings).extra == 1)
  }

  @Test("A child waits while its parent is not in Campaign, and is missing once it is")
  func parents() async throws {
    let visitor = await CampaignVisitor()
    await put(2, "as it was", visitor)
    let rows = [row(1, parent: .string(Self.parent)), row(2, parent: .string(Self.parent)), row(3)]
    let waiting = try await compare(rows, visitor, settings)
    #expect(waiting.waiting == 2 && waiting.missing == 1 && waiting.keys == [key(3)])
    await visitor.create(Self.parent)
    let result = try await compare(rows, visitor, settings)
    #expect(result.missing == 2 && result.differing == 1 && result.waiting == 0)
  }

  @Test("A parent job that nobody knows is an error")
  func unknownParent() async throws {
    let visitor = await CampaignVisitor()
    var settings = self.settings
    settings.parents = [.init(field: "profileExternalId", job: "nobody")]
    await #expect(throws: SyncError.self) { try await compare([], visitor, settings) }
  }
}
