import Core
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
        let box = SFTPDropbox(.patient(settings))
        await #expect(throws: Never.self, "\(promise)") { try await promise.check(box) }
      }
    }
  }

  @Test func namesAreBelowTheConfiguredDirectory() async throws {
    try await withSSHD { server in
      var settings = try server.settings()
      settings.directory = "d365_loads/stage/"
      let box = SFTPDropbox(.patient(settings))
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
      let box = SFTPDropbox(.patient(settings))
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
      let box = SFTPDropbox(.patient(try server.settings()))
      #expect(try await box.proveWriting() == denied.isEmpty)
      #expect(try await box.list("*").isEmpty)
    }
  }

  /// A server asks for new keys after so many bytes: in the middle of an upload, whatever the cipher.
  @Test(arguments: ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr"])
  func newKeysInTheMiddleOfAnUploadChangeNothing(_ cipher: String) async throws {
    try await withSSHD(settings: ["RekeyLimit 1M", "Ciphers \(cipher)"]) { server in
      let box = SFTPDropbox(.patient(try server.settings()))
      let folder = TemporaryFolder()
      let content = (0..<7 << 20).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B1 &>> 13) }
      let output = try #require(fopen(folder.path + "/part", "w"))
      #expect(fwrite(content, 1, content.count, output) == content.count && fclose(output) == 0)
      try await box.publish(folder.path + "/part", as: "imports/a.csv")
      #expect(try await box.read("imports/a.csv", offset: 0, count: content.count) == content)
    }
  }

  @Test func aSizeThatDiffersAfterTheUploadIsAnError() async throws {
    try await withSSHD(deniedRequests: ["fsync"]) { server in
      let box = SFTPDropbox(.patient(try server.settings()))
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
      let box = SFTPDropbox(.patient(try server.settings()))
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
      let box = SFTPDropbox(.patient(try server.settings()))
      let error = await #expect(throws: SyncError.self) {
        try await box.publish(bytes: [1], as: "imports/a.csv")
      }
      #expect(error?.kind == .permission)
      try await box.publish(bytes: [1], as: "b.csv")
    }
  }

  @Test func aDroppedSessionLeavesNoFinalNameAndTheNextAttemptSucceeds() async throws {
    try await withSSHD { server in
      let box = SFTPDropbox(.patient(try server.settings()))
      let error = try await server.strikeUpload(of: "imports/a", through: box) { _ in
        server.dropSessions()
      }
      #expect(error.kind == .unavailable)
      #expect(error.action == "publish imports/a.csv.gz")
      #expect(error.reason.contains("the SFTP session broke off, after ") == true)
      #expect(access("\(server.files)/imports/a.csv.gz", F_OK) != 0)
      try await box.publish(bytes: [1, 2], as: "imports/a.csv.gz")
      #expect(try await box.list("imports/*").map(\.size) == [2])
    }
  }

  @Test func aCancelledUploadStopsBetweenBlocksAndLeavesNothing() async throws {
    try await withSSHD { server in
      let box = SFTPDropbox(.patient(try server.settings()))
      let error = try await server.strikeUpload(of: "a", through: box) { $0.cancel() }
      #expect(error.isStop == true)
      #expect(try await box.list("*").isEmpty)
    }
  }

  /// The server takes no more, so that a block has gone out by half: what follows would be its rest.
  @Test func anUploadCancelledWithinABlockLeavesAUsefulSession() async throws {
    try await withSSHD { server in
      let box = SFTPDropbox(.patient(try server.settings()))
      let error = try await server.strikeUpload(of: "a", through: box) { upload in
        server.holdUp { upload.cancel() }
      }
      #expect(error.isStop == true)
      #expect(try await box.list("*").isEmpty)
    }
  }

  @Test func aStopEndsAnUploadBetweenBlocks() async throws {
    try await withSSHD { server in
      let isStopped = Flag()
      var settings = SFTPSettings(try server.settings(), passphrase: nil)
      let calm = SFTPDropbox(settings)
      settings.stop = { isStopped.isUp }
      let box = SFTPDropbox(settings)
      let error = try await server.strikeUpload(of: "a", through: box) { _ in isStopped.raise() }
      #expect(error.isStop == true)
      #expect(try await calm.list("*").isEmpty)
    }
  }

  @Test("A server that answers nothing any more does not keep a stop waiting")
  func aStopEndsAnUploadThatStandsStill() async throws {
    try await withSSHD { server in
      let (isStopped, isOver) = (Flag(), Flag())
      var settings = SFTPSettings(try server.settings(), passphrase: nil)
      settings.timeout = .seconds(3600)
      settings.stop = { isStopped.isUp }
      let box = SFTPDropbox(settings)
      let error = try await server.strikeUpload(of: "a", through: box) { upload in
        server.holdUp {
          isStopped.raise()
          Task {
            _ = await upload.result
            isOver.raise()
          }
          while !isOver.isUp { _ = poll(nil, 0, 5) }
        }
      }
      #expect(error.isStop == true)
      #expect(access("\(server.files)/a.csv.gz", F_OK) != 0)
    }
  }
}

extension PrivateSSHD {
  /// Uploads a file, and strikes as soon as its first bytes are on the server; tries again with a larger
  /// file where the server had all of them by then.
  ///
  /// - Returns: how the upload ended that was struck.
  func strikeUpload(
    of stem: String, through box: any Dropbox,
    _ act: @escaping @Sendable (Task<Void, any Error>) -> Void
  ) async throws -> SyncError {
    for megabytes in [128, 512, 1024, 2048, 4096] {
      let folder = TemporaryFolder()
      let local = try sparseFile(in: folder, megabytes: megabytes)
      let upload = Task { try await box.publish(local, as: stem + ".csv.gz") }
      let isOver = Flag()
      let end = Task {
        defer { isOver.raise() }
        return await upload.result
      }
      await strike(when: stem + ".part", isOver) { act(upload) }
      let result = await end.value
      let places = [".part", ".csv.gz"].map { "\(files)/\(stem)\($0)" }
      var status = stat()
      let isWhole = places.contains {
        stat($0, &status) == 0 && status.st_size == megabytes << 20
      }
      if !isWhole, case .failure(let error as SyncError) = result { return error }
      // Fails where the strike ended a session that had nothing to do any more.
      try? await box.remove(stem + ".csv.gz")
      for place in places { unlink(place) }
    }
    throw SyncError(.bug, "strike an upload", "every upload was over before")
  }

  /// Acts as soon as a file on the server has a byte, or not at all where something is over.
  func strike(
    when name: String, _ isOver: Flag, _ act: @escaping @Sendable () -> Void
  ) async {
    let path = "\(files)/\(name)"
    await onOwnThread {
      var status = stat()
      while !isOver.isUp {
        if stat(path, &status) == 0, status.st_size > 0 { return act() }
        sched_yield()  // looks again
      }
    }
  }
}

final class Flag: Sendable {
  private let flag = Atomic<Bool>(false)
  var isUp: Bool { flag.load(ordering: .relaxed) }
  func raise() { flag.store(true, ordering: .relaxed) }
}

/// A local file of zeros that takes no room.
func sparseFile(in folder: TemporaryFolder, megabytes: Int) throws -> String {
  let path = "\(folder.path)/sparse"
  let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
  try #require(file >= 0)
  defer { close(file) }
  try #require(ftruncate(file, megabytes << 20) == 0)
  return path
}
