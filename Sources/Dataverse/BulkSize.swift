import Core

/// How many activities the next request carries: as many as the service writes in some seconds.
///
/// - Shape: never more than the service takes at once; at most twice and at least half as many as
///   the time before.
struct BulkSize: Sendable, Equatable {
  /// Far below the two minutes after which the service gives up.
  static let aim = Duration.seconds(4)
  static let least = 10
  static let most = 1000

  private(set) var current: Int

  init(_ first: Int) { current = first }

  /// A request of that many was answered well; waits that the service asked for are part of the
  /// time, so a throttled service gets smaller requests.
  mutating func answered(_ count: Int, in elapsed: Duration) {
    // A small rest says little about large requests.
    guard count * 2 >= current || elapsed > BulkSize.aim else { return }
    let share = max(elapsed / BulkSize.aim, 0.001)
    let wanted = min(Double(count) / share, Double(current * 2))
    current = min(max(Int(wanted), current / 2, BulkSize.least), BulkSize.most)
  }

  /// The service was out of time, or asked for less.
  mutating func shrink() { current = max(current / 2, BulkSize.least) }
}
