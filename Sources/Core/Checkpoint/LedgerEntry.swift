/// One fact for the ledger.
///
/// Every entry is idempotent: recording it twice is recording it once.
package enum LedgerEntry: Sendable, Equatable {
  /// The row was written to a part: it is in Campaign once the import is proven.
  case sent(RowKey)
  /// The same of all rows of a page: an array of keys is a fifth of as many entries.
  case sentAll([RowKey])
  /// These rows are on their way by file, and Campaign may not have had them: no child may rely on
  /// them yet.
  case staged([RowKey])
  /// The files are imported: nothing is on its way.
  case stagedArrived
  /// An API answer showed that Campaign holds the row with this digest. Clears pending.
  case proven(RowKey, digest: RowDigest)
  /// The row is not in Campaign (any more).
  case forgotten(RowKey)
  case pending(Rejection)
  /// The record went through: nothing of it waits any more.
  case settled(String)
  /// Rows came, and each had a key: what is pending without one was mended, or is gone.
  case keylessSettled
  /// The state of one event or reject file, by its identity.
  case file(FileMark)
  /// A chain begins: what the one before has seen no longer counts.
  case chainBegan
  /// The chain has these rows: what waits for them is dropped, and so is what the chain still says.
  /// What was released may have gone before anybody heard of it: its children can tell.
  case rowsSeen([RowKey])
  /// Dynamics has these rows no more: nothing of them is pending, and their records are to go.
  /// Rows that the chain in hand has seen stay as they are.
  case deletionsWait([RowKey])
  /// These rows left the filter: their records are to go, whatever the chain has seen.
  case filteredOutWait([RowKey])
  /// These deletions are none. What was released may be gone all the same: its children can tell.
  case deletionsDropped([RowKey])
  /// The deletion was released and came to nothing: its record is there.
  case deletionFailed(RowKey)
  /// All that waits was judged, and may be applied; what goes is no longer proven.
  case deletionsReleased(approved: Bool)
  /// The record is gone: it is not known any more, nothing of it waits, and its children can tell.
  case deleted(RowKey, approved: Bool)
  /// The parents that the row names, all of them; none clears what was named before. That is kept
  /// for a while as what it named formerly: Campaign may still have it so.
  case linked(RowKey, parents: [RowKey])
  /// The parent of the row left Campaign, and the record perhaps with it: it is no longer proven, its
  /// children can tell, and it waits for the parent unless it waits already.
  case orphaned(RowKey, Rejection)
  /// A full scan begins; rows recorded from here on are part of it.
  ///
  /// - Parameter number: one more than that of the scan before.
  case scanBegan(Int)
  /// The scan has these rows.
  case scanned([RowKey])
  /// A scan of keys has these rows: each of them is to be read.
  case listed([RowKey])
  /// These rows need not be read any more, whether listed or not.
  case crossedOff([RowKey])
  /// No row is listed.
  case listCleared
  /// Nothing is proven any more; to the jobs of its children it is another ledger, with a new serial.
  case allDoubted
  /// Dynamics has the activities of these events.
  case arrived([RowKey])
  /// Events that arrived before that time are forgotten, and so are files that were read before and
  /// are not among those listed.
  case forgotEvents(before: Instant, listed: [String])
  /// What is remembered of contacts and attributes from now on; other attributes stay.
  case consents([ConsentRecord])
  /// Dynamics has these contacts no more: nothing of them is remembered but the decisions.
  case consentsForgotten([RowKey])
  /// Nothing is remembered of anybody but the decisions.
  case allConsentsForgotten
  /// Decisions; one of the same contact, attribute and time takes the place of the one before.
  case decided([ConsentDecision])
  /// Decisions of before that time are forgotten.
  case forgotDecisions(before: Instant)
}

extension LedgerEntry {
  /// How long it is kept which parent a row had before.
  ///
  /// A parent that goes takes with it what Campaign still links to it, and a job that was killed or
  /// paused tells of that late; Dynamics restores a deleted row within 30 days at most.
  package static var formerFor: Duration { .seconds(90 * 86_400) }
}

/// First 16 bytes of a keyed digest over the mapped row.
package struct RowDigest: Sendable, Hashable, BitwiseCopyable {
  package var high: UInt64
  package var low: UInt64
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

/// A record that could not be mapped or written.
package struct Rejection: Sendable, Equatable {
  package enum What: String, Sendable, Codable { case row, delete, event, consent }
  /// Text of the primary id; of an event its log id.
  package var key: String
  package var what: What
  /// Why, as a name for machines: `tooLong`, `notANumber`, `refused`, `severalRecords`.
  package var rule: String
  /// Why, in words: the column and the rule; never the value.
  package var reason: String
  /// Foreign text, masked and cut; for `inspect` and `pending` only.
  package var excerpt: String?
  /// Nothing is wrong with the record: it waits for this parent; of an event, for its contact.
  package var parent: ParentKey?
  /// Of an event: what its file said, for the next try.
  package var line: String?

  /// The rule of a row whose key is none: it cannot be read again by it.
  package static let keyless = "keyIsNoGuid"

  package init(
    key: String, what: What = .row, rule: String, reason: String, excerpt: String? = nil,
    parent: ParentKey? = nil, line: String? = nil
  ) {
    self.parent = parent
    self.line = line
    self.key = key
    self.what = what
    self.rule = rule
    self.reason = reason
    self.excerpt = excerpt
  }
}

/// A record of another job that a row is linked to.
package struct ParentKey: Sendable, Hashable {
  package var job: String
  package var key: RowKey
  package init(job: String, key: RowKey) {
    self.job = job
    self.key = key
  }
}

/// A pending record as the ledger keeps it.
package struct PendingRecord: Sendable, Equatable {
  package var rejection: Rejection
  package var first: Instant
  package var attempts: Int
  package init(rejection: Rejection, first: Instant, attempts: Int) {
    self.rejection = rejection
    self.first = first
    self.attempts = attempts
  }
}

/// What is known of a row in Campaign.
package enum KnownRow: Sendable, Equatable {
  case sent
  case proven(RowDigest)
}

/// How far a file of the other side has been read.
///
/// - Units: `offset` in bytes of the content, unpacked.
package struct FileMark: Sendable, Equatable {
  package var name: String
  package var size: UInt64
  package var modified: Int64
  package var offset: UInt64
  package var isDone: Bool
  /// Digest of the first bytes, of event files; another one is another file.
  package var head: String
  package init(
    name: String, size: UInt64, modified: Int64, offset: UInt64, isDone: Bool, head: String = ""
  ) {
    self.head = head
    self.name = name
    self.size = size
    self.modified = modified
    self.offset = offset
    self.isDone = isDone
  }
}
