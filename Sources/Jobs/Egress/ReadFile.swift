import Core

extension EgressJob {
  /// One complete export file -> activities.
  ///
  /// A safe point is a slice whose events Dynamics answered; two are under way at once.
  ///
  /// - Parameter broken: log ids of the rows that are pending because they are broken.
  /// - Returns: what is wrong with this file; it is left where it stands, and others are not.
  func read(
    _ file: RemoteFile, _ broken: inout Set<String>, _ emit: @escaping Emit<EgressState>
  ) async throws(SyncError) -> SyncError? {
    let (begun, start): ((mark: FileMark, slices: ExportSlices<EventSlice>)?, UInt64)
    let known = broken
    switch try await export.attempt({ () async throws(SyncError) in
      try await open(file, known, emit)
    }) {
    case .success(let opened): (begun, start) = (opened, opened?.slices.end ?? 0)
    case .failure(let fault): return fault
    }
    guard let (mark, slices) = begun else { return nil }
    switch try await follow(slices, mark, from: start, &broken, emit) {
    case .end(let end):
      try await finish(mark, at: end, emit)
      return nil
    case .changed: return nil
    case .fault(let fault): return fault
    }
  }

  /// Nil where nothing of the file is to be read, now or any more.
  private func open(
    _ file: RemoteFile, _ broken: Set<String>, _ emit: Emit<EgressState>
  ) async throws(SyncError) -> (mark: FileMark, slices: ExportSlices<EventSlice>)? {
    guard let mark = try await export.begin(file) else { return nil }
    guard let header = try await export.header(of: file) else {
      try await finish(mark, at: 0, emit)
      return nil
    }
    let plan = try EventPlan(settings, header: header, file: file.name)
    let start = max(mark.offset, header.end)
    let slices = try ExportSlices<EventSlice>(file, export, from: start) {
      $1.take($0, plan, broken)
    }
    return (mark, slices)
  }

  private func finish(
    _ mark: FileMark, at end: UInt64, _ emit: Emit<EgressState>
  ) async throws(SyncError) {
    var done = mark
    (done.offset, done.isDone) = (end, true)
    var tally = Tally()
    tally.files = 1
    try await emit(
      Advance(tally: tally, settle: Settlement(entries: [.file(done)]), now: true) { state in
        state.waiting.removeAll { $0.name == mark.name }
      })
  }

  private enum Reading: Sendable {
    /// All of it, up to this byte of the content.
    case end(UInt64)
    /// The file is no longer the one that was begun.
    case changed
    case fault(SyncError)
  }

  private func follow(
    _ slices: ExportSlices<EventSlice>, _ mark: FileMark, from start: UInt64,
    _ broken: inout Set<String>, _ emit: @escaping Emit<EgressState>
  ) async throws(SyncError) -> Reading {
    let file = RemoteFile(name: mark.name, size: mark.size, modified: mark.modified)
    let sink = ports.activities
    let result = await withTaskGroup(of: SentSlice.self) { group -> Result<Reading, SyncError> in
      var queue = SliceQueue(mark: mark, end: start)
      var contacts = ContactBook()
      do throws(SyncError) {
        var reading: Reading?
        while reading == nil {
          var slice: EventSlice?
          switch try await export.attempt({ () async throws(SyncError) in try await slices.next() })
          {
          case .success(let next): slice = next
          case .failure(let fault): reading = .fault(fault)
          }
          if reading == nil, !(try await export.isUnchanged(file)) { reading = .changed }
          if reading == nil, slice == nil { reading = .end(queue.end) }
          guard reading == nil, let slice else { break }
          broken.subtract(slice.mended)
          broken.formUnion(slice.broken.map(\.key))
          let ready = try await prepare(slice, underWay: queue.ids, &contacts)
          if queue.count >= 2 {
            let sent = await queue.first(&group)
            try await settle(sent, emit)
          }
          let place = queue.add(ready, end: slice.end)
          group.addTask { await ready.send(to: sink, place: place) }
        }
        try await queue.drain(&group) { sent throws(SyncError) in try await settle(sent, emit) }
        return .success(reading ?? .changed)
      } catch {
        if error.isStop { await settleRest(&queue, &group, emit) }
        group.cancelAll()
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// A run that is asked to end still records what Dynamics has answered.
  private func settleRest(
    _ queue: inout SliceQueue, _ group: inout TaskGroup<SentSlice>, _ emit: Emit<EgressState>
  ) async {
    while queue.count > 0 {
      let sent = await queue.first(&group)
      if sent.failure != nil { return }
      do throws(SyncError) {
        try await settle(sent, emit)
      } catch {
        guard error.isStop else { return }
      }
    }
  }
}
