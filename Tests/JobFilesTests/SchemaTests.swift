import Core
import Foundation
import TestSupport
import Testing

@testable import JobFiles

/// `docs/schema` says what the reader reads, and the files that we show are right by both.
struct SchemaTests {
  static let rightJobs = Golden.names(in: "jobfiles/right", ending: ".yaml")
  static let rightEnvironments = Golden.names(in: "jobfiles/right/environments", ending: ".yaml")

  @Test func everyKeyOfAnEnvironmentIsInTheSchemaAndNoOther() throws {
    let problems = Problems()
    for name in Self.rightEnvironments {
      _ = EnvironmentFile.read(
        try fixture("right/environments/\(name).yaml"), file: "a.yaml", name: "a", paths: paths,
        problems)
    }
    #expect(problems.all.isEmpty)
    #expect(try JSONSchema("environment").keys.symmetricDifference(problems.asked) == [])
  }

  @Test func everyKeyOfAJobIsInTheSchemaAndNoOther() throws {
    let problems = Problems()
    for name in Self.rightJobs {
      let file = (name: "jobs/\(name).yaml", text: try fixture("right/\(name).yaml"))
      _ = JobFolder.read([file], problems)
    }
    let alone = problems.all.filter { !$0.says.contains("no ingress job of that name") }
    #expect(alone.isEmpty)
    #expect(try JSONSchema("job").keys.symmetricDifference(problems.asked) == [])
  }

  @Test("A right job is right by the schema, too", arguments: rightJobs)
  func rightJob(name: String) throws {
    #expect(try JSONSchema("job").complaints(about: fixture("right/\(name).yaml")).isEmpty)
  }

  @Test("A right environment is right by the schema, too", arguments: rightEnvironments)
  func rightEnvironment(name: String) throws {
    let text = try fixture("right/environments/\(name).yaml")
    #expect(try JSONSchema("environment").complaints(about: text).isEmpty)
  }

  @Test(
    "An editor marks the usual mistakes",
    arguments: [
      "keys-unknown", "types-wrong", "items-wrong", "names-wrong", "scalars-wrong", "kind-unknown",
      "kind-missing", "filter-wrong", "filter-empty", "egress-wrong", "opt-out-wrong",
      "choices-unknown", "via-unknown", "import-wrong",
    ])
  func wrongJob(name: String) throws {
    let text = try fixture("wrong/\(name).yaml")
    #expect(try !JSONSchema("job").complaints(about: text).isEmpty)
  }

  @Test(
    "An editor marks the usual mistakes of an environment",
    arguments: [
      "keys-unknown", "types-wrong", "groups-missing", "url-path", "url-user", "url-wrong",
      "numbers-wrong", "sftp-numbers", "secret-literal",
    ])
  func wrongEnvironment(name: String) throws {
    let text = try fixture("wrong/environments/\(name).yaml")
    #expect(try !JSONSchema("environment").complaints(about: text).isEmpty)
  }

  @Test(
    "Every key has its words; defaults and examples are right", arguments: ["environment", "job"])
  func words(name: String) throws {
    let schema = try JSONSchema(name)
    for (path, part) in schema.parts() {
      if path.hasSuffix("/properties") || path.hasSuffix("/$defs") { continue }
      let isKey = path.split(separator: "/").dropLast().last == "properties"
      #expect(!isKey || part["description"] != nil || part["$ref"] != nil, "\(path)")
      for value in [part["default"]].compactMap(\.self) + (part["examples"] as? [Any] ?? []) {
        #expect(schema.complaints(value, part, path).isEmpty, "\(path)")
      }
    }
  }

  @Test func theFilesOfTheJobsFolderAreRight() throws {
    let jobs = files(below: "jobs", ending: ".yaml")
    #expect(problems(jobs).map(\.line) == [])
    for file in jobs { #expect(try JSONSchema("job").complaints(about: file.text) == []) }
    for file in files(below: "jobs/environments", ending: ".yaml") {
      #expect(environmentProblems(file.text).map(\.line) == [])
      #expect(try JSONSchema("environment").complaints(about: file.text) == [], "\(file.name)")
    }
  }

  /// A block that begins with `# jobs/...` is a whole file; those of a page belong together.
  @Test func theFilesInTheDocumentsAreRight() throws {
    var count = 0
    for page in files(below: "docs", ending: ".md") {
      let blocks = page.text.components(separatedBy: "```yaml\n").dropFirst().compactMap {
        $0.components(separatedBy: "\n```").first
      }
      for block in blocks where block.hasPrefix("# jobs/") {
        count += 1
        let name = String(block.prefix { $0 != "\n" }.dropFirst(2))
        if name.contains("/environments/") {
          #expect(environmentProblems(block).map(\.line) == [], "\(page.name)")
          #expect(try JSONSchema("environment").complaints(about: block) == [], "\(page.name)")
        } else {
          let alone = problems([(name: name, text: block)]).filter {
            !$0.says.contains("no ingress job of that name")
          }
          #expect(alone.map(\.line) == [], "\(page.name)")
          #expect(try JSONSchema("job").complaints(about: block) == [], "\(page.name)")
        }
      }
    }
    #expect(count >= 4)
  }

  /// Files directly in a folder of the checkout.
  private func files(below folder: String, ending: String) -> [(name: String, text: String)] {
    let path = Golden.fixtures.deletingLastPathComponent().appendingPathComponent(folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path.path)) ?? []
    return names.sorted().filter { $0.hasSuffix(ending) }.compactMap { name in
      (try? String(contentsOf: path.appendingPathComponent(name), encoding: .utf8)).map {
        (name: "\(folder)/\(name)", text: $0)
      }
    }
  }
}
