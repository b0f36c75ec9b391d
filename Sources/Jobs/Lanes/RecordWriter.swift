import Core

/// What became of some rows.
struct WrittenRows: Sendable {
  var tally = Tally()
  var entries: [LedgerEntry] = []
  /// Why the rest was not tried; what is counted above is done all the same.
  var failure: SyncError?
  /// Some of the entries make deletions wait.
  var hasCollected = false

  mutating func add(_ rejection: Rejection) {
    tally.rejected += 1
    entries.append(.pending(rejection))
  }

  mutating func add(_ more: WrittenRows) {
    tally += more.tally
    entries += more.entries
    failure = failure ?? more.failure
    hasCollected = hasCollected || more.hasCollected
  }

  /// Works on all items, some at once; after a failure no other is begun.
  static func working<Item: Sendable>(
    on items: [Item], atOnce: Int, _ work: @escaping @Sendable (Item) async -> WrittenRows
  ) async -> WrittenRows {
    await withTaskGroup(of: WrittenRows.self) { group in
      var sum = WrittenRows()
      var next = items.makeIterator()
      var running = 0
      while true {
        while running < max(atOnce, 1), sum.failure == nil, let item = next.next() {
          running += 1
          group.addTask { await work(item) }
        }
        guard running > 0, let more = await group.next() else { return sum }
        running -= 1
        sum.add(more)
      }
    }
  }
}

/// Upserts rows by key: no call for what is proven equal, else look up, compare, write what differs.
///
/// - Units: engine calls are Adobe's: insert 1, update 2, or 1 if nothing changed.
struct RecordWriter: Sendable {
  let store: any ResourceStore
  /// Names whose values a look-up is to show.
  let fields: [String]
  /// Rows name records of other jobs.
  var hasParents = false
  /// Rows that the ledger knows to have been written.
  var written: Set<RowKey> = []
  /// Also the fields with `applyUpdates: false`.
  let includingCreateOnly: Bool
  /// Rows are changes; what is read in bulk may opt out, never in.
  let mayOptIn: Bool
  let digest: @Sendable ([UInt8]) -> RowDigest

  /// Rows with the same key, if any, are not written at the same time: one page has each key once.
  func write(_ rows: [MappedRow], known: [RowKey: KnownRow], atOnce: Int) async -> WrittenRows {
    await WrittenRows.working(on: rows, atOnce: atOnce) { await write($0, known: known[$0.key]) }
  }

  private func write(_ row: MappedRow, known: KnownRow?) async -> WrittenRows {
    let print = digest(row.canonicalBytes)
    var done = WrittenRows()
    if known == .proven(print) {
      done.tally.unchanged = 1
      done.tally.engineCallsSaved = 1
      done.entries = [.settled(row.key.description)]
      return done
    }
    do throws(SyncError) {
      switch try await upsert(row, &done.tally) {
      case nil:
        done.entries = [.proven(row.key, digest: print)]
        if hasParents { done.entries.append(.linked(row.key, parents: row.parents.map(\.key))) }
      case let rejection?: done.add(rejection)
      }
    } catch {
      done.failure = error
    }
    return done
  }

  /// - Returns: nil when Campaign holds the row as mapped, else why it does not.
  private func upsert(_ row: MappedRow, _ tally: inout Tally) async throws(SyncError) -> Rejection?
  {
    for _ in 0..<4 {
      let found = try await store.find(key: row.key.description, fields: fields)
      switch found.count {
      case 0:
        let outcome = try await store.create(row.forCreate)
        switch outcome {
        case .done:
          tally.created += 1
          tally.engineCalls += 1
          return nil
        case .refused(let code, let excerpt):
          // Somebody else may have created it in between: only a second look can tell.
          if try await store.find(key: row.key.description, fields: fields).isEmpty {
            return refused(row, code, excerpt, isHidden: mayBeHidden(row))
          }
        case .absent, .unknown: break  // look again
        }
      case 1:
        let changes = row.differences(
          from: found[0], includingCreateOnly: includingCreateOnly, mayOptIn: mayOptIn)
        if changes.isEmpty {
          tally.unchanged += 1
          tally.engineCalls += 1
          return nil
        }
        switch try await store.update(found[0], changes) {
        case .done:
          tally.updated += 1
          tally.engineCalls += 2
          return nil
        case .refused(let code, let excerpt): return refused(row, code, excerpt)
        case .absent, .unknown: break
        }
      default:
        return Rejection(
          key: row.key.description, rule: "severalRecords",
          reason: "several Campaign records have this key: merge them in Campaign")
      }
    }
    throw SyncError(
      .unavailable, "write a record to Campaign",
      "its outcome stayed unknown after four attempts", next: "run the same command again")
  }

  /// A record that was not found, and may be there: it may have lost the target of its link, whatever
  /// link the row has now.
  private func mayBeHidden(_ row: MappedRow) -> Bool {
    hasParents && (row.parents.isEmpty || written.contains(row.key))
  }

  private func refused(
    _ row: MappedRow, _ code: String, _ excerpt: String, isHidden: Bool = false
  ) -> Rejection {
    var reason = "Campaign refused the record (\(code))"
    if isHidden { reason += "; it may hold it and hide it, as its link has no target" }
    return Rejection(key: row.key.description, rule: "refused", reason: reason, excerpt: excerpt)
  }
}
