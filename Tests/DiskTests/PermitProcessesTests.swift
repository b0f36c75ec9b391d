import Core
import Glibc
import TestSupport
import Testing

@testable import Disk

/// Permits in several real processes: some are killed, and one is stopped.
@Suite(.timeLimit(.minutes(15)))
struct PermitProcessesTests {
  private let folder = TemporaryFolder()

  private func open() throws -> PermitFile {
    try #require(try PermitFile.open(in: folder.path, identity: "client", mayCreate: true))
  }

  @Test("Processes that race, and are killed with places in hand: one holder a place, all the time")
  func survivesARace() async throws {
    let path = folder.path
    async let one: Void = live(in: path)
    async let other: Void = live(in: path)
    async let third: Void = die(in: path)
    async let fourth: Void = die(in: path)
    _ = await (one, other, third, fourth)
    let board = try open()
    for place in 0..<Racer.places { #expect(try board.mark(place), "free at once") }
    // Each of the killed ones had counted up to its death; no count of the others is lost.
    #expect(try board.update { $0 } == [UInt64(2 * Racer.rounds + 2 * Racer.rounds / 2)])
  }

  private func live(in folder: String) async {
    await #expect(processExitsWith: .success) { [folder = folder as String] in
      try Racer(folder).hold(times: Racer.rounds)
    }
  }

  private func die(in folder: String) async {
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
      let racer = try Racer(folder)
      try racer.hold(times: Racer.rounds / 2)
      while try !racer.board.mark(0) { sched_yield() }
      kill(getpid(), SIGKILL)
    }
  }

  @Test("A process that was stopped in the middle of a change stops nobody, and may go on later")
  func passesAStoppedProcess() async throws {
    let path = folder.path
    async let stopped: Void = stop(in: path)
    let board = try open()
    var found: pid_t?
    _ = try await comes {
      found = try idOfTheStopped()
      return found != nil
    }
    let id = try #require(found)
    defer { kill(id, SIGCONT) }
    #expect(try !board.mark(0) && board.isMarkedByOthers(0..<1), "its marks stand")
    #expect(try board.mark(1))
    try board.update { words throws(SyncError) in words = [7] }
    #expect(try board.update { $0 } == [7])
    kill(id, SIGCONT)
    await stopped
    #expect(try board.update { $0 } == [1], "what it had begun was written when it went on")
    #expect(try board.mark(0))
  }

  private func stop(in folder: String) async {
    await #expect(processExitsWith: .success) { [folder = folder as String] in
      let board = try #require(
        try PermitFile.open(in: folder, identity: "client", mayCreate: true))
      _ = try board.mark(0)
      try board.update { words throws(SyncError) in
        words = [1]
        try replaceFile(at: folder + "/stopped", with: Array("\(getpid())".utf8))
        raise(SIGSTOP)  // this thread at once; `kill` may begin with another one
      }
    }
  }

  /// Nil until it has said who it is, and is stopped.
  private func idOfTheStopped() throws -> pid_t? {
    guard let text = try readFile(at: folder.path + "/stopped"),
      let id = pid_t(String(decoding: text, as: UTF8.self)), isStopped(id)
    else { return nil }
    return id
  }

  private func isStopped(_ id: pid_t) -> Bool {
    let status = Program.text("/proc/\(id)/stat")
    return status.split(separator: ")").last?.hasPrefix(" T") == true
  }
}

/// What one of the racing processes does.
private struct Racer {
  static let places = 3
  static let rounds = 300

  struct TwoHolders: Error {}

  let board: PermitFile
  private let folder: String

  init(_ folder: String) throws {
    self.folder = folder
    // Each change of the record counts, however long a busy machine lets the one before wait.
    board = try #require(
      try PermitFile.open(in: folder, identity: "client", mayCreate: true, tries: .max))
  }

  /// Takes one place after the other; a file that must not exist yet says that nobody else has it.
  func hold(times: Int) throws {
    var (held, place) = (0, Int(getpid()))
    while held < times {
      place = (place + 1) % Racer.places
      guard try board.mark(place) else {
        sched_yield()
        continue
      }
      let sign = "\(folder)/held-\(place)"
      let file = Glibc.open(sign, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw TwoHolders() }
      close(file)
      try board.update { words throws(SyncError) in words = [(words.first ?? 0) + 1] }
      unlink(sign)
      try board.unmark(place)
      held += 1
    }
  }
}
