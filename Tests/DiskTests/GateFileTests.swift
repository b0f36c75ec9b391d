import Core
import Glibc
import TestSupport
import Testing

@testable import Disk

struct GateFileTests {
  private let folder = TemporaryFolder()
  private func gate(_ identity: String = "client-1") throws -> GateFile {
    try GateFile(folder: folder.path + "/state/test/gates", identity: identity)
  }

  @Test("What one gate closes is closed for the other, and for no other identity")
  func shares() throws {
    let (one, other) = (try gate(), try gate())
    #expect(try other.notBefore() == nil)
    try one.close(until: Instant(seconds: 100))
    #expect(try other.notBefore() == Instant(seconds: 100))
    #expect(try gate("client-2").notBefore() == nil)
  }

  @Test("The moment only moves later")
  func movesLaterOnly() throws {
    let (one, other) = (try gate(), try gate())
    try one.close(until: Instant(seconds: 100))
    try other.close(until: Instant(seconds: 50))
    #expect(try one.notBefore() == Instant(seconds: 100))
    try other.close(until: Instant(milliseconds: 100_001))
    #expect(try one.notBefore() == Instant(milliseconds: 100_001))
  }

  @Test("Many at once: the latest stands, and a reader never sees half a file")
  func survivesARace() async throws {
    let gate = try gate()
    await withTaskGroup(of: Void.self) { group in
      for second in 1...200 {
        group.addTask {
          #expect(throws: Never.self) {
            try gate.close(until: Instant(seconds: Int64(second)))
            let moment = try gate.notBefore()
            #expect(moment.map { $0 >= Instant(seconds: Int64(second)) } == true)
          }
        }
      }
    }
    #expect(try gate.notBefore() == Instant(seconds: 200))
  }

  @Test("An identity is a file in the folder, whatever it is called, for its owner only")
  func namesFiles() throws {
    try gate("../../a b").close(until: Instant(seconds: 1))
    var status = stat()
    let path = folder.path + "/state/test/gates/%2E%2E%2F%2E%2E%2Fa%20b"
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(stat(folder.path + "/state/test/gates", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o700)
  }

  @Test("A file that holds no time stops reading, and the next refusal mends it")
  func refusesGarbage() throws {
    let gate = try gate()
    try gate.close(until: Instant(seconds: 1))
    let path = folder.path + "/state/test/gates/client-1"
    #expect(truncate(path, 3) == 0)
    let error = #expect(throws: SyncError.self) { try gate.notBefore() }
    #expect(error?.kind == .storage)
    try gate.close(until: Instant(seconds: 2))
    #expect(try gate.notBefore() == Instant(seconds: 2))
  }
}
