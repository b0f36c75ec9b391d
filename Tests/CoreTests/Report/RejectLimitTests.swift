import Core
import Testing

@Suite struct RejectLimitTests {
  private let limit = RejectLimit(job: "contacts", share: 0.01)

  private func tally(read: Int, rejected: Int, retried: Int = 0) -> Tally {
    var tally = Tally()
    tally.read = read
    tally.rejected = rejected
    tally.retried = retried
    return tally
  }

  @Test func holdsAtTheLimitAndTripsAboveIt() {
    #expect(!limit.isExceeded(by: tally(read: 1000, rejected: 10)))
    #expect(limit.isExceeded(by: tally(read: 1000, rejected: 11)))
  }

  @Test func fewerThanAHundredRecordsAreNotJudged() {
    #expect(!limit.isExceeded(by: tally(read: 99, rejected: 99)))
    #expect(limit.isExceeded(by: tally(read: 100, rejected: 2)))
  }

  @Test func retriedRowsDoNotCount() {
    #expect(!limit.isExceeded(by: tally(read: 100, rejected: 1, retried: 50)))
  }

  @Test func nothingMayBeRejectedWhereTheLimitIsNought() {
    let strict = RejectLimit(job: "contacts", share: 0)
    #expect(!strict.isExceeded(by: tally(read: 100, rejected: 0)))
    #expect(strict.isExceeded(by: tally(read: 100, rejected: 1)))
  }

  @Test func theErrorSaysHowManyAndWhatToType() {
    let error = #expect(throws: SyncError.self) {
      try RejectLimit(job: "contacts", share: 0.005).check(tally(read: 400, rejected: 12))
    }
    #expect(error?.kind == .rejectedData)
    #expect(
      error?.reason == "12 of 400 records were rejected, more than the limit of 0.5 %")
    #expect(error?.next?.contains("--reject-limit") == true)
  }
}
