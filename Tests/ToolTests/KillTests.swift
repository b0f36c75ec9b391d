import Core
import Glibc
import TestSupport
import Testing

/// Killed at any moment and run again, a command ends as one that was never killed.
///
/// - Shape: stories. A story begins anew, is killed up to five times in a row, and then runs to its
///   end; stories go on until 25 kills have struck. `KILL_SEED` draws other moments.
@Suite(.serialized, .timeLimit(.minutes(15))) struct KillTests {
  static let kills = 25

  @Test("export, killed anywhere: the same parts and the same manifest")
  func exportKilledAnywhere() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 1500, page: 12, part: "2 KiB")
    let folder = world.spool + "/contacts/000001"
    var killer = Killer(world, "export")
    try await killer.measure()
    let calm = DiskTree.contents(of: folder)
    #expect(calm.count > 50)
    while killer.struck < Self.kills {
      #expect(try await world.sync("checkpoint", "clear", "contacts", "--yes").status == 0)
      try await killer.story()
      let parts = DiskTree.contents(of: folder)
      #expect(parts.keys.sorted() == calm.keys.sorted(), killer.comment)
      #expect(parts == calm, killer.comment)
    }
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal", killer.comment)
  }

  @Test("stage, killed anywhere: the same files on SFTP, and nothing half-done beside them")
  func stageKilledAnywhere() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 1500, page: 12, part: "2 KiB")
    #expect(try await world.sync("export", "contacts").status == 0)
    let saved = world.folder + "/saved"
    try ChildProcess.run(["cp", "-a", world.state, saved])
    var killer = Killer(world, "stage")
    try await killer.measure()
    let calm = DiskTree.contents(of: world.imports)
    #expect(calm.count > 50)
    while killer.struck < Self.kills {
      try ChildProcess.run(["rm", "-r", world.state, world.imports])
      try ChildProcess.run(["cp", "-a", saved, world.state])
      try await killer.story()
      let files = DiskTree.contents(of: world.imports)
      #expect(files.keys.sorted() == calm.keys.sorted(), killer.comment)
      #expect(files == calm, killer.comment)
    }
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal", killer.comment)
  }

  @Test("delta, killed anywhere: both sides equal, and no row written twice")
  func deltaKilledAnywhere() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 600, page: 600)
    #expect(try await world.sync("initial", "contacts").status == 0)
    try await world.turn("dataverse.maxPageSize=20")
    try await change(world, seed: 1)
    var killer = Killer(world, "delta")
    try await killer.measure()
    var seed = 1
    while killer.struck < Self.kills {
      seed += 1
      try await change(world, seed: seed)
      let before = try await world.campaignMeters()
      let struckBefore = killer.struck
      try await killer.story()
      #expect(try await world.comparison() == "equal", killer.comment)
      let after = try await world.campaignMeters()
      #expect(after.inserts - before.inserts == 20, killer.comment)
      #expect(after.updates - before.updates <= 150, killer.comment)
      // What was on its way when the kill struck may be written once more, and changes nothing.
      let atRisk = 8 * (killer.struck - struckBefore)
      #expect(after.unchanged - before.unchanged <= atRisk, killer.comment)
    }
    let before = try await world.campaignMeters()
    #expect(try await world.sync("delta", "contacts").status == 0)
    #expect(try await world.campaignMeters().writes == before.writes, killer.comment)
  }

  private func change(_ world: SandboxProcess, seed: Int) async throws {
    let end = try await world.sandbox(
      "mutate", "--updates", "150", "--creates", "20", "--seed", String(seed))
    #expect(end.status == 0, "\(end)")
  }
}

/// Kills a command at drawn moments.
struct Killer {
  let world: SandboxProcess
  let command: String
  let seed: UInt64
  private var dice: UInt64
  /// How long the command takes when nobody kills it.
  private var calm = Duration.zero
  private(set) var struck = 0
  private var moments: [Int] = []

  init(_ world: SandboxProcess, _ command: String) {
    self.world = world
    self.command = command
    seed = getenv("KILL_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    dice = seed
  }

  /// For the message of a failure.
  var comment: Comment {
    "\(command), seed \(seed), kill \(struck); this story's after \(moments) ms"
  }

  /// Runs the command once without a kill.
  mutating func measure() async throws {
    let begin = ContinuousClock.now
    let end = try await world.sync(command, "contacts")
    #expect(end.status == 0, "\(end)")
    calm = ContinuousClock.now - begin
  }

  /// Up to five kills, then the end: the last run has to do what is left, with exit 0.
  mutating func story() async throws {
    moments = []
    for _ in 0..<5 where struck < KillTests.kills {
      let program = try world.startSync([command, "contacts"])
      let moment = draw(below: Int(calm / .milliseconds(1)))
      let begin = ContinuousClock.now
      if try await program.ends(within: .milliseconds(moment)) {
        let end = await program.end()
        // The machine was busier when it was measured.
        calm = min(calm, ContinuousClock.now - begin)
        return #expect(end.status == 0, "\(comment): \(end)")
      }
      program.kill(SIGKILL)
      _ = await program.end()
      struck += 1
      moments.append(moment)
    }
    let end = try await world.startSync([command, "contacts"]).endInTime()
    #expect(end.status == 0, "\(comment): \(end)")
  }

  /// SplitMix64: the same moments on every machine.
  private mutating func draw(below limit: Int) -> Int {
    dice &+= 0x9E37_79B9_7F4A_7C15
    var word = dice
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((word ^ (word >> 31)) % UInt64(max(1, limit)))
  }
}
