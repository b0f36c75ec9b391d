import Core
import Glibc
import TestSupport
import Testing

@testable import Disk

struct PermitFileTests {
  private let folder = TemporaryFolder()
  private var gates: String { folder.path + "/state/test/gates" }
  private var path: String { gates + "/client-1.permits" }

  private func open(_ identity: String = "client-1") throws -> PermitFile {
    try #require(try PermitFile.open(in: gates, identity: identity, mayCreate: true))
  }

  @Test(arguments: PermitBoardContract.allCases)
  func keepsTheContract(promise: PermitBoardContract) throws {
    try promise.check { try open() }
  }

  @Test("A file for each identity, for its owner only, whose name no identity's own file has")
  func namesFiles() throws {
    _ = try open("../a.permits")
    #expect(try names(in: gates) == ["%2E%2E%2Fa%2Epermits.permits"])
    var status = stat()
    #expect(stat(gates + "/%2E%2E%2Fa%2Epermits.permits", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try open().mark(0) && open("client-2").mark(0))
  }

  @Test("Who may not make a file uses the one that is there, and makes none")
  func makesNothing() throws {
    #expect(try PermitFile.open(in: gates, identity: "client-1", mayCreate: false) == nil)
    #expect(access(folder.path + "/state", F_OK) != 0)
    let worker = try open()
    #expect(try worker.mark(3))
    let looker = try #require(
      try PermitFile.open(in: gates, identity: "client-1", mayCreate: false))
    #expect(try !looker.mark(3))
  }

  @Test("The marks of a board that ends are free, though a child is just being started")
  func endsWithItsOwner() throws {
    var holder: PermitFile? = try open()
    #expect(try holder?.mark(0) == true)
    let child = UnbornChild(having: path)
    holder = nil
    #expect(try open().mark(0))
    withExtendedLifetime(child) {}
  }

  @Test("The marks of a killed process are free")
  func outlivesAKill() async throws {
    let board = try open()
    await #expect(processExitsWith: .signal(SIGKILL)) { [gates = gates as String] in
      let file = try PermitFile.open(in: gates, identity: "client-1", mayCreate: true)
      guard try file?.mark(0) == true, try file?.mark(1) == true else { return }
      try file?.update { words throws(SyncError) in
        words = [5]
        kill(getpid(), SIGKILL)
      }
    }
    #expect(try board.mark(0) && board.mark(1))
    #expect(try board.update { $0 } == [], "killed before it was written")
  }

  @Test("A process that was stopped in the middle of a change stops nobody")
  func waitsForNobody() throws {
    let (stopped, board) = (try open(), try open())
    try stopped.update { words throws(SyncError) in
      words = [1]
      try board.update { words throws(SyncError) in words = [2] }
      #expect(try board.mark(0))
    }
    #expect(try board.update { $0 } == [1], "the later one stands")
  }

  @Test("A record that is torn, cut or foreign is none, and the next change mends it")
  func forgetsGarbage() throws {
    let board = try open()
    for spoil in [
      { truncate(path, 12) == 0 }, { try replace("hello\n") }, { try replace("") },
      { try replace(String(repeating: "\u{7F}", count: 4096)) }, { try flip(byte: 17) },
      // As a crash of the machine may leave it.
      { try replace(String(repeating: "\0", count: 4096)) }, { try replace("\0") },
    ] as [() throws -> Bool] {
      try board.update { words throws(SyncError) in words = [1, 2, 3] }
      #expect(try spoil())
      #expect(try board.update { $0 } == [])
    }
  }

  @Test("Many threads: one holder a place, and a record that can always be read")
  func survivesARace() async throws {
    let boards = try (0..<8).map { _ in try open() }
    await withTaskGroup(of: Void.self) { group in
      for board in boards {
        group.addTask {
          #expect(throws: Never.self) {
            for round in 0..<200 {
              let place = round % 3
              guard try board.mark(place) else { continue }
              #expect(try !board.isMarkedByOthers(place..<place + 1))
              let known = try board.update { words throws(SyncError) in
                defer { words = Array(repeating: UInt64(round + 1), count: 40) }
                return words
              }
              #expect(known.isEmpty || Set(known).count == 1)
              try board.unmark(place)
            }
          }
        }
      }
    }
    #expect(try boards[0].update { $0.count } == 40)
    for place in 0..<3 { #expect(try boards[0].mark(place)) }
  }

  /// In place: another file of this name would be another board.
  private func replace(_ text: String) throws -> Bool {
    guard let file = try OpenFile.open(path) else { return false }
    try file.cut(to: 0)
    try file.write(Array(text.utf8), at: 0)
    return true
  }

  private func flip(byte: UInt64) throws -> Bool {
    guard let file = try OpenFile.open(path) else { return false }
    try file.write([try file.read(from: byte, count: 1)[0] ^ 0x10], at: byte)
    return true
  }
}
