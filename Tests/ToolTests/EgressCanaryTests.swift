import Core
import Glibc
import TestSupport
import Testing

/// No text, address or URL of an event is told anywhere but where it was asked for.
@Suite("Canaries among events", .timeLimit(.minutes(15)))
struct EgressCanaryTests {
  @Test("Logs, output, run records and checkpoints hold nothing of an event")
  func nothingSings() async throws {
    let sandbox = try await SandboxProcess(contacts: 20, jobs: EgressFlowTests.jobs())
    let user = try await DynamicsUser(sandbox)
    let keys = try await user.keys(3)
    try plant(keys, in: sandbox)
    try await sandbox.order(
      "faults add dataverse status --status 400 --method POST --path CreateMultiple --times 2",
      "--body",
      #"{"error":{"code":"0x80040265","message":"'\#(Canary.value)' near \#(Canary.value)"}}"#)

    var heard: [(String, String)] = []
    for line in [
      "run egress-click -v", "--log json -v run egress-click --json", "run --all -v",
      "pending egress-click", "pending egress-click --json", "pending egress-click --retry",
      "status", "status --json", "history egress-click", "checkpoint show egress-click",
      "check egress-click", "sweep --dry-run -v",
    ] {
      let result = try await sandbox.type(line)
      heard.append((line, result.output + result.errors))
    }
    #expect(heard.contains { $0.1.contains("tooLong") && $0.1.contains("notATime") })
    // The ledger keeps the rows of pending events: they are tried again when the file is gone.
    for place in DiskTree.entries(sandbox.directory + "/state")
    where !place.isFolder && !place.path.contains("ledger.sqlite") {
      heard.append((place.path, Program.text(place.path)))
    }
    for (place, text) in heard where text.contains(Canary.value) {
      let start = text.firstRange(of: Canary.value)?.lowerBound ?? text.startIndex
      Issue.record("\(place): \(text[..<start].suffix(80))…\(text[start...].prefix(60))")
    }
    let asked = try await sandbox.type("inspect egress-click \(keys[0])")
    #expect(asked.output.contains(Canary.value), "asked for: \(asked)")
  }

  /// Events whose every text is a canary: some arrive, one is too long, one has no time.
  private func plant(_ keys: [String], in sandbox: SandboxProcess) throws {
    let canary = Canary.value
    var rows = keys.enumerated().map { number, key in
      "9\(number);\(key);0;1;https://\(canary).example.org/\(number);2026-02-03 08:40:12Z;"
        + "\(canary)-D;\(canary)-C;m-\(canary)"
    }
    let long = String(repeating: "\(canary)/", count: 400)
    rows.append("94;\(keys[0]);0;1;\(long);2026-02-03 08:40:12Z;\(canary);\(canary);m")
    rows.append("95;\(keys[1]);0;1;u;\(canary);\(canary);\(canary);m")
    rows.append("96;\(canary)@example.org;0;1;u;2026-02-03 08:40:12Z;\(canary);\(canary);m")
    rows.append("97;\(keys[2]);0;1;u;\(canary)")
    let header =
      "trackId;externalId;messageType;urlType;url;logDate;deliveryId;campaignId;mirrorPage"
    let folder = sandbox.sftpHome + "/d365_loads/exports"
    mkdir(sandbox.sftpHome + "/d365_loads", 0o755)
    mkdir(folder, 0o755)
    let file = try #require(fopen(folder + "/tracking_20260203_090000.csv", "w"))
    fputs(([header] + rows).map { $0 + "\n" }.joined(), file)
    fclose(file)
  }
}
