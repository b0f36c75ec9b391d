/// Finished rows as bytes, in memory that is used again page after page.
///
/// - Shape: whole rows, back to back; a row that fails half-way is cut off again.
package struct RowBuffer: Sendable {
  package private(set) var bytes: [UInt8] = []

  /// Where a row began.
  package struct Mark: Sendable { fileprivate var count: Int }

  package init() {}

  package var isEmpty: Bool { bytes.isEmpty }

  /// Forgets the rows and keeps the memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  package func beginRow() -> Mark { Mark(count: bytes.count) }

  /// Takes back everything since the mark.
  package mutating func cutBack(to mark: Mark) {
    bytes.removeLast(bytes.count - mark.count)
  }

  package mutating func append(_ more: some Collection<UInt8>) {
    bytes.append(contentsOf: more)
  }

  /// Lends free memory for at most `capacity` bytes.
  ///
  /// - Parameter body: writes from the pointer on, and returns how many bytes stay.
  mutating func write(
    upTo capacity: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int
  ) {
    if bytes.capacity - bytes.count < capacity {
      bytes.reserveCapacity(max(bytes.capacity * 2, bytes.count + capacity, 64 << 10))
    }
    bytes.append(addingCapacity: capacity) { span in
      span.withUnsafeMutableBufferPointer { buffer, count in
        guard let start = buffer.baseAddress else { return }
        count = body(start)
        precondition(count <= capacity, "a row overran its bound")
      }
    }
  }
}
