import Core

extension EgressJob {
  /// One complete export file -> activities.
  ///
  /// A safe point is a slice whose events Dynamics answered; two are under way at once.
  ///
  /// - Returns: what is wrong with this file; it is left where it stands, and others are not.
  func read(
    _ file: RemoteFile, _ emit: @escaping Emit<EgressState>
  ) async throws(SyncError) -> SyncError? {
    let (begun, start): ((mark: FileMark, slices: EventSlices)?, UInt64)
    switch try await attempt({ () async throws(SyncError) in try await open(file, emit) }) {
    case .success(let opened): (begun, start) = (opened, opened?.slices.end ?? 0)
    case .failure(let fault): return fault
    }
    guard let (mark, slices) = begun else { return nil }
    switch try await follow(slices, mark, from: start, emit) {
    case .end(let end):
      try await finish(mark, at: end, emit)
      return nil
    case .changed: return nil
    case .fault(let fault): return fault
    }
  }

  /// Nil where nothing of the file is to be read, now or any more.
  private func open(
    _ file: RemoteFile, _ emit: Emit<EgressState>
  ) async throws(SyncError) -> (mark: FileMark, slices: EventSlices)? {
    guard let mark = try await begin(file) else { return nil }
    let header = try await EventSlices.header(
      of: file, in: ports.dropbox, settings, block: ports.sizes.block)
    guard let header else {
      try await finish(mark, at: 0, emit)
      return nil
    }
    let plan = try EventPlan(settings, header: header, file: file.name)
    let start = max(mark.offset, header.end)
    let slices = EventSlices(
      try ExportFile(file, from: start, in: ports.dropbox, block: ports.sizes.block), plan,
      settings,
      from: start, ports.sizes)
    return (mark, slices)
  }

  /// Tells a fault of the file in hand from one that stops the job.
  private func attempt<Value>(
    _ work: () async throws(SyncError) -> Value
  ) async throws(SyncError) -> Result<Value, SyncError> {
    do throws(SyncError) {
      return .success(try await work())
    } catch {
      let kinds: [SyncError.Kind] = [.protocolBroken, .configuration, .permission]
      guard kinds.contains(error.kind) else { throw error }
      return .failure(error)
    }
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

  /// How far this very file was read before; nil where it is not complete, or gone.
  ///
  /// - Errors: damaged gzip data, before anything of the file is taken.
  private func begin(_ file: RemoteFile) async throws(SyncError) -> FileMark? {
    guard try await isUnchanged(file) else { return nil }
    let head = ports.digest(
      try await ports.dropbox.read(file.name, offset: 0, count: 1 << 16))
    var mark = FileMark(
      name: file.name, size: file.size, modified: file.modified, offset: 0, isDone: false,
      head: head)
    if let known = try await ports.ledger.file(file.name), known.size == mark.size,
      known.modified == mark.modified, known.head == head
    {
      mark.offset = known.offset
    }
    if mark.offset > 0 || file.size == 0 { return mark }
    guard try await isEnded(file) else {
      ports.note("\(file.name): not taken yet; its end is not there")
      return nil
    }
    return mark
  }

  /// Whether the last line is ended; of a packed file, all of it is unpacked once to see.
  private func isEnded(_ file: RemoteFile) async throws(SyncError) -> Bool {
    guard file.name.hasSuffix(".gz") else {
      let last = try await ports.dropbox.read(file.name, offset: file.size - 1, count: 1)
      return last == [0x0A]
    }
    let bytes = try ExportFile(file, from: 0, in: ports.dropbox, block: ports.sizes.block)
    var last: UInt8 = 0x0A
    do throws(SyncError) {
      while let block = try await bytes.next() {
        last = block.last ?? last
        try ports.patience.checkStop()
      }
    } catch {
      // Damaged data has a code of zlib's; data that is not all there has none.
      guard error.kind == .protocolBroken, error.code == nil else { throw error }
      return false
    }
    return last == 0x0A
  }

  private func isUnchanged(_ file: RemoteFile) async throws(SyncError) -> Bool {
    let now = try await ports.dropbox.stat(file.name)
    if now == file { return true }
    ports.note("\(file.name): not taken yet; it \(now == nil ? "is gone" : "has changed")")
    return false
  }

  private enum Reading: Sendable {
    /// All of it, up to this byte of the content.
    case end(UInt64)
    /// The file is no longer the one that was begun.
    case changed
    case fault(SyncError)
  }

  private func follow(
    _ slices: EventSlices, _ mark: FileMark, from start: UInt64, _ emit: @escaping Emit<EgressState>
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
          switch try await attempt({ () async throws(SyncError) in try await slices.next() }) {
          case .success(let next): slice = next
          case .failure(let fault): reading = .fault(fault)
          }
          if reading == nil, !(try await isUnchanged(file)) { reading = .changed }
          if reading == nil, slice == nil { reading = .end(queue.end) }
          guard reading == nil, let slice else { break }
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
