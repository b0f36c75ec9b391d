import Core
import Testing

@testable import JobFiles

struct JobFolderTests {
  private let names = ["opt-out", "vehicles", "egress-send", "contacts", "egress-click"]

  private func files() throws -> [(name: String, text: String)] {
    try names.map { (name: "jobs/\($0).yaml", text: try fixture("right/\($0).yaml")) }
  }

  @Test func jobsComeInTheOrderOfTheirNames() throws {
    let (folder, warnings) = try JobFolder.read(try files(), guardrails: .error)
    #expect(folder.jobs.map(\.name) == names.sorted())
    #expect(warnings.isEmpty)
  }

  @Test func anEmptyFolderHasNoJobs() throws {
    #expect(try JobFolder.read([], guardrails: .error).folder.jobs.isEmpty)
  }

  @Test func theProfilesJobKnowsWhatTheOptOutJobDecides() throws {
    let folder = try JobFolder.read(try files(), guardrails: .error).folder
    let contacts = try #require(folder.ingress("contacts"))
    #expect(contacts.optOuts.map(\.campaign) == ["blackListMobile", "denyListPushnotification"])
    #expect(contacts.optOuts.map(\.invert) == [false, true])
    #expect(contacts.optOuts.map(\.position.file) == ["jobs/opt-out.yaml", "jobs/opt-out.yaml"])
    #expect(contacts.header.suffix(2) == ["blackListMobile", "denyListPushnotification"])
    #expect(folder.ingress("vehicles")?.optOuts == [])
    #expect(folder.parents(of: try #require(folder.ingress("vehicles"))) == [contacts])
  }

  @Test func aJobKnowsTheTablesOfItsParents() throws {
    let folder = try JobFolder.read(try files(), guardrails: .error).folder
    #expect(folder.ingress("vehicles")?.parents.map(\.table) == ["contact"])
  }

  @Test func whatCanBeReadIsReadWhateverElseLiesThere() throws {
    let torn = [(name: "jobs/new.yaml", text: ""), (name: "jobs/torn.yaml", text: "kind: [")]
    let folder = JobFolder.readable(try files() + torn)
    #expect(folder.jobs.map(\.name) == names.sorted())
  }

  @Test func changesByFileMayCarryWhatTheOptOutJobDecides() throws {
    let optOut = try fixture("right/opt-out.yaml")
    let contacts = """
      kind: ingress
      from: { table: contact }
      to: { resource: profile, key: externalId }
      fields: [ { from: firstname, to: firstName } ]
      delta: { via: file }
      import: { workflow: W, signal: s, parameters: { files: "{files}" }, done: "{run}.done" }
      """
    let found = problems([
      (name: "jobs/opt-out.yaml", text: optOut), (name: "jobs/contacts.yaml", text: contacts),
    ])
    #expect(found.isEmpty)
  }

  @Test func parentsComeBeforeTheirChildren() throws {
    var folder = JobFolder()
    func job(_ name: String, _ parents: String...) -> JobFile {
      var settings = IngressSettings(
        name: name, table: name, resource: "cus", key: "externalId", fields: [])
      settings.parents = parents.map { IngressSettings.Parent(field: $0, job: $0) }
      return .ingress(settings)
    }
    folder.jobs = [job("a", "b"), job("b", "c", "d"), job("c"), job("d", "c"), job("e")]
    #expect(folder.inLinkOrder(["a", "b", "c", "d", "e"]) == [["c", "e"], ["d"], ["b"], ["a"]])
    #expect(folder.inLinkOrder(["a", "c"]) == [["c"], ["a"]], "the one between is not asked for")
    #expect(folder.inLinkOrder(["e", "unknown"]) == [["e", "unknown"]])
    #expect(folder.isLinked("b", among: ["b", "c"]) && folder.isLinked("c", among: ["b", "c"]))
    #expect(!folder.isLinked("a", among: ["a", "c"]) && !folder.isLinked("e", among: ["e", "c"]))
  }

  @Test func aJobFileMayLieInAnyFolder() {
    let found = problems([
      (name: "/etc/sync/jobs/a.yaml", text: least), (name: "/etc/sync/jobs/b.yaml", text: least),
    ])
    #expect(Set(found.map(\.position.file)) == ["/etc/sync/jobs/b.yaml"])
  }
}
