import Core
import Glibc
import TestSupport
import Testing

/// Two processes of one state folder, and one client's limits.
///
/// - Shape: rows of two tables, read by ranges. How much of the limits is used is a matter of minutes
///   (`make throttle`); here is what holds on a machine of any speed.
@Suite("Processes share the permits of a client", .timeLimit(.minutes(15)))
struct ThrottleFlowTests {
  private let client = SandboxProcess.client

  /// Twelve hundred contacts and as many accounts, twenty a page.
  private func world(concurrency: Int) async throws -> SandboxProcess {
    let jobs = SandboxProcess.committedJobs.filter { ["contacts", "accounts"].contains($0.key) }
    let world = try await SandboxProcess(
      contacts: 1200, jobs: jobs, arguments: ["--accounts", "1200"])
    let file = "jobs/environments/test.yaml"
    let settings = "dynamics:\n  partitionFrom: 100\n  concurrency: \(concurrency)\n"
    try world.write(world.text(of: file).replacing("dynamics:\n", with: settings), to: file)
    try await world.turn("dataverse.maxPageSize=20", "dataverse.dopHint=52")
    return world
  }

  private func exportBoth(_ world: SandboxProcess) async throws {
    let programs = try ["contacts", "accounts"].map { try world.startSync(["export", $0]) }
    for program in programs { try await program.endInTime().expect(0) }
  }

  @Test("All together have `concurrency` requests under way, or what the hint says, and no more")
  func sharesTheLimit() async throws {
    let world = try await world(concurrency: 3)
    try await world.turn("dataverse.limitsEnabled=false", "dataverse.pace=1")
    try await exportBoth(world)
    #expect(try await world.limitMeter("mostAtOnce") == 3)

    // The hint outlives the processes that heard it.
    try await world.turn("dataverse.dopHint=2")
    try await world.type("check contacts").expect(0)
    // A process that has to wait in the middle of its change of the record, on a busy machine, is passed
    // by: who then reads half of the record goes by `concurrency` until its next answer. That is rare.
    var most = 0
    for _ in 0..<2 where most != 2 {
      for job in ["contacts", "accounts"] {
        try await world.type("checkpoint clear \(job) --yes").expect(0)
      }
      try await world.order("meters --reset")
      try await exportBoth(world)
      most = try await world.limitMeter("mostAtOnce")
      #expect(most <= 3)
    }
    #expect(most == 2)
  }

  @Test("Refused again and again, they wait as long as they are asked to, and no wait grows")
  func waits() async throws {
    // One at a time, over both: then each that comes too soon was sent too soon.
    let world = try await world(concurrency: 1)
    try await world.turn(
      "dataverse.windowSeconds=3", "dataverse.requestLimit=60", "dataverse.retryAfterSeconds=1")
    try await exportBoth(world)
    #expect(try await world.limitMeter("mostAtOnce") == 1)
    #expect(try await world.limitMeter("violations") == 0)
    #expect(try await world.limitMeter("longestWait") <= 1)
    let ran = try await world.limitMeter("requests")
    let refused = try await world.limitMeter("refusedForRequests")
    #expect(ran >= 240 && refused * 20 <= ran, "\(refused) of \(ran)")
  }

  @Test("A process that is killed with the only permit in hand gives it back at once")
  func survivesAKill() async throws {
    let world = try await world(concurrency: 1)
    // A page is under way for longer than this test may take.
    try await world.turn("dataverse.limitsEnabled=false", "dataverse.pace=100000")
    let holder = try world.startSync(["export", "contacts"])
    #expect(try await comes { try await world.limitMeter("mostAtOnce") > 0 })
    try await world.turn("dataverse.pace=0")
    let other = try world.startSync(["export", "accounts"])
    #expect(try await comes { try isInLine(world) }, "it waits behind the other one")
    holder.kill()
    _ = await holder.end()
    try await other.endInTime().expect(0)
  }

  /// Whether a process holds a place in the line: a lock far behind the permits.
  private func isInLine(_ world: SandboxProcess) throws -> Bool {
    let file = open("\(world.state)/gates/\(client).permits", O_RDWR | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var lock = flock(
      l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 1 << 20, l_len: 0, l_pid: 0)
    guard fcntl(file, getOpenFileLock, &lock) == 0 else { return false }
    return lock.l_type != Int16(F_UNLCK)
  }

  @Test("Permits that cannot be opened end a run with 74 and in words")
  func saysWhatIsWrong() async throws {
    let world = try await world(concurrency: 1)
    #expect(mkdir(world.directory + "/state", 0o700) == 0)
    for path in ["", "/gates", "/gates/\(client).permits"] { mkdir(world.state + path, 0o700) }
    try await world.type("export contacts").expect(74, "\(client).permits")
  }
}

/// Behind a feature macro.
private let getOpenFileLock: Int32 = 36
