import Core
import TestSupport
import Testing

@testable import Jobs

/// The token that the changes since a load are followed from.
@Suite struct LoadTokenTests {
  private let began = Instant(seconds: 1_000_000)

  @Test("A load by ranges has that of its scan of keys, for as long as that load goes on")
  func ofALoad() {
    var state = IngressState()
    state.export.began = began
    state.export.partition = PartitionSlot()
    #expect(state.loadToken == nil, "the keys are still being listed")
    state.export.partition?.token = "keys"
    state.export.partition?.tokenDays = 7
    #expect(state.loadToken == DeltaToken(link: "keys", taken: began, days: 7))
    state.scanned("rows", days: 7)
    #expect(state.loadToken?.link == "rows")
    state.phase = .loaded
    #expect(state.loadToken == nil)
  }

  @Test("Half of a life that nobody knows is never over")
  func half() {
    let token = DeltaToken(link: "", taken: began, days: 7)
    let half = began + .seconds(7 * 43_200)
    #expect(!token.isPastHalf(at: half))
    #expect(token.isPastHalf(at: half + .milliseconds(1)))
    #expect(token.expiry == began + .seconds(7 * 86_400))
    #expect(!DeltaToken(link: "", taken: began).isPastHalf(at: half + .seconds(1_000_000)))
  }

  @Test("The scan of keys notes how long the service keeps its token")
  func noted() throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 200)
    bench.wish { $0.partitionFrom = 20 }
    let table = bench.table
    bench.wish { $0.isStopped = { table.requests.contains("range") } }
    #expect(bench.life(.export).failure?.isStop == true)
    #expect(bench.state?.loadToken?.days == 30)
  }
}
