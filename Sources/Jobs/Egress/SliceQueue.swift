import Core

/// Slices on their way to Dynamics, in the order of the file.
struct SliceQueue {
  private var waiting: [(place: Int, mark: FileMark, ids: Set<RowKey>)] = []
  private var answered: [Int: SentSlice] = [:]
  private var next = 0
  private let mark: FileMark
  /// Of the content, behind the last slice that was added.
  private(set) var end: UInt64

  init(mark: FileMark, end: UInt64) {
    self.mark = mark
    self.end = end
  }

  var count: Int { waiting.count }
  /// Events that are under way: a repeat of one of them is no new event.
  var ids: Set<RowKey> { waiting.reduce(into: []) { $0.formUnion($1.ids) } }

  mutating func add(_ slice: ReadySlice, end: UInt64) -> Int {
    var mark = mark
    mark.offset = end
    self.end = end
    waiting.append((next, mark, Set(slice.activities.map(\.id))))
    next += 1
    return next - 1
  }

  /// Waits for the oldest, and takes it out.
  mutating func first(_ group: inout TaskGroup<SentSlice>) async -> SentSlice {
    let oldest = waiting.removeFirst()
    while answered[oldest.place] == nil {
      guard let sent = await group.next() else { break }
      answered[sent.place] = sent
    }
    var sent = answered.removeValue(forKey: oldest.place) ?? SentSlice(place: oldest.place)
    sent.mark = oldest.mark
    return sent
  }

  mutating func drain(
    _ group: inout TaskGroup<SentSlice>, _ settle: (SentSlice) async throws(SyncError) -> Void
  ) async throws(SyncError) {
    while !waiting.isEmpty { try await settle(await first(&group)) }
  }
}

/// Contacts that Dynamics was seen to have; bounded.
struct ContactBook {
  private static let most = 200_000
  private var known: Set<RowKey> = []

  func unknown(among keys: some Sequence<RowKey>) -> [RowKey] {
    Array(Set(keys).subtracting(known))
  }

  mutating func add(_ keys: Set<RowKey>) {
    if known.count + keys.count > ContactBook.most { known.removeAll() }
    known.formUnion(keys)
  }

  /// Those of the keys that are missing in Dynamics.
  mutating func missing(
    among keys: some Sequence<RowKey>, in sink: any ActivitySink
  ) async throws(SyncError) -> Set<RowKey> {
    let unknown = unknown(among: keys)
    if unknown.isEmpty { return [] }
    let found = try await sink.contacts(among: unknown)
    add(found)
    return Set(unknown).subtracting(found)
  }
}
