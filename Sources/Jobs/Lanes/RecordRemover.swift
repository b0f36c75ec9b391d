import Core

/// Deletes records by key: looks up, deletes the one that is there; none is success.
///
/// - Units: a delete is one engine call.
struct RecordRemover: Sendable {
  let store: any ResourceStore

  /// - Parameter hiddenBy: records that Campaign may hide for want of this parent.
  func remove(
    _ deletions: [Deletion], hiddenBy parents: [RowKey: ParentKey] = [:], atOnce: Int
  ) async -> WrittenRows {
    await WrittenRows.working(on: deletions, atOnce: atOnce) {
      await remove($0, hiddenBy: parents[$0.key])
    }
  }

  /// Which of the rows that the ledger does not know are in Campaign.
  ///
  /// A create may have been accepted just before a crash; what is not there need not be deleted.
  func lookUp(_ keys: [RowKey], atOnce: Int) async -> WrittenRows {
    await WrittenRows.working(on: keys, atOnce: atOnce) { key in
      var done = WrittenRows()
      do throws(SyncError) {
        let isThere = try await !store.find(key: key.description, fields: []).isEmpty
        done.entries = [isThere ? .sent(key) : .deletionsDropped([key])]
      } catch {
        done.failure = error
      }
      return done
    }
  }

  private func remove(_ deletion: Deletion, hiddenBy parent: ParentKey?) async -> WrittenRows {
    var done = WrittenRows()
    do throws(SyncError) {
      let key = deletion.key.description
      if let rejection = try await remove(key, hiddenBy: parent, &done.tally) {
        // A record that is hidden may as well be gone, by a try that nobody heard of.
        let isThere = rejection.parent == nil
        done.entries = [
          isThere ? .deletionFailed(deletion.key) : .deletionsDropped([deletion.key]),
          .pending(rejection),
        ]
      } else {
        done.entries = [.deleted(deletion.key, approved: deletion.isApproved)]
      }
    } catch {
      done.failure = error
    }
    return done
  }

  /// - Returns: nil when Campaign has no such record any more, else why it still has.
  private func remove(
    _ key: String, hiddenBy parent: ParentKey?, _ tally: inout Tally
  ) async throws(SyncError) -> Rejection? {
    var wasTried = false
    for _ in 0..<4 {
      let found = try await store.find(key: key, fields: [])
      guard found.count <= 1 else {
        return Rejection(
          key: key, what: .delete, rule: "severalRecords",
          reason: "several Campaign records have this key: delete them in Campaign")
      }
      if found.isEmpty, !wasTried, let parent {
        return Rejection(
          key: key, what: .delete, rule: "hidden",
          reason: "Campaign shows no such record, and may hide it while its parent is not there",
          parent: parent)
      }
      var outcome = WriteOutcome.absent
      if let record = found.first { outcome = try await store.delete(record) }
      switch outcome {
      case .refused(let code, let excerpt):
        return Rejection(
          key: key, what: .delete, rule: "refused",
          reason: "Campaign refused to delete the record (\(code))", excerpt: excerpt)
      case .unknown: wasTried = true  // look again
      case .absent, .done:
        if outcome == .done || wasTried {
          tally.deleted += 1
          tally.engineCalls += 1
        }
        return nil
      }
    }
    throw SyncError(
      .unavailable, "delete a record in Campaign",
      "its outcome stayed unknown after four attempts", next: "run the same command again")
  }
}
