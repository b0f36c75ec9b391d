import Core
import Testing

@testable import HTTP

struct TransportFailureTests {
  @Test(
    "Each failure has an exit status",
    arguments: [
      (TransportFailure.Kind.unreachable, SyncError.Kind.unavailable), (.broken, .unavailable),
      (.untrusted, .permission), (.tooLarge, .protocolBroken), (.refused, .configuration),
      (.cancelled, .unavailable),
    ])
  func hasAStatus(kind: TransportFailure.Kind, status: SyncError.Kind) {
    let error = TransportFailure(kind, code: "curl 1").error(while: "read", with: "Dynamics")
    #expect(error.kind == status)
    #expect(error.isStop == (kind == .cancelled))
  }
}
