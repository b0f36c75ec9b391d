import Core
import Synchronization

/// A board of this process only: where there is no state folder to share, and for tests.
package final class MemoryPermitBoard: PermitBoard {
  /// What the holders have in common.
  private final class Shared: Sendable {
    let record = Mutex<[UInt64]>([])
    let marks = Mutex<[Int: ObjectIdentifier]>([:])
  }

  private let shared: Shared

  package init() { shared = Shared() }

  private init(_ shared: Shared) { self.shared = shared }

  deinit { shared.marks.withLock { marks in marks = marks.filter { $0.value != me } } }

  /// Another holder, as another process would be.
  package func neighbour() -> MemoryPermitBoard { MemoryPermitBoard(shared) }

  private var me: ObjectIdentifier { ObjectIdentifier(self) }

  package func mark(_ place: Int) -> Bool {
    shared.marks.withLock { marks in
      let holder = marks[place] ?? me
      marks[place] = holder
      return holder == me
    }
  }

  package func unmark(_ place: Int) {
    shared.marks.withLock { marks in
      if marks[place] == me { marks[place] = nil }
    }
  }

  package func isMarkedByOthers(_ places: Range<Int>) -> Bool {
    shared.marks.withLock { marks in
      marks.contains { places.contains($0.key) && $0.value != me }
    }
  }

  package func update<Value>(
    _ change: (inout [UInt64]) throws(SyncError) -> Value
  ) throws(SyncError) -> Value {
    // Apart from the marks: the change may mark.
    try shared.record.withLock { record throws(SyncError) in
      var words = record
      let value = try change(&words)
      record = words
      return value
    }
  }
}
