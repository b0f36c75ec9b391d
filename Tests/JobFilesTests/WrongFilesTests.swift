import Core
import TestSupport
import Testing

@testable import JobFiles

/// Every wrong file says where it is wrong and what would be right: `NAME.yaml` and the lines of
/// `NAME.txt` beside it.
struct WrongFilesTests {
  static let jobs = Golden.names(in: "jobfiles/wrong", ending: ".yaml")
  static let environments = Golden.names(in: "jobfiles/wrong/environments", ending: ".yaml")
  static let together = [
    "all-at-once", "one-table", "opt-out-disabled", "opt-out-fed-twice", "opt-out-names",
    "opt-outs-two", "parents",
  ]

  @Test("A wrong job file says where and what", arguments: jobs)
  func wrongJob(name: String) throws {
    let found = problems(try fixture("wrong/\(name).yaml"), name: name)
    try expect(found, "wrong/\(name).txt")
  }

  @Test("A wrong environment file says where and what", arguments: environments)
  func wrongEnvironment(name: String) throws {
    let found = environmentProblems(try fixture("wrong/environments/\(name).yaml"))
    try expect(found, "wrong/environments/\(name).txt")
  }

  @Test("All problems of all files are told at once", arguments: together)
  func wrongTogether(name: String) throws {
    let files = try Golden.names(in: "jobfiles/together/\(name)", ending: ".yaml").map {
      (name: "jobs/\($0).yaml", text: try fixture("together/\(name)/\($0).yaml"))
    }
    try expect(problems(files.reversed()), "together/\(name).txt")
  }

  @Test func theTableIsLong() {
    #expect(Self.jobs.count + Self.environments.count >= 35)
  }

  @Test func noSecretIsRepeated() throws {
    let found = environmentProblems(try fixture("wrong/environments/secret-literal.yaml"))
    #expect(found.count >= 9)
    #expect(!found.contains { $0.line.contains("CANARY") })
    #expect(!SyncError.problems(found).reason.contains("CANARY"))
  }

  @Test func everyProblemIsToldOnOneLineWithTheWayOut() throws {
    let error = #expect(throws: SyncError.self) {
      try job("kind: ingress\nfrom: { tabel: contact }\n")
    }
    #expect(error?.kind == .configuration)
    #expect(error?.reason.hasPrefix("5 problems:\n    jobs/contacts.yaml:1:1: `to` ") == true)
    #expect(error?.next?.contains("docs/jobs.md") == true)
  }

  private func expect(_ found: [Problem], _ path: String) throws {
    #expect(!found.isEmpty)
    let lines = found.map { $0.line + "\n" }.joined()
    let difference = try Golden.difference(Array(lines.utf8), from: "jobfiles/" + path)
    if let difference { Issue.record(Comment(rawValue: difference)) }
  }
}
