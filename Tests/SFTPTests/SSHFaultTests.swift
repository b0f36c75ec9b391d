import Core
import Testing

@testable import SFTP

@Suite struct SSHFaultTests {
  @Test(arguments: [
    (SSHFault.library(-13), SyncError.Kind.unavailable, "libssh2 -13", true),
    (.library(-9), .unavailable, "libssh2 -9", true),
    (.status(2), .unavailable, "sftp status 2", false),
    (.status(3), .permission, "sftp status 3", false),
    (.status(4), .unavailable, "sftp status 4", false),
    (.status(8), .protocolBroken, "sftp status 8", false),
    (.status(14), .unavailable, "sftp status 14", false),
    (.status(15), .unavailable, "sftp status 15", false),
    (.status(99), .protocolBroken, "sftp status 99", false),
  ])
  func aFaultHasAKindItsCodeAndAWayOut(
    _ fault: SSHFault, _ kind: SyncError.Kind, _ code: String, _ mayPass: Bool
  ) {
    let error = SyncError.sftp(fault, "publish a.csv")
    #expect(error.kind == kind)
    #expect(error.code == code)
    #expect(error.action == "publish a.csv")
    #expect(error.next?.isEmpty == false)
    #expect(error.isRemoteAnswer == !mayPass)
  }

  @Test func aRefusedBlockMeansAFullServer() {
    let error = SyncError.sftp(.failure, "publish a.csv", isWrite: true)
    #expect(error.kind == .unavailable)
    #expect(error.next?.contains("free space") == true)
  }
}
