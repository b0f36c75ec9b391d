import Core
import Glibc
import TestSupport
import Testing

/// Every fault of the far sides ends equal, or with a status and a sentence that says what to do.
enum FaultTests {}

extension FaultTests {
  @Suite("Faults of Dynamics", .timeLimit(.minutes(15)))
  struct Dynamics {
    @Test("Whatever strikes an export, its files are those of a calm one")
    func exportEndsAsACalmOne() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try sandbox.useOneLane()
      try await sandbox.type("export contacts").expect(0)
      let calm = sandbox.exported()
      #expect(calm.count == 2, "\(calm.keys)")
      for fault in [
        "throttled --times 2 --retry-after 1", "unavailable --times 1", "status --status 503",
        "badGateway --times 2", "gatewayTimeout", "cut --bytes 1500 --times 2", "cut --bytes 1",
        "resetBefore --times 2", "resetAfter --times 2", "revoked", "deadlock",
      ] {
        try await sandbox.clearCheckpoint()
        try await sandbox.order("faults add dataverse \(fault) --path /contacts --after 2")
        try await sandbox.typeUntilDone("export contacts").expect(0)
        #expect(sandbox.exported() == calm, "\(fault)")
        let struck = try await sandbox.order("faults list")["dataverse"]?["rules"]?.items
        #expect(struck?.count == 1)
        try await sandbox.order("faults clear")
      }
      #expect(try await sandbox.meter("dataverse.retryAfterViolations") == 0)
    }

    @Test("A wait that one process was asked for holds the next process back too")
    func processesShareAWait() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try sandbox.useOneLane()
      try await sandbox.order("faults add dataverse throttled --path /contacts --retry-after 3")
      let first = try sandbox.startSync(["export", "contacts"])
      try await sandbox.waitIsShared(by: "dataverse")
      let second = try await sandbox.type("check contacts")
      let end = await first.end()
      second.expect(0)
      end.expect(0)
      #expect(try await sandbox.meter("dataverse.retryAfterViolations") == 0)
    }

    @Test("A wait outlives the process that was asked for it")
    func waitOutlivesItsProcess() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try sandbox.useOneLane()
      try await sandbox.order("faults add dataverse throttled --path /contacts --retry-after 3")
      let first = try sandbox.startSync(["export", "contacts"])
      try await sandbox.waitIsShared(by: "dataverse")
      first.kill()
      _ = await first.end()
      try await sandbox.type("export contacts").expect(0)
      #expect(try await sandbox.meter("dataverse.retryAfterViolations") == 0)
    }

    @Test("A deadline ends a wait that would outlast it, at a safe point")
    func deadlineEndsAWait() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.order(
        "faults add dataverse throttled --path /contacts --after 2 --retry-after 300")
      try await sandbox.type("export contacts --deadline 1s").expect(75, "contacts")
      try await sandbox.order("clock advance 5m")
    }

    @Test("What an administrator of Dynamics has to cure is said with its cure")
    func curesAreNamed() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.type("initial contacts").expect(0)
      let client = "11111111-2222-3333-4444-555555555555"
      let troubles: [(turn: String, back: String, status: Int32, says: String)] = [
        ("missingPrivileges=prvReadContact", "missingPrivileges=", 77, "Read on the table"),
        ("strangers=\(client)", "strangers=", 77, "Application users"),
        ("secretExpired=true", "secretExpired=false", 77, "make a new secret"),
        ("untracked=contact", "untracked=", 78, "rack changes"),
      ]
      for trouble in troubles {
        try await sandbox.order("knobs dataverse.\(trouble.turn)")
        for command in ["delta contacts", "run contacts"] {
          try await sandbox.type(command).expect(trouble.status, trouble.says)
        }
        let check = try await sandbox.type("check contacts")
        #expect(check.status == trouble.status, "\(check.output)")
        #expect(check.output.contains(trouble.says), "\(check.output)")
        try await sandbox.order("knobs dataverse.\(trouble.back)")
      }
      try await sandbox.order("faults add dataverse status --status 401 --path /api/ --times -1")
      try await sandbox.type("delta contacts").expect(77, "after it was renewed")
      try await sandbox.order("faults clear")

      try await sandbox.order("mutate --updates 20 --creates 5")
      try await sandbox.type("delta contacts").expect(0)
      try await sandbox.expectEqual(after: "every cure")
    }

    @Test("A wrong secret is told apart, and nothing of it is told")
    func wrongSecret() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages(contacts: 10)
      let right = sandbox.text(of: ".sandbox/dynamics.secret")
      try sandbox.write(Canary.secret, to: ".sandbox/dynamics.secret")
      let wrong = try await sandbox.type("export contacts")
      wrong.expect(77, "the client secret is wrong", "dynamics.clients")
      #expect(!wrong.errors.contains(Canary.secret))
      try sandbox.write(right, to: ".sandbox/dynamics.secret")
      try await sandbox.type("export contacts").expect(0)
    }

    @Test("An address where no Dynamics answers is told in words")
    func wrongAddress() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages(contacts: 10)
      let dynamics = sandbox.about["dataverse"]?.text ?? ""
      let right = sandbox.text(of: "jobs/environments/test.yaml")
      try sandbox.write(
        right.replacing("  url: \(dynamics)\n", with: "  url: \(dynamics)/elsewhere\n"),
        to: "jobs/environments/test.yaml")
      try await sandbox.type("export contacts").expect(78, "dynamics.url")
      try await withSilentPort { port in
        try sandbox.write(
          right.replacing("  url: \(dynamics)\n", with: "  url: http://127.0.0.1:\(port)\n"),
          to: "jobs/environments/test.yaml")
        // A busy machine may take longer than that to ask at all.
        var end = try await sandbox.type("export contacts --deadline 2s")
        for seconds in [8, 32, 128] where !end.errors.contains("no connection") {
          end = try await sandbox.type("export contacts --deadline \(seconds)s")
        }
        end.expect(75, "no connection")
      }
    }

    @Test("An expired delta token is routine: the same run reads the table, and ends equal")
    func expiredToken() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.order("mutate --updates 20 --creates 5")
      try await sandbox.order("clock advance 8d")
      let recovered = try await sandbox.type("delta contacts")
      recovered.expect(0)
      #expect(recovered.output.hasPrefix("contacts: recovered: "), "\(recovered)")
      try await sandbox.expectEqual(after: "a recovery")
      let next = try await sandbox.type("run contacts")
      #expect(next.output.hasPrefix("contacts: nothing to do"), "\(next)")
    }
  }
}
