import Core
import TestSupport
import Testing

@Suite("Opt-outs of the built sandbox")
struct SandboxOptOutsTests {
  static let job = """
    kind: opt-out
    direction: bidirectional
    from: { files: exports/optout_*.csv, key: externalId, modified: "{campaign}_modified" }
    fields:
      - { dynamics: donotbulkemail, campaign: denyListEmail }
    """

  private func sandbox() async throws -> SandboxProcess {
    var jobs = SandboxProcess.committedJobs.filter { $0.key == "contacts" }
    jobs["opt-out"] = Self.job
    return try await SandboxProcess(contacts: 40, jobs: jobs)
  }

  @Test("Opt-outs change, come to the storage, and compare asks for them")
  func exportsAndCompares() async throws {
    let sandbox = try await sandbox()
    let calm = try await sandbox.sandbox("compare", "opt-out")
    #expect(calm.output == "equal: 40 contacts = 0 profiles, 1 opt-outs each\n")
    let loaded = try await sandbox.sync("initial", "contacts")
    #expect(loaded.status == 0, "\(loaded.errors)")
    let key = try await DynamicsUser(sandbox).keys(1)[0]
    let set = try await sandbox.sandbox("mutate", "--profile", key, "--set", "ccpaOptOut=true")
    #expect(set.output == "profile: 1 opt-outs changed\n", "\(set.errors)")
    let mutated = try await sandbox.sandbox("mutate", "--opt-outs", "5")
    #expect(
      mutated.output.hasSuffix(
        "deleted, 5 opt-outs changed in Dynamics, 5 opt-outs changed in Campaign\n"))
    let late = try await sandbox.sandbox("export-opt-outs", "--late", "--unknown-times", "1")
    #expect(late.output.hasSuffix(" rows (1 without times, held back)\n"), "\(late.output)")
    let exported = try await sandbox.sandbox("export-opt-outs", "--gzip", "--all")
    #expect(exported.output.hasSuffix(".csv.gz: 40 rows\n"))
    let published = try await sandbox.sandbox("export-opt-outs", "--publish", "--json")
    let name = try #require(published.json["files"]?.items?.first?["name"]?.text)
    #expect(sandbox.text(of: ".sandbox/sftp/home/d365_loads/" + name).contains(key))
    let different = try await sandbox.sandbox("compare", "--all")
    #expect(different.status == 1)
    #expect(different.output.contains("\nopt-out   different: "))
    #expect(different.output.hasSuffix(": both sides have to say the same\n"))
  }

  static let refused: [([String], Int32, String)] = [
    (["export-opt-outs", "--late", "--half"], 64, "choose one"),
    (["export-opt-outs", "--publish"], 78, "--late makes one"),
    (["export-opt-outs", "--modified", "x"], 64, "{campaign}"),
    (["export-opt-outs", "--age", "soon"], 64, "13d"),
    (["mutate", "--opt-outs", "3", "--table", "account"], 64, "contact"),
    (["mutate", "--profile", "x"], 64, "say what to change"),
    (["mutate", "--profile", "x", "--set", "denyList=maybe"], 64, "true or false"),
  ]

  @Test("What cannot be done is said")
  func explains() async throws {
    let sandbox = try await sandbox()
    for (arguments, status, words) in Self.refused {
      let result = try await Program.run("campaign-sync-sandbox", arguments, in: sandbox.folder)
      #expect(result.status == status, "\(arguments): \(result.errors)")
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
    }
  }
}
