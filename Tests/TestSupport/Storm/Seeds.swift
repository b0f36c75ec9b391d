import Foundation

/// The seeds of the storms: some from the front, and every one that ever failed.
///
/// `STORM_SEEDS=10000` tells more stories; `make storm SEEDS=10000` does that.
package enum Seeds {
  private static let file = Golden.fixtures.appendingPathComponent("seeds/found.txt")

  /// One a line; what follows `#` is for people.
  private static let found: [UInt64] = {
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      UInt64(line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces))
    }
  }()

  private static let count =
    ProcessInfo.processInfo.environment["STORM_SEEDS"].flatMap(UInt64.init) ?? 200

  package static let all: [UInt64] = {
    let front = count == 0 ? [] : Array(1...count)
    return front + found.filter { $0 > count }
  }()

  /// A third of them, and every one that ever failed: for stories that take long.
  package static let some = all.filter { $0 % 3 == 0 || found.contains($0) }

  /// A two-hundredth of them: for stories that take seconds.
  package static let few = Array(1...max(1, count / 200))

  /// What a failing test says of its seed.
  package static func found(_ seed: UInt64) -> String {
    "seed \(seed): add it to fixtures/seeds/found.txt"
  }
}
