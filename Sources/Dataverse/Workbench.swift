import Synchronization

/// How many pages of ranges are worked on at once: a reader has its seat from before it asks for the
/// page after the one in hand until it comes back for that.
///
/// Without it every reader of a fast service has two pages, their cells and their rows in memory; who
/// waits for a seat has one page. Two seats take in more rows than Dynamics hands out.
package final class Workbench: Sendable {
  /// Given back when nobody holds it any more.
  final class Seat: Sendable {
    private let bench: Workbench
    fileprivate init(_ bench: Workbench) { self.bench = bench }
    deinit { bench.giveBack() }
  }

  private struct Standing {
    var free: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let standing: Mutex<Standing>

  package init(seats: Int = 2) { standing = Mutex(Standing(free: seats)) }

  /// First come, first served: whoever has a seat works, and waits for no other.
  func take() async -> Seat {
    await withCheckedContinuation { continuation in
      let isFree = standing.withLock { standing in
        guard standing.free == 0 else {
          standing.free -= 1
          return true
        }
        standing.waiting.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
    return Seat(self)
  }

  private func giveBack() {
    let next = standing.withLock { standing -> CheckedContinuation<Void, Never>? in
      if standing.waiting.isEmpty {
        standing.free += 1
        return nil
      }
      return standing.waiting.removeFirst()
    }
    next?.resume()
  }
}
