/// Counts of a run; adding is all it can do.
package struct Tally: Sendable, Equatable, Codable {
  package var read = 0
  package var mapped = 0
  package var created = 0
  package var updated = 0
  package var unchanged = 0
  /// Rows that Dynamics says it has no more.
  package var removed = 0
  package var deleted = 0
  /// Known rows that a full scan did not have, of a job that applies no deletions.
  package var absent = 0
  package var rejected = 0
  /// Rows that do not pass the filter of the job.
  package var filteredOut = 0
  /// Rows that wait for a parent.
  package var held = 0
  /// Pending rows that were tried again; they do not count against the reject limit.
  package var retried = 0
  package var parts = 0
  package var bytes = 0
  /// In Adobe's units: insert 1, update 2, or 1 if nothing changed, delete 1.
  package var engineCalls = 0
  package var engineCallsSaved = 0
  /// Characters replaced because `quote: none` cannot carry them.
  package var replacedCharacters = 0
  /// Texts cut to their length.
  package var cut = 0
  /// Events whose contact Dynamics does not have.
  package var unmatched = 0
  /// Event files that were read to their end.
  package var files = 0
  /// Opt-outs that were written to either side.
  package var optedOut = 0
  /// The same of opt-ins.
  package var optedIn = 0

  package init() {}

  /// A count that an earlier version did not know is 0.
  package init(from decoder: any Decoder) throws {
    let counts = try decoder.container(keyedBy: CodingKeys.self)
    func count(_ key: CodingKeys) throws -> Int {
      try counts.decodeIfPresent(Int.self, forKey: key) ?? 0
    }
    read = try count(.read)
    mapped = try count(.mapped)
    created = try count(.created)
    updated = try count(.updated)
    unchanged = try count(.unchanged)
    removed = try count(.removed)
    deleted = try count(.deleted)
    absent = try count(.absent)
    rejected = try count(.rejected)
    filteredOut = try count(.filteredOut)
    held = try count(.held)
    retried = try count(.retried)
    parts = try count(.parts)
    bytes = try count(.bytes)
    engineCalls = try count(.engineCalls)
    engineCallsSaved = try count(.engineCallsSaved)
    replacedCharacters = try count(.replacedCharacters)
    cut = try count(.cut)
    unmatched = try count(.unmatched)
    files = try count(.files)
    optedOut = try count(.optedOut)
    optedIn = try count(.optedIn)
  }

  package static func += (sum: inout Tally, more: Tally) {
    sum.read += more.read
    sum.mapped += more.mapped
    sum.created += more.created
    sum.updated += more.updated
    sum.unchanged += more.unchanged
    sum.removed += more.removed
    sum.deleted += more.deleted
    sum.absent += more.absent
    sum.rejected += more.rejected
    sum.filteredOut += more.filteredOut
    sum.held += more.held
    sum.retried += more.retried
    sum.parts += more.parts
    sum.bytes += more.bytes
    sum.engineCalls += more.engineCalls
    sum.engineCallsSaved += more.engineCallsSaved
    sum.replacedCharacters += more.replacedCharacters
    sum.cut += more.cut
    sum.unmatched += more.unmatched
    sum.files += more.files
    sum.optedOut += more.optedOut
    sum.optedIn += more.optedIn
  }
}
