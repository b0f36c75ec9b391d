import Core
import HTTP

/// The application users that write at once, and what they have in common.
///
/// - Shape: `concurrency` lanes for each; a lane takes the next rows, as many as a request should
///   carry now, and brings them to their end before it takes more. One whose user the service asks
///   to wait takes nothing meanwhile: the others do.
struct ApplicationUsers: Sendable {
  let first: DataverseClient
  let clients: [DataverseClient]
  let gates: [any Gate]
  let concurrency: Int
  let patience: Patience
  let knowledge: WriteKnowledge

  init(
    first: DataverseClient, others: [DataverseClient], concurrency: Int, patience: Patience,
    gates: [any Gate]
  ) {
    self.first = first
    clients = [first] + others
    self.concurrency = max(concurrency, 1)
    self.patience = patience
    self.gates = clients.indices.map { $0 < gates.count ? gates[$0] : MemoryGate() }
    knowledge = WriteKnowledge(first)
  }

  /// An outcome for each item, in their order.
  ///
  /// - Parameter order: in which lanes take them; nil: their own.
  /// - Parameter lane: of the application user at this place.
  func write<Lane: WriteLane>(
    _ items: [Lane.Item], takenAs order: [Int]? = nil, by lane: (Int) -> Lane
  ) async throws(SyncError) -> [Lane.Outcome] {
    let queue = WriteQueue<Lane.Item, Lane.Outcome>(
      items, order: order ?? Array(items.indices), lanes: clients.count * concurrency)
    let failure = await withTaskGroup(of: SyncError?.self) { group in
      // The first lane of each application user, then the second of each: few go to all of them.
      for _ in 0..<concurrency {
        for index in clients.indices {
          let lane = lane(index)
          group.addTask { await work(lane, gates[index], queue) }
        }
      }
      var failure: SyncError?
      for await error in group {
        guard let error else { continue }
        if failure == nil || failure?.isStop == true { failure = error }
        group.cancelAll()
      }
      return failure
    }
    if let failure { throw failure }
    return await queue.outcomes.compactMap(\.self)
  }

  /// - Returns: what ended it before the queue did.
  private func work<Lane: WriteLane>(
    _ lane: Lane, _ gate: any Gate, _ queue: WriteQueue<Lane.Item, Lane.Outcome>
  ) async -> SyncError? {
    do throws(SyncError) {
      while true {
        try patience.checkStop()
        guard try await waits(gate, queue) else { return nil }
        let (places, items) = await queue.take(try await lane.size())
        if items.isEmpty { return nil }
        await queue.put(try await lane.write(items), at: places)
      }
    } catch {
      return error
    }
  }
}

extension ApplicationUsers {
  /// Waits for the gate as long as there is something to take.
  ///
  /// - Returns: false where the others took all.
  /// - Throws: `.stopped`; or, at once, that the deadline comes before the gate opens.
  private func waits<Item, Outcome>(
    _ gate: any Gate, _ queue: WriteQueue<Item, Outcome>
  ) async throws(SyncError) -> Bool {
    let clock = patience.clock
    while await !queue.isEmpty {
      let now = clock.now
      guard let moment = try await gate.notBefore(), moment > now, patience.allows(moment),
        moment - now <= .seconds(86_400)
      else {
        try await gate.wait(patience)
        return true
      }
      // One more look at the queue, soon: nobody is to wait minutes for nothing.
      try await patience.sleep(until: min(moment, now + .milliseconds(100)))
    }
    return false
  }
}

/// One request at a time of one application user.
protocol WriteLane<Item, Outcome>: Sendable {
  associatedtype Item: Sendable
  associatedtype Outcome: Sendable

  /// The most that one request should carry now.
  func size() async throws(SyncError) -> Int
  func write(_ items: [Item]) async throws(SyncError) -> [Outcome]
}

/// What no lane has taken yet, and what became of the rest.
private actor WriteQueue<Item: Sendable, Outcome: Sendable> {
  private let items: [Item]
  private let order: [Int]
  private let share: Int
  private var taken = 0
  private(set) var outcomes: [Outcome?]

  init(_ items: [Item], order: [Int], lanes: Int) {
    self.items = items
    self.order = order
    // A lane with less than that costs more in requests than it saves in time.
    share = max((items.count + lanes - 1) / lanes, 50)
    outcomes = Array(repeating: nil, count: items.count)
  }

  var isEmpty: Bool { taken == order.count }

  func take(_ most: Int) -> (places: [Int], items: [Item]) {
    let end = min(taken + min(most, share), order.count)
    let places = Array(order[taken..<end])
    taken = end
    return (places, places.map { items[$0] })
  }

  func put(_ some: [Outcome], at places: [Int]) {
    for (place, outcome) in zip(places, some) { outcomes[place] = outcome }
  }
}
