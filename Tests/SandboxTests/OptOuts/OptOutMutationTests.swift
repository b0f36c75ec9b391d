import Core
import Sandbox
import Testing

@Suite("People who change their mind")
struct OptOutMutationTests {
  private func mutate(
    _ count: Int, _ sides: OptOutMutation.Sides, seed: UInt64 = 1, contacts: Int = 40
  ) async throws -> (report: OptOutReport, world: ConsentWorld) {
    let world = try await ConsentWorld(contacts: contacts)
    var mutation = OptOutMutation()
    (mutation.count, mutation.sides, mutation.seed) = (count, sides, seed)
    return (await world.world.mutate(mutation), world)
  }

  @Test("Each side changes as often as asked for, the same by the same seed")
  func counts() async throws {
    let (report, world) = try await mutate(10, .both)
    #expect(report.dynamics.count == 10 && report.campaign.count == 10)
    #expect(try await mutate(10, .both).report == report)
    #expect(try await mutate(10, .both, seed: 2).report != report)
    let changes = world.world.history.changes.filter { $0.author == .user }
    #expect(changes.suffix(20).filter { $0.side == .dynamics }.count == 10)
    #expect(try await mutate(4, .campaign).report.dynamics.isEmpty)
    #expect(try await mutate(4, .dynamics).report.campaign.isEmpty)
  }

  @Test("Half of Campaign's are of people who changed the same in Dynamics")
  func conflicts() async throws {
    let report = try await mutate(10, .both).report
    let both = Set(report.campaign.map(\.key)).intersection(report.dynamics.map(\.key))
    #expect(both.count >= 5)
  }

  @Test("People go out and come back in")
  func bothWays() async throws {
    let report = try await mutate(30, .dynamics).report
    let values = report.dynamics.map { $0.value != ($0.name == "followemail") }
    #expect(values.contains(true) && values.contains(false))
    let (_, world) = try await mutate(0, .campaign)
    for key in world.keys { await world.person(key, opts: true) }
    var mutation = OptOutMutation()
    (mutation.count, mutation.sides) = (30, .campaign)
    let steps = await world.world.mutate(mutation).campaign
    #expect(steps.contains { $0.value } && steps.contains { !$0.value })
  }

  @Test("Other changes of the same seed are what they were")
  func undisturbed() async throws {
    let (_, one) = try await mutate(5, .dynamics)
    let other = try await ConsentWorld(contacts: 40)
    let service = (one.world.dataverse, other.world.dataverse)
    let reports = (
      await service.0.mutate(table: "contact", creates: 0, updates: 7, deletes: 3, seed: 9),
      await service.1.mutate(table: "contact", creates: 0, updates: 7, deletes: 3, seed: 9)
    )
    #expect(reports.0 == reports.1)
  }

  @Test("Where nobody is, nobody changes anything")
  func nobody() async throws {
    #expect(try await mutate(5, .both, contacts: 0).report == OptOutReport())
  }
}
