import Core
import Glibc
import TestSupport
import Testing

@testable import SFTP

@Suite struct RetryingDropboxTests {
  private let memory = MemoryDropbox()
  private let clock = FakeClock()
  private var box: RetryingDropbox<MemoryDropbox> {
    RetryingDropbox(memory, patience: Patience(clock: clock), attempts: 3)
  }

  @Test("A retrying dropbox keeps the promises", arguments: DropboxContract.all)
  func keepsTheContract(_ promise: DropboxContract) async throws {
    try await promise.check(
      RetryingDropbox(MemoryDropbox(), patience: Patience(clock: FakeClock()), attempts: 3))
  }

  @Test func anUploadStartsAgainFromTheFirstByte() async throws {
    memory.fail(next: [.breaksInUpload])
    try await box.publish(bytes: Array(0..<100), as: "imports/a.csv")
    #expect(memory.files == ["imports/a.csv": Array(0..<100)])
    #expect(clock.uptime >= .seconds(1) && clock.uptime <= .milliseconds(1500))
    memory.fail(next: [.breaksInUpload, .breaksOff])
    try await box.publish(bytes: Array(0..<100), as: "imports/b.csv")
    #expect(memory.files["imports/b.csv"] == Array(0..<100))
    #expect(clock.uptime >= .seconds(4) && clock.uptime <= .seconds(6))
  }

  @Test func attemptsAreBounded() async throws {
    memory.fail(next: [.breaksOff, .breaksOff, .breaksOff, .breaksOff])
    let error = await #expect(throws: SyncError.self) { try await box.stat("a.csv") }
    #expect(error?.kind == .unavailable)
    #expect(memory.calls.count == 3)
  }

  @Test func aLostAnswerToARenameThatHappenedIsSuccess() async throws {
    memory.fail(next: [.losesRenameAnswer])
    try await box.publish(bytes: [1, 2, 3], as: "imports/a.csv")
    #expect(memory.files == ["imports/a.csv": [1, 2, 3]])
    #expect(
      memory.calls == [
        "publish imports/a.csv", "stat imports/a.part", "stat imports/a.csv",
      ])
  }

  @Test func aLostAnswerIsAskedForUntilTheServerCanBeSeen() async throws {
    memory.fail(next: [.losesRenameAnswer, .breaksOff])
    try await box.publish(bytes: [1, 2, 3], as: "a.csv")
    #expect(memory.calls == ["publish a.csv", "stat a.part", "stat a.part", "stat a.csv"])
  }

  @Test func aLostRenameThatDidNotHappenIsDoneAgainOverTheOldFile() async throws {
    memory.files["a.csv"] = [9, 9, 9]  // of the same size: only the temporary tells
    memory.fail(next: [.losesRename])
    try await box.publish(bytes: [1, 2, 3], as: "a.csv")
    #expect(memory.files == ["a.csv": [1, 2, 3]])
    #expect(memory.calls == ["publish a.csv", "stat a.part", "publish a.csv"])
  }

  @Test func aMoveWhoseAnswerWasLostIsLookedUp() async throws {
    memory.files["a.csv"] = [1]
    memory.fail(next: [.losesRenameAnswer])
    try await box.rename("a.csv", to: "b.csv")
    #expect(memory.files == ["b.csv": [1]])
    memory.fail(next: [.losesRename])
    try await box.rename("b.csv", to: "c.csv")
    #expect(memory.files == ["c.csv": [1]])
  }

  @Test(arguments: [
    SyncError(.permission, "publish", "not permitted", code: "sftp status 3"),
    SyncError(.unavailable, "publish", "full", code: "sftp status 14"),
    SyncError(.configuration, "publish", "no key"),
    .stopped,
  ])
  func whatWillNotPassIsNotRepeated(_ refusal: SyncError) async throws {
    memory.fail(next: [.refuses(refusal)])
    let error = await #expect(throws: SyncError.self) {
      try await box.publish(bytes: [1], as: "a.csv")
    }
    #expect(error == refusal)
    #expect(memory.calls.count == 1)
    #expect(clock.sleeps.isEmpty)
  }

  @Test func aCancelledTaskIsNotKeptWaiting() async throws {
    memory.fail(next: [.breaksOff])
    let task = Task { [box] in
      withUnsafeCurrentTask { $0?.cancel() }
      try await box.publish(bytes: [1], as: "a.csv")
    }
    let error = await #expect(throws: SyncError.self) { try await task.value }
    #expect(error?.isStop == true)
    #expect(memory.calls.count == 1)
  }

  @Test("A stop ends the wait for another attempt")
  func aStopIsHeardBetweenAttempts() async throws {
    memory.fail(next: [.breaksOff, .breaksOff])
    let patience = Patience(clock: clock) { [clock] in clock.uptime > .zero }
    let box = RetryingDropbox(memory, patience: patience, attempts: 3)
    let error = await #expect(throws: SyncError.self) { try await box.stat("a.csv") }
    #expect(error?.isStop == true)
    #expect(memory.calls.count == 1)
    #expect(clock.uptime <= .seconds(1))
  }

  @Test("Where the deadline comes before the next attempt, the last failure is the answer")
  func noAttemptIsWaitedForPastTheDeadline() async throws {
    memory.fail(next: [.breaksOff, .breaksOff])
    let patience = Patience(clock: clock, deadline: clock.now + .milliseconds(500))
    let box = RetryingDropbox(memory, patience: patience, attempts: 3)
    let error = await #expect(throws: SyncError.self) { try await box.stat("a.csv") }
    #expect(error?.kind == .unavailable && error?.isStop == false)
    #expect(error?.reason == "the session broke off")
    #expect(clock.sleeps.isEmpty)
  }

  @Test func aSessionDroppedInMidUploadEndsWithTheWholeFile() async throws {
    try await withSSHD { server in
      let sftp = SFTPDropbox(.patient(try server.settings()))
      let box = RetryingDropbox(sftp, patience: Patience(clock: clock), attempts: 3)
      for megabytes in [128, 512, 1024, 2048] where clock.sleeps.isEmpty {
        let folder = TemporaryFolder()
        let local = try sparseFile(in: folder, megabytes: megabytes)
        let isOver = Flag()
        let upload = Task {
          defer { isOver.raise() }
          try await box.publish(local, as: "imports/a.csv.gz")
        }
        await server.strike(when: "imports/a.part", isOver) { server.dropSessions() }
        try await upload.value
        let files = try await box.list("imports/*")
        #expect(files.map(\.name) == ["imports/a.csv.gz"])
        #expect(files.map(\.size) == [UInt64(megabytes) << 20])
      }
      #expect(clock.uptime >= .seconds(1) && clock.uptime <= .milliseconds(1500), "one more")
    }
  }

  @Test func idleSessionsThatDiedTogetherCostOneAttempt() async throws {
    try await withSSHD { server in
      let sftp = SFTPDropbox(.patient(try server.settings()))
      let box = RetryingDropbox(sftp, patience: Patience(clock: clock), attempts: 2)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<4 {
          group.addTask { try await box.publish(bytes: [1], as: "\(number).csv") }
        }
        try await group.waitForAll()
      }
      server.dropSessions()
      #expect(try await box.list("*").count == 4)
    }
  }
}
