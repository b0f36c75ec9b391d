import Core
import HTTP

/// What was learnt of the service while writing, for all lanes: which ways of writing it offers, how
/// much it takes at once, and who we are.
actor WriteKnowledge {
  /// How rows travel, from the best way to the last.
  enum Way: Hashable, Sendable { case bulk, batch, single }

  struct Message: Hashable, Sendable {
    var table: String
    /// Such as `CreateMultiple`.
    var name: String
  }

  private struct Road: Hashable {
    var message: Message
    var way: Way
  }

  private let client: DataverseClient
  private var hasMessage: [Message: Bool] = [:]
  private var probes: [Message: Task<Result<Bool, SyncError>, Never>] = [:]
  private var hasBatch = true
  private var sizes: [Road: BulkSize] = [:]
  private var user: RowKey?
  /// By table: whether activities stand completed once they were created so.
  private var completes: [String: Bool] = [:]

  init(_ client: DataverseClient) { self.client = client }

  /// Asks the service, once for each message, however many lanes want to know.
  func way(_ message: Message) async throws(SyncError) -> Way {
    if let isThere = hasMessage[message] { return isThere ? .bulk : wayBelowBulk }
    let flight = probes[message] ?? Task { await probe(message) }
    probes[message] = flight
    let answer = await flight.value
    probes[message] = nil
    let isThere = try answer.get()
    hasMessage[message] = hasMessage[message] ?? isThere
    return hasMessage[message] == true ? .bulk : wayBelowBulk
  }

  var wayBelowBulk: Way { hasBatch ? .batch : .single }

  /// Where the list of messages cannot be read, the message is tried: custom tables have it.
  private func probe(_ message: Message) async -> Result<Bool, SyncError> {
    let filter = PercentEncoding.encode(
      "sdkmessageid/name eq '\(message.name)' and primaryobjecttypecode eq '\(message.table)'")
    let action = "ask Dynamics for \(message.name)"
    let path = "sdkmessagefilters?$select=sdkmessagefilterid&$filter=\(filter)"
    do throws(SyncError) {
      return .success(try await !client.list(path, for: action).isEmpty)
    } catch {
      return error.kind == .unavailable ? .failure(error) : .success(true)
    }
  }

  /// The service does not offer this way, whatever it said.
  func give(up way: Way, of message: Message) {
    if way == .bulk { hasMessage[message] = false }
    if way == .batch { hasBatch = false }
  }

  func size(_ message: Message, _ way: Way) -> Int {
    current(Road(message: message, way: way)).current
  }

  func answered(_ message: Message, _ way: Way, _ count: Int, in elapsed: Duration) {
    let road = Road(message: message, way: way)
    var size = current(road)
    size.answered(count, in: elapsed)
    sizes[road] = size
  }

  func shrink(_ message: Message, _ way: Way) {
    let road = Road(message: message, way: way)
    var size = current(road)
    size.shrink()
    sizes[road] = size
  }

  private func current(_ road: Road) -> BulkSize {
    if let size = sizes[road] { return size }
    switch road.way {
    case .bulk: return BulkSize(200)
    case .batch: return BulkSize(100)
    case .single: return BulkSize(20)
    }
  }

  func completesAtCreate(_ table: String) -> Bool? { completes[table] }

  func learn(_ table: String, completesAtCreate: Bool) { completes[table] = completesAtCreate }

  /// The first application user.
  func owner() async throws(SyncError) -> RowKey {
    if let user { return user }
    let action = "ask Dynamics who we are"
    let identity = try await client.document("WhoAmI", for: action)
    guard let key = identity["UserId"]?.text.flatMap({ RowKey($0) }) else {
      throw .incomplete("UserId", action)
    }
    user = key
    return key
  }
}
