import Core
import HTTP

/// Each activity for itself: in batches, or as a request of its own.
extension ActivityWriter {
  func oneByOne(_ activities: [Activity]) async throws(SyncError) -> [Answer] {
    var answers: [Answer] = []
    answers.reserveCapacity(activities.count)
    while answers.count < activities.count {
      let way = await knowledge.wayBelowBulk
      let size = await knowledge.size(message, way)
      let some = Array(activities[answers.count...].prefix(size))
      answers += way == .single ? try await singles(some) : try await batch(some, Trial())
    }
    return answers
  }

  /// How it stands with some activities after the requests so far.
  private struct Trial {
    /// That ended in passing faults, in a row.
    var tries = 0
    /// The service answered for a neighbour: it works.
    var isProven = false
  }

  private func batch(_ activities: [Activity], _ trial: Trial) async throws(SyncError) -> [Answer] {
    let started = patience.clock.uptime
    let request = BatchRequest(activities.map(part), number: patience.clock.random())
    let reply = try await send("POST", "$batch", headers: request.headers, body: request.body)
    if case .answer(let response) = reply, let parts = BatchResponse.parts(of: response),
      !parts.isEmpty
    {
      let sorted = try sort(parts, of: activities, trial)
      if sorted.open.isEmpty {
        let elapsed = patience.clock.uptime - started
        await knowledge.answered(message, .batch, activities.count, in: elapsed)
      }
      return try await settle(sorted, activities)
    }
    switch WriteVerdict(reply, action) {
    case .later(let error):
      await knowledge.shrink(message, .batch)
      try await wait(as: error)
      return try await batch(activities, trial)
    case .passing(let error):
      return try await repeated(activities, trial, error)
    case .done:
      return try await repeated(activities, trial, .incomplete("the parts of a batch", action))
    case .unsupported, .refused, .alreadyThere, .missing:
      await knowledge.give(up: .batch, of: message)
      return try await oneByOne(activities)
    case .fatal(let error): throw error
    }
  }

  private func part(_ activity: Activity) -> BatchRequest.Part {
    var body: [UInt8] = []
    append(activity, isTarget: false, to: &body)
    let root = client.batchRoot
    let json = HTTPHeader("Content-Type", "application/json")
    return switch verb {
    case .create: .init("POST", root + table.entitySet, headers: [json], body: body)
    case .complete:
      .init(
        "PATCH", "\(root)\(table.entitySet)(\(activity.id))",
        headers: [json, HTTPHeader("If-Match", "*")], body: body)
    }
  }

  private func repeated(
    _ activities: [Activity], _ trial: Trial, _ error: SyncError
  ) async throws(SyncError) -> [Answer] {
    await knowledge.shrink(message, .batch)
    try await pause(after: trial.tries, error)
    var trial = trial
    trial.tries += 1
    guard trial.tries > 1, activities.count > 1 else { return try await batch(activities, trial) }
    let middle = activities.count / 2
    let first = try await batch(Array(activities[..<middle]), trial)
    return first + (try await batch(Array(activities[middle...]), Trial(isProven: true)))
  }

  // MARK: the parts of an answer

  private struct Sorted {
    var answers: [Answer?]
    /// Indices of those without an answer.
    var open: [Int] = []
    /// Why, of those whose part says so.
    var passing: [Int: SyncError] = [:]
    var throttled: SyncError?
    var trial: Trial
  }

  private func sort(
    _ parts: [HTTPResponse], of activities: [Activity], _ trial: Trial
  ) throws(SyncError) -> Sorted {
    var sorted = Sorted(answers: Array(repeating: nil, count: activities.count), trial: trial)
    for (index, part) in parts.prefix(activities.count).enumerated() {
      switch WriteVerdict(part, action) {
      case .later(let error): sorted.throttled = error
      case .passing(let error): sorted.passing[index] = error
      case .unsupported(let error), .fatal(let error): throw error
      case .done: sorted.answers[index] = .done
      case .alreadyThere: sorted.answers[index] = .alreadyThere(isOpen: nil)
      case .missing: sorted.answers[index] = .missing
      case .refused(let refusal): sorted.answers[index] = .refused(refusal)
      }
    }
    try check(sorted.answers)
    sorted.open = sorted.answers.indices.filter { sorted.answers[$0] == nil }
    if sorted.open.count < activities.count { sorted.trial.isProven = true }
    return sorted
  }

  /// Sends what is open again: a part that was throttled, or passed, or was never reached.
  private func settle(
    _ sorted: Sorted, _ activities: [Activity]
  ) async throws(SyncError) -> [Answer] {
    var sorted = sorted
    guard !sorted.open.isEmpty else { return sorted.answers.compactMap(\.self) }
    if let throttled = sorted.throttled {
      await knowledge.shrink(message, .batch)
      try await wait(as: throttled)
    } else if let (_, error) = sorted.passing.first {
      let isLast = sorted.trial.tries >= ActivityWriter.attempts - 1
      // The service works, and stumbles over this one whenever it comes.
      if isLast, sorted.trial.isProven || activities.count == 1 {
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
      let rest = try await batch(sorted.open.map { activities[$0] }, sorted.trial)
      for (index, answer) in zip(sorted.open, rest) { sorted.answers[index] = answer }
    }
    return sorted.answers.compactMap(\.self)
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

  private func singles(_ activities: [Activity]) async throws(SyncError) -> [Answer] {
    var answers: [Answer] = []
    for activity in activities {
      answers.append(try await single(activity, isProven: !answers.isEmpty))
    }
    try check(answers)
    return answers
  }

  private func single(_ activity: Activity, isProven: Bool) async throws(SyncError) -> Answer {
    var tries = 0
    while true {
      var body: [UInt8] = []
      append(activity, isTarget: false, to: &body)
      let reply =
        switch verb {
        case .create: try await send("POST", table.entitySet, body: body)
        case .complete:
          try await send(
            "PATCH", "\(table.entitySet)(\(activity.id))",
            headers: DataverseClient.json + [HTTPHeader("If-Match", "*")], body: body)
        }
      switch WriteVerdict(reply, action) {
      case .done: return .done
      case .alreadyThere: return .alreadyThere(isOpen: nil)
      case .missing: return .missing
      case .refused(let refusal): return .refused(refusal)
      case .later(let error): try await wait(as: error)
      case .passing(let error):
        let isAnswer = if case .answer = reply { true } else { false }
        if isAnswer, isProven, tries >= ActivityWriter.attempts - 1 {
          return .refused(.stumblingBlock(error))
        }
        try await pause(after: tries, error)
        tries += 1
      case .unsupported(let error), .fatal(let error): throw error
      }
    }
  }
}
