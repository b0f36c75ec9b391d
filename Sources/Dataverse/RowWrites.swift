import Core
import HTTP

/// Writes of rows, each for itself: in batches, or as requests of their own; and what became of each.
struct RowWrites: Sendable {
  struct Write: Sendable, Equatable {
    var method: String
    /// Below the root.
    var path: String
    /// Of a PATCH, always: without it the service creates what is not there.
    var ifMatch: String?
    var body: [UInt8]

    static func create(in set: String, _ body: [UInt8]) -> Write {
      Write(method: "POST", path: set, ifMatch: nil, body: body)
    }

    /// - Parameter version: the etag that the row must have; nil: any, but it must be there.
    static func update(_ key: RowKey, in set: String, version: String?, _ body: [UInt8]) -> Write {
      Write(method: "PATCH", path: "\(set)(\(key))", ifMatch: version ?? "*", body: body)
    }

    var isConditional: Bool { ifMatch != nil && ifMatch != "*" }
  }

  /// What became of one.
  enum Answer: Sendable, Equatable {
    case done
    case alreadyThere
    case missing
    /// The row has another version than the write wants.
    ///
    /// - Parameter mayBeOurs: an earlier try of the same may have made it.
    case overtaken(mayBeOurs: Bool)
    case refused(WriteVerdict.Refusal)
  }

  let client: DataverseClient
  let gate: any Gate
  let patience: Patience
  let knowledge: WriteKnowledge
  let message: WriteKnowledge.Message
  let action: String
  let purpose: WritePurpose

  /// An answer for each, in their order.
  func write(_ writes: [Write]) async throws(SyncError) -> [Answer] {
    try await oneByOne(writes.map { Attempt(write: $0) })
  }

  private struct Attempt {
    var write: Write
    /// It was sent before, and nobody knows what came of it.
    var mayBeDone = false

    var again: Attempt { Attempt(write: write, mayBeDone: true) }

    /// Nil: it has none yet.
    func answer(_ verdict: WriteVerdict) -> Answer? {
      switch verdict {
      case .done: .done
      case .alreadyThere where write.isConditional: .overtaken(mayBeOurs: mayBeDone)
      case .alreadyThere: .alreadyThere
      case .overtaken: .overtaken(mayBeOurs: mayBeDone)
      case .missing: .missing
      case .refused(let refusal): .refused(refusal)
      case .passing, .later, .unsupported, .fatal: nil
      }
    }
  }

  private func oneByOne(_ attempts: [Attempt]) async throws(SyncError) -> [Answer] {
    var answers: [Answer] = []
    answers.reserveCapacity(attempts.count)
    while answers.count < attempts.count {
      let way = await knowledge.wayBelowBulk
      let size = await knowledge.size(message, way)
      let some = Array(attempts[answers.count...].prefix(size))
      answers += way == .single ? try await singles(some) : try await batch(some, Trial())
    }
    return answers
  }

  /// How it stands with some writes after the requests so far.
  private struct Trial {
    /// That ended in passing faults, in a row.
    var tries = 0
    /// The service answered for a neighbour: it works.
    var isProven = false
  }

  private func batch(_ attempts: [Attempt], _ trial: Trial) async throws(SyncError) -> [Answer] {
    let started = patience.clock.uptime
    let request = BatchRequest(attempts.map(part), number: patience.clock.random())
    let reply = try await send("POST", "$batch", headers: request.headers, body: request.body)
    if case .answer(let response) = reply, let parts = BatchResponse.parts(of: response),
      !parts.isEmpty
    {
      let sorted = try sort(parts, of: attempts, trial)
      if sorted.open.isEmpty {
        let elapsed = patience.clock.uptime - started
        await knowledge.answered(message, .batch, attempts.count, in: elapsed)
      }
      return try await settle(sorted, attempts)
    }
    switch WriteVerdict(reply, action, purpose) {
    case .later(let error):
      await knowledge.shrink(message, .batch)
      try await wait(as: error)
      return try await batch(attempts, trial)
    case .passing(let error):
      return try await repeated(attempts.map(\.again), trial, error)
    case .done:
      return try await repeated(
        attempts.map(\.again), trial, .incomplete("the parts of a batch", action))
    case .unsupported, .refused, .alreadyThere, .overtaken, .missing:
      await knowledge.give(up: .batch, of: message)
      return try await oneByOne(attempts)
    case .fatal(let error): throw error
    }
  }

  private func part(_ attempt: Attempt) -> BatchRequest.Part {
    let write = attempt.write
    let headers = [HTTPHeader("Content-Type", "application/json")] + write.condition
    return .init(write.method, client.batchRoot + write.path, headers: headers, body: write.body)
  }

  private func repeated(
    _ attempts: [Attempt], _ trial: Trial, _ error: SyncError
  ) async throws(SyncError) -> [Answer] {
    await knowledge.shrink(message, .batch)
    try await pause(after: trial.tries, error)
    var trial = trial
    trial.tries += 1
    guard trial.tries > 1, attempts.count > 1 else { return try await batch(attempts, trial) }
    let middle = attempts.count / 2
    let first = try await batch(Array(attempts[..<middle]), trial)
    return first + (try await batch(Array(attempts[middle...]), Trial(isProven: true)))
  }

  // MARK: the parts of an answer

  private struct Sorted {
    var answers: [Answer?]
    /// Indices of those without an answer.
    var open: [Int] = []
    /// Why, of those whose part says so.
    var passing: [Int: SyncError] = [:]
    /// Of those that were not executed for sure.
    var throttled: [Int: SyncError] = [:]
    var trial: Trial
  }

