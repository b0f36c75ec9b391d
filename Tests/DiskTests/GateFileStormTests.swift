import Core
import HTTP
import TestSupport
import Testing

@testable import Disk

struct GateFileStormTests {
  @Test("Two processes share a gate: what one is told, the other obeys")
  func twoTransportsObeyOneFile() async throws {
    let folder = TemporaryFolder()
    let clock = FakeClock()
    let far = ScriptedTransport(clock: clock) { _, number in
      number % 7 == 0
        ? .success(HTTPResponse(429, headers: [HTTPHeader("Retry-After", "\(30 + number)")]))
        : .success(HTTPResponse(200))
    }
    let transports = try (0..<2).map { _ in
      GatedTransport(
        far, gate: try GateFile(folder: folder.path, identity: "client"),
        permits: Permits(4, clock: clock), patience: Patience(clock: clock))
    }
    await oneAtATime {
      await withTaskGroup(of: Void.self) { group in
        for caller in 0..<20 {
          group.addTask {
            await #expect(throws: Never.self) {
              _ = try await transports[caller % 2].send(HTTPRequest("GET", "https://h/"))
            }
          }
        }
      }
    }
    let arrivals = far.arrivals
    #expect(arrivals.count == 22 || arrivals.count == 23)
    for number in stride(from: 7, through: arrivals.count, by: 7) {
      let refused = arrivals[number - 1].at
      let end = refused + .seconds(30 + number)
      #expect(arrivals.allSatisfy { $0.at <= refused || $0.at >= end })
    }
  }
}
