import Core
import TestSupport
import Testing

extension FaultTests {
  @Suite("Faults of Campaign", .timeLimit(.minutes(15)))
  struct Campaign {
    @Test("Whatever strikes a delta on either side, it ends equal, with each record once")
    func deltaEndsEqual() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.type("initial contacts").expect(0)
      var created = 300
      for (seed, fault) in [
        "campaign throttled --path /profile --after 3 --times 8 --retry-after 1",
        "campaign unavailable --path /profile --after 3 --times 2",
        "campaign status --status 503 --path /profile --after 3 --times 2",
        "campaign badGateway --path /profile --after 3 --times 4",
        "campaign badGateway --method POST --path /profile --times 3",
        "campaign gatewayTimeout --method PATCH --times 3",
        "campaign cut --bytes 5 --path /profile --after 3 --times 4",
        "campaign resetBefore --path /profile --after 3 --times 4",
        "campaign resetBefore --method POST --path /profile --times 3",
        "campaign resetAfter --method POST --path /profile --times 3",
        "campaign resetAfter --method PATCH --times 3",
        "campaign revoked --path /profile --after 4",
        "dataverse throttled --path deltatoken --times 2 --retry-after 1",
        "dataverse cut --path deltatoken --bytes 700",
        "dataverse badGateway --path deltatoken",
        "dataverse revoked --path deltatoken",
        "dataverse resetAfter --path deltatoken",
      ].enumerated() {
        try await sandbox.order("mutate --updates 15 --creates 5 --seed \(seed + 10)")
        created += 5
        try await sandbox.order("faults add \(fault)")
        try await sandbox.typeUntilDone("delta contacts").expect(0)
        try await sandbox.expectEqual(after: fault, judging: ["dataverse"])
        let profiles = try await sandbox.order("status")["profiles"]?.integer
        #expect(profiles == created, "\(fault)")
        let side = String(fault.prefix { $0 != " " })
        let struck = try await sandbox.order("faults list")[side]?["struck"]?.integer ?? 0
        #expect(struck > 0, "\(fault) struck nothing")
        try await sandbox.order("faults clear")
      }
    }

    @Test("A wait of Campaign holds back every process of the identity")
    func processesShareAWait() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try sandbox.useOneLane()
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.order("mutate --updates 20")
      try await sandbox.order(
        "faults add campaign throttled --path /profile --times 2 --retry-after 3")
      let first = try sandbox.startSync(["delta", "contacts"])
      try await sandbox.waitIsShared(by: "campaign")
      try await sandbox.type("check contacts").expect(0)
      await first.end().expect(0)
      try await sandbox.expectEqual(after: "a shared wait")
    }

    @Test("A record that Campaign refuses waits with its reason; the rest arrives")
    func refusedRecordWaits() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.type("initial contacts").expect(0)
      let user = try await DynamicsUser(sandbox)
      let key = try #require(try await user.keys(1).first)
      try await user.change(key, ["emailaddress1": "nobody at all"])
      try await sandbox.order("mutate --creates 10")
      try await sandbox.type("delta contacts").expect(0)
      #expect(try await sandbox.pending() == ["refused"])
      let listed = try await sandbox.type("pending contacts")
      #expect(
        listed.output.contains(key.lowercased()) && listed.output.contains("Campaign refused"))
      #expect(!listed.output.contains("nobody at all"))
      let status = try await sandbox.type("status contacts --offline")
      #expect(status.output.contains("pending       1 records"), "\(status.output)")

      // Mended at its source, it leaves by itself.
      try await user.change(key, ["emailaddress1": "somebody@example.org"])
      try await sandbox.type("run contacts").expect(0)
      #expect(try await sandbox.pending() == [])
      try await sandbox.expectEqual(after: "a mended record")
    }

    @Test("A passing refusal is tried again by the next run, without any change in Dynamics")
    func passingRefusal() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages()
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.order("mutate --updates 20 --creates 5")
      try await sandbox.order(
        "faults add campaign status --status 500 --method PATCH --times 3", "--body",
        "PGS-220000 PostgreSQL error: a lock could not be had")
      try await sandbox.type("delta contacts").expect(0)
      #expect(try await sandbox.pending() == ["refused", "refused", "refused"])
      try await sandbox.order("faults clear")
      try await sandbox.type("delta contacts").expect(0)
      #expect(try await sandbox.pending() == [])
      try await sandbox.expectEqual(after: "refusals that passed")
    }

    // One page: a slow machine commits after a second, and below a hundred rows a share says nothing.
    @Test("Above the reject limit nothing is recorded, the position stays, and the exit is 65")
    func rejectLimit() async throws {
      let sandbox = try await SandboxProcess(contacts: 300)
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.order("mutate --updates 150")
      try await sandbox.order(
        "faults add campaign status --status 500 --method PATCH --times -1", "--body",
        "PGS-220000 PostgreSQL error: the disk is full")
      let refused = try await sandbox.type("delta contacts")
      refused.expect(65, "more than the limit of 1 %", "--reject-limit")
      #expect(try await sandbox.pending() == [])
      try await sandbox.order("faults clear")
      try await sandbox.type("delta contacts").expect(0)
      try await sandbox.expectEqual(after: "a run above the limit")
    }

    @Test("What an administrator of Campaign has to cure is said with its cure")
    func curesAreNamed() async throws {
      let sandbox = try await SandboxProcess.ofSmallPages(contacts: 60)
      try await sandbox.type("initial contacts").expect(0)
      try await sandbox.order("mutate --updates 5")
      let troubles: [(fault: String, body: String, status: Int32, says: String)] = [
        ("--status 401 --path /profile", "", 77, "after it was renewed"),
        (
          "--status 403 --path /profile",
          #"{"error_code":"403023","message":"Profile is not valid"}"#,
          77, "product profile"
        ),
        (
          "--status 403 --path /profile",
          #"{"error_code":"403003","message":"Api Key is invalid"}"#,
          77, "campaign.client.id"
        ),
      ]
      for trouble in troubles {
        try await sandbox.order(
          "faults add campaign status \(trouble.fault) --times -1", "--body", trouble.body)
        try await sandbox.type("delta contacts").expect(trouble.status, trouble.says)
        try await sandbox.order("faults clear")
      }
      let right = sandbox.text(of: ".sandbox/campaign.secret")
      try sandbox.write(Canary.secret, to: ".sandbox/campaign.secret")
      let wrong = try await sandbox.type("delta contacts")
      wrong.expect(77, "campaign.client")
      #expect(!wrong.errors.contains(Canary.secret))
      try sandbox.write(right, to: ".sandbox/campaign.secret")
      try await sandbox.type("delta contacts").expect(0)
      try await sandbox.expectEqual(after: "every cure")
    }
  }
}