  private func sort(
    _ parts: [HTTPResponse], of attempts: [Attempt], _ trial: Trial
  ) throws(SyncError) -> Sorted {
    var sorted = Sorted(answers: Array(repeating: nil, count: attempts.count), trial: trial)
    for (index, part) in parts.prefix(attempts.count).enumerated() {
      let verdict = WriteVerdict(part, action, purpose)
      switch verdict {
      case .later(let error): sorted.throttled[index] = error
      case .passing(let error): sorted.passing[index] = error
      case .unsupported(let error), .fatal(let error): throw error
      case .done, .alreadyThere, .overtaken, .missing, .refused:
        sorted.answers[index] = attempts[index].answer(verdict)
      }
    }
    try check(sorted.answers)
    sorted.open = sorted.answers.indices.filter { sorted.answers[$0] == nil }
    if sorted.open.count < attempts.count { sorted.trial.isProven = true }
    return sorted
  }

  /// Sends what is open again: a part that was throttled, or passed, or was never reached.
  private func settle(_ sorted: Sorted, _ attempts: [Attempt]) async throws(SyncError) -> [Answer] {
    var sorted = sorted
    guard !sorted.open.isEmpty else { return sorted.answers.compactMap(\.self) }
    if let longest = sorted.throttled.values.max(by: RowWrites.isShorter) {
      await knowledge.shrink(message, .batch)
      try await wait(as: longest)
    } else if let (_, error) = sorted.passing.first {
      let isLast = sorted.trial.tries >= RowWrites.attempts - 1
      // The service works, and stumbles over this one whenever it comes.
      if isLast, sorted.trial.isProven || attempts.count == 1 {
        for (index, error) in sorted.passing {
          sorted.answers[index] = .refused(.stumblingBlock(error))
        }
        sorted.open.removeAll { sorted.passing[$0] != nil }
      } else {
        try await pause(after: sorted.trial.tries, error)
        sorted.trial.tries += 1
      }
    }
    if !sorted.open.isEmpty {
      let rest = try await batch(
        sorted.open.map { sorted.throttled[$0] == nil ? attempts[$0].again : attempts[$0] },
        sorted.trial)
      for (index, answer) in zip(sorted.open, rest) { sorted.answers[index] = answer }
    }
    return sorted.answers.compactMap(\.self)
  }

  private static func isShorter(_ one: SyncError, _ other: SyncError) -> Bool {
    (one.retryAfter ?? .zero) < (other.retryAfter ?? .zero)
  }

  /// - Throws: where all of several were refused for their shape: no fault of their own.
  private func check(_ answers: [Answer?]) throws(SyncError) {
    guard answers.count >= 8 else { return }
    var first: WriteVerdict.Refusal?
    for answer in answers {
      guard case .refused(let refusal) = answer, refusal.isAboutShape else { return }
      first = first ?? refusal
    }
    if let first { throw first.error(action) }
  }

  // MARK: requests of their own

  private func singles(_ attempts: [Attempt]) async throws(SyncError) -> [Answer] {
    var answers: [Answer] = []
    for attempt in attempts {
      answers.append(try await single(attempt, isProven: !answers.isEmpty))
    }
    try check(answers)
    return answers
  }

  private func single(_ attempt: Attempt, isProven: Bool) async throws(SyncError) -> Answer {
    var attempt = attempt
    let write = attempt.write
    var tries = 0
    while true {
      let reply = try await send(
        write.method, write.path, headers: DataverseClient.json + write.condition, body: write.body)
      let verdict = WriteVerdict(reply, action, purpose)
      if let answer = attempt.answer(verdict) { return answer }
      switch verdict {
      case .later(let error): try await wait(as: error)
      case .passing(let error):
        let isAnswer = if case .answer = reply { true } else { false }
        if isAnswer, isProven, tries >= RowWrites.attempts - 1 {
          return .refused(.stumblingBlock(error))
        }
        try await pause(after: tries, error)
        tries += 1
        attempt = attempt.again
      case .unsupported(let error), .fatal(let error): throw error
      case .done, .alreadyThere, .overtaken, .missing, .refused: break
      }
    }
  }
}

extension RowWrites.Write {
  fileprivate var condition: [HTTPHeader] { ifMatch.map { [HTTPHeader("If-Match", $0)] } ?? [] }
}

// MARK: patience

extension RowWrites {
  func send(
    _ method: String, _ path: String, headers: [HTTPHeader] = DataverseClient.json, body: [UInt8]
  ) async throws(SyncError) -> DataverseClient.WriteReply {
    try await gate.wait(patience)
    return try await client.write(method, path, headers: headers, body: body, for: action)
  }

  /// As long as the service asks for, however often; for every request of this identity.
  func wait(as error: SyncError) async throws(SyncError) {
    let wait = max(error.retryAfter ?? .seconds(5), .seconds(1))
    try await gate.close(until: patience.clock.now + wait)
    try await gate.wait(patience)
  }

  /// - Throws: the error, where it was met often enough.
  func pause(after tries: Int, _ error: SyncError) async throws(SyncError) {
    guard tries < RowWrites.attempts - 1 else { throw error }
    let clock = patience.clock
    let delay = Backoff().delay(after: tries + 1, random: clock.random())
    try await patience.sleep(until: clock.now + (error.retryAfter ?? delay))
  }

  static let attempts = 6
}
