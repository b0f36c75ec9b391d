import Core
import Glibc
import TestSupport
import Testing

extension FaultTests {
  @Suite("Faults on the way into Campaign's storage", .timeLimit(.minutes(15)))
  struct Delivery {
    private static let unpacked = SandboxProcess.contacts(("compress: gzip", "compress: none"))

    @Test("A session that breaks off in the middle of a part costs a new upload, and no more")
    func sessionDropped() async throws {
      let sandbox = try await SandboxProcess.ofSmallPieces(contacts: 1500, page: 12, part: "2 KiB")
      let imports = sandbox.sftpHome + "/d365_loads/imports"
      var isStruck = false
      while !isStruck {
        try await sandbox.clearCheckpoint()
        try await sandbox.type("export contacts").expect(0)
        let tool = try sandbox.startSync(["stage", "contacts"])
        isStruck = try await stops(tool) {
          DiskTree.names(in: imports).contains { $0.hasSuffix(".part") }
        }
        if isStruck { try await sandbox.order("drop-sessions") }
        expectWholeFiles(in: imports, of: sandbox)
        tool.kill(SIGCONT)
        await tool.end().expect(0)
      }
      let names = DiskTree.names(in: imports)
      #expect(names == sandbox.exported().keys.sorted())
      expectWholeFiles(in: imports, of: sandbox)
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.expectEqual(after: "a dropped session")
    }

    /// What has a final name is what was exported.
    private func expectWholeFiles(in imports: String, of sandbox: SandboxProcess) {
      let exported = sandbox.exported()
      for (name, bytes) in DiskTree.contents(of: imports) where !name.hasSuffix(".part") {
        let isWhole = bytes == exported[name]
        #expect(isWhole, "\(name)")
      }
    }

    /// Holds a program in a moment in which something is so; false where it ended before.
    private func stops(_ program: Program, when isSo: () -> Bool) async throws -> Bool {
      while program.isRunning {
        program.kill(SIGSTOP)
        if isSo() { return true }
        program.kill(SIGCONT)
        try await Task.sleep(for: .milliseconds(1))
      }
      return false
    }

    @Test("With SFTP out of reach staging says so and goes on later; an export does not care")
    func storageDown() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      let right = sandbox.text(of: "jobs/environments/test.yaml")
      let port = sandbox.about["sftp"]?["port"]?.integer ?? 0
      try await withSilentPort { silent in
        try sandbox.write(
          right.replacing("port: \(port)", with: "port: \(silent)"),
          to: "jobs/environments/test.yaml")
        try await sandbox.type("export contacts").expect(0)
        try await sandbox.type("stage contacts --deadline 5s").expect(75, "127.0.0.1")
      }
      try sandbox.write(right, to: "jobs/environments/test.yaml")
      try await sandbox.type("stage contacts").expect(0)
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.expectEqual(after: "SFTP was down")
    }

