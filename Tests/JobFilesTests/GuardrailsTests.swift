import Core
import Testing

@testable import JobFiles

struct GuardrailsTests {
  private func table(
    _ name: String, fields: Int = 1, parents: [String] = []
  ) -> (name: String, text: String) {
    var text = """
      kind: ingress
      from: { table: cs_\(name) }
      to: { resource: cus\(name), key: externalId }
      initial: { via: api }
      parents: [\(parents.enumerated().map { "{ field: p\($0), job: \($1) }" }.joined(separator: ", "))]
      fields:

      """
    for index in parents.indices { text += "  - { from: p\(index), to: p\(index) }\n" }
    for index in 0..<max(0, fields - parents.count) {
      text += "  - { from: f\(index), to: f\(index) }\n"
    }
    return (name: "jobs/\(name).yaml", text: text)
  }

  private func expect(_ files: [(name: String, text: String)], _ line: String?) throws {
    let warned = try JobFolder.read(files, guardrails: .warn)
    #expect(warned.warnings.map(\.line) == (line.map { [$0] } ?? []))
    #expect(warned.folder.jobs.count == files.count)
    guard let line else {
      return #expect(try JobFolder.read(files, guardrails: .error).warnings.isEmpty)
    }
    let error = #expect(throws: SyncError.self) {
      try JobFolder.read(files, guardrails: .error)
    }
    #expect(error?.reason.contains(line) == true)
  }

  @Test func twentyCustomTables() throws {
    let letters = "abcdefghijklmnopqrstu".map { table(String($0)) }
    try expect(Array(letters.prefix(20)) + [(name: "jobs/z.yaml", text: least)], nil)
    try expect(letters, "jobs/u.yaml:3:1: `to` is custom table 21; the guardrail is 20")
  }

  @Test func fiftyColumns() throws {
    try expect([table("a", fields: 50)], nil)
    try expect(
      [table("a", fields: 51)], "jobs/a.yaml:6:1: `fields` maps 51 columns; the guardrail is 50")
  }

  @Test func fiveLinks() throws {
    let contacts = (name: "jobs/contacts.yaml", text: least)
    try expect([contacts, table("a", parents: Array(repeating: "contacts", count: 5))], nil)
    try expect(
      [contacts, table("a", parents: Array(repeating: "contacts", count: 6))],
      "jobs/a.yaml:5:1: `parents` links 6 columns; the guardrail is 5")
  }

  @Test func threeLevelsOfCustomTables() throws {
    let chain = [
      (name: "jobs/contacts.yaml", text: least), table("a", parents: ["contacts"]),
      table("b", parents: ["a"]), table("c", parents: ["b", "contacts"]),
    ]
    try expect(chain, nil)
    try expect(
      chain + [table("d", parents: ["contacts", "c"])],
      "jobs/d.yaml:5:1: `parents` is at level 4 of custom tables; the guardrail is 3")
  }
}
