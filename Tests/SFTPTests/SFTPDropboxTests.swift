import Core
import Dispatch
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import SFTP

@Suite struct SFTPDropboxTests {
  @Test("A dropbox in memory keeps its promises", arguments: DropboxContract.all)
  func inMemory(_ promise: DropboxContract) async throws {
    try await promise.check(MemoryDropbox())
  }

  @Test("A dropbox over SFTP keeps its promises", arguments: [[], ["posix-rename", "fsync"]])
  func overSFTP(_ denied: [String]) async throws {
    try await withSSHD(deniedRequests: denied) { server in
      var settings = try server.settings()
      for (index, promise) in DropboxContract.all.enumerated() {
        settings.directory = "promise-\(index)"
        let box = SFTPDropbox(SFTPSettings(settings, passphrase: nil))
        await #expect(throws: Never.self, "\(promise)") { try await promise.check(box) }
      }
    }
  }

  @Test func namesAreBelowTheConfiguredDirectory() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.directory = "d365_loads/stage/"
      let box = SFTPDropbox(SFTPSettings(settings, passphrase: nil))
      #expect(try await box.list("imports/*").isEmpty)
      try await box.publish(bytes: [1], as: "imports/a.csv")
      #expect(access("\(server.files)/d365_loads/stage/imports/a.csv", F_OK) == 0)
      #expect(try await box.list("imports/*").map(\.name) == ["imports/a.csv"])
    }
  }

  @Test func aSessionIsOpenedWhenItIsNeededAndNeverMoreThanTheLimit() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.concurrency = 2
      let box = SFTPDropbox(SFTPSettings(settings, passphrase: nil))
      #expect(server.sessionCount == 0)
      try await box.proveLogin()
      let one = server.sessionCount
      #expect(one > 0)
      try await box.proveLogin()
      #expect(server.sessionCount == one, "the session is used again")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<16 {
          group.addTask {
            try await box.publish(
              bytes: [UInt8](repeating: 1, count: 1 << 20), as: "many/\(number).csv")
          }
        }
        try await group.waitForAll()
      }
      #expect(server.sessionCount == 2 * one)
    }
  }

  @Test(arguments: [[], ["posix-rename"]])
  func theProofOfWritingLeavesNothingBehind(_ denied: [String]) async throws {
    try await withSSHD(deniedRequests: denied) { server in
      let box = SFTPDropbox(SFTPSettings(try server.settings(), passphrase: nil))
      #expect(try await box.proveWriting() == denied.isEmpty)
      #expect(try await box.list("*").isEmpty)
    }
  }

  @Test func aSizeThatDiffersAfterTheUploadIsAnError() async throws {
    try await withSSHD(deniedRequests: ["fsync"]) { server in
      let box = SFTPDropbox(SFTPSettings(try server.settings(), passphrase: nil))
      #expect(symlink("/dev/null", "\(server.files)/a.part") == 0)
      let error = await #expect(throws: SyncError.self) {
        try await box.publish(bytes: [1, 2, 3], as: "a.csv")
      }
      #expect(error?.kind == .unavailable)
      #expect(error?.reason == "sent 3 bytes, but the server has 0")
      #expect(try await box.list("*").isEmpty)
    }
  }

  @Test func aFullServerIsUnavailableAndSaysWhatToDo() async throws {
    try await withSSHD { server in
      let box = SFTPDropbox(SFTPSettings(try server.settings(), passphrase: nil))
      #expect(symlink("/dev/full", "\(server.files)/a.part") == 0)
      let error = await #expect(throws: SyncError.self) {
        try await box.publish(bytes: [1, 2, 3], as: "a.csv")
      }
      #expect(error?.kind == .unavailable)
      #expect(error?.action == "publish a.csv")
      #expect(error?.reason.contains("storage or quota may be full") == true)
      #expect(error?.next?.contains("Control Panel") == true)
      try await box.publish(bytes: [1], as: "b.csv")
    }
  }

  @Test func aFolderThatMayNotBeMadeIsNotPermitted() async throws {
    try await withSSHD(deniedRequests: ["mkdir"]) { server in
      let box = SFTPDropbox(SFTPSettings(try server.settings(), passphrase: nil))
      let error = await #expect(throws: SyncError.self) {
        try await box.publish(bytes: [1], as: "imports/a.csv")
      }
      #expect(error?.kind == .permission)
      try await box.publish(bytes: [1], as: "b.csv")
    }
  }

  @Test func aDroppedSessionLeavesNoFinalNameAndTheNextAttemptSucceeds() async throws {
    try await withSSHD { server in
      let folder = TemporaryFolder()
      let local = try sparseFile(in: folder, megabytes: 8)
      let box = SFTPDropbox(SFTPSettings(try server.settings(), passphrase: nil))
      #expect(mkdir("\(server.files)/imports", 0o755) == 0)
      let held = try HeldUpload(of: "imports/a.part", on: server)
      let upload = Task { try await box.publish(local, as: "imports/a.csv.gz") }
      await held.begun()
      server.dropSessions()
      let error = await #expect(throws: SyncError.self) { try await upload.value }
      held.remove()
      #expect(error?.kind == .unavailable)
      #expect(error?.action == "publish imports/a.csv.gz")
      #expect(error?.reason.contains("the SFTP session broke off, after ") == true)
      #expect(access("\(server.files)/imports/a.csv.gz", F_OK) != 0)
      try await box.publish(bytes: [1, 2], as: "imports/a.csv.gz")
      #expect(try await box.list("imports/*").map(\.size) == [2])
    }
  }

  @Test func aCancelledUploadStopsBetweenBlocksAndLeavesNothing() async throws {
    try await withSSHD { server in
      let folder = TemporaryFolder()
      let local = try sparseFile(in: folder, megabytes: 64)
      let box = SFTPDropbox(SFTPSettings(try server.settings(), passphrase: nil))
      let held = try HeldUpload(of: "a.part", on: server)
      let upload = Task { try await box.publish(local, as: "a.csv.gz") }
      await held.begun()
      upload.cancel()
      held.goOn()
      let error = await #expect(throws: SyncError.self) { try await upload.value }
      #expect(error?.isStop == true)
      #expect(try await box.list("*").isEmpty)
    }
  }
}

/// A file on the server that takes no more than a pipe holds: its upload stands still in the middle,
/// however fast or slow the machine is.
final class HeldUpload: Sendable {
  private let path: String
  private let reader = Atomic<Int32>(-1)

  init(of name: String, on server: PrivateSSHD) throws {
    path = "\(server.files)/\(name)"
    try #require(mkfifo(path, 0o600) == 0)
  }

  deinit { close(reader.load(ordering: .relaxed)) }

  /// Returns when the first byte is there.
  func begun() async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [self] in
        let pipe = open(path, O_RDONLY | O_CLOEXEC)  // until the server opens it too
        var byte: UInt8 = 0
        _ = read(pipe, &byte, 1)
        reader.store(pipe, ordering: .relaxed)
        continuation.resume()
      }
    }
  }

  /// Takes the rest.
  func goOn() {
    DispatchQueue.global().async { [self] in
      var piece = [UInt8](repeating: 0, count: 1 << 16)
      while read(reader.load(ordering: .relaxed), &piece, piece.count) > 0 {}
    }
  }

  func remove() { unlink(path) }
}

/// A local file of zeros that takes no room.
func sparseFile(in folder: TemporaryFolder, megabytes: Int) throws -> String {
  let path = "\(folder.path)/sparse"
  try #require(creat(path, 0o600) >= 0)
  try #require(truncate(path, megabytes << 20) == 0)
  return path
}