    @Test("A disk that takes no more ends with 74 in words, wherever it happens")
    func diskFull() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages(jobs: Self.unpacked)
      try await sandbox.type("export contacts").expect(0)
      let calm = sandbox.exported()
      var refusals = 0
      for kilobytes in [4, 8, 16, 24, 40, 64, 100, 200, 1000] {
        try await sandbox.clearCheckpoint()
        let full = try await sandbox.typeLimited("export contacts", toFilesOf: kilobytes)
        if full.status != 0 {
          refusals += 1
          full.expect(74, "ulimit")
        }
        try await sandbox.type("export contacts").expect(0)
        #expect(sandbox.exported() == calm, "\(kilobytes) KiB")
      }
      #expect(refusals > 4)

      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.order("mutate --updates 100 --creates 50")
      for kilobytes in [4, 16, 64] {
        let full = try await sandbox.typeLimited("delta contacts", toFilesOf: kilobytes)
        #expect(full.status == 0 || full.status == 74, "\(full.errors)")
      }
      try await sandbox.type("delta contacts").expect(0)
      try await sandbox.expectEqual(after: "a full disk")
    }

    @Test("An import workflow in error is 65 with its id; mended, the load goes on")
    func workflowInError() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.order("knobs campaign.importEnd=error")
      try await sandbox.type("initial contacts").expect(65, "WKF101")
      try await sandbox.type("run contacts").expect(65, "WKF101")
      let barrier = try await sandbox.type("delta contacts")
      barrier.expect(75, "LOADING")
      try await sandbox.order("knobs campaign.importEnd=done")
      try await sandbox.order("workflow WKF101 started")
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.expectEqual(after: "a mended workflow")
    }

    @Test("An import that never ends: `run` says LOADING, `initial` gives up at its timeout")
    func importNeverEnds() async throws {
      let sandbox = try await SandboxProcess(
        contacts: 60, jobs: SandboxProcess.contacts(("timeout: 2h", "timeout: 2s")))
      try await sandbox.order("knobs campaign.importEnd=never")
      let run = try await sandbox.type("run contacts")
      run.expect(0)
      #expect(run.output.contains("LOADING"), "\(run.output)")
      try await sandbox.type("initial contacts").expect(75, "confirm contacts", "import.timeout")
      let status = try await sandbox.type("status contacts --offline")
      #expect(status.output.contains("contacts:"), "\(status.output)")
      #expect(try await sandbox.meter("campaign.signals") == 1)
      // Its proof comes late; nothing is signalled twice.
      try sandbox.write(
        "rows=60\n", to: ".sandbox/sftp/home/d365_loads/imports/contacts-000001.done")
      try await sandbox.type("run contacts").expect(0)
      #expect(try await sandbox.meter("campaign.signals") == 1)
      let idle = try await sandbox.type("status contacts --offline")
      #expect(idle.output.contains("contacts: IDLE"), "\(idle.output)")
    }

    @Test("Within the ten minutes between two signals, `initial` waits and `run` leaves")
    func signalWindow() async throws {
      let sandbox = try await SandboxProcess(contacts: 60)
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.clearCheckpoint()
      try await sandbox.order("knobs campaign.signalWindow=600")
      let early = try await sandbox.type("run contacts")
      early.expect(0)
      #expect(early.output.contains("LOADING"), "\(early.output)")
      #expect(try await sandbox.meter("campaign.signals") == 1)
      let waiting = try sandbox.startSync(["initial", "contacts"])
      try await sandbox.order("clock advance 10m")
      await waiting.end().expect(0)
      #expect(try await sandbox.meter("campaign.signals") == 2)
      try await sandbox.expectEqual(after: "a signal that had to wait")
    }

    @Test("A signal that was taken and whose answer was lost is not sent again")
    func signalAnswerLost() async throws {
      let sandbox = try await SandboxProcess(contacts: 60)
      try await sandbox.order("faults add campaign resetAfter --method POST --path /trigger")
      try await sandbox.typeUntilDone("initial contacts").expect(0)
      #expect(try await sandbox.meter("campaign.signals") == 1)
      try await sandbox.expectEqual(after: "a lost answer to the signal")
    }

    @Test("Rows that the import refused are read back into pending and sent by a later delta")
    func rejectsComeBack() async throws {
      let sandbox = try await SandboxProcess(
        contacts: 120,
        jobs: SandboxProcess.contacts(
          ("cusNote, maxLength: 4000, tooLong: cut", "cusJobTitle")))
      let user = try await DynamicsUser(sandbox)
      for key in try await user.keys(120) { try await user.change(key, ["description": "short"]) }
      let keys = try await user.keys(2)
      let long = String(repeating: "long ", count: 40)
      for key in keys { try await user.change(key, ["description": .string(long)]) }
      try await sandbox.type("initial contacts").expect(0)
      let waiting = try await sandbox.pending()
      #expect(waiting.count == 2, "\(waiting)")
      for key in keys { try await user.change(key, ["description": "short enough"]) }
      try await sandbox.type("delta contacts").expect(0)
      #expect(try await sandbox.pending() == [])
      try await sandbox.expectEqual(after: "rejects that were sent again")
    }
  }
}

extension SandboxProcess {
  /// Types a command of the tool in a shell that lets no file grow beyond a size.
  func typeLimited(_ line: String, toFilesOf kilobytes: Int) async throws -> ProgramResult {
    try await Program.run(
      "/bin/sh",
      ["-c", "ulimit -f \(kilobytes * 2); exec \"$0\" \"$@\"", Program.folder + "/campaign-sync"]
        + line.split(separator: " ").map(String.init),
      in: folder, environment: ["HOME": folder, "CAMPAIGN_SYNC_ENV": "test"])
  }
}
