import Core

/// Where an ingress job stands: one slot per kind of lane.
package struct IngressState: Codable, Sendable, Equatable {
  package enum Phase: String, Codable, Sendable {
    /// Reading Dynamics; by API it writes Campaign at once, by file it fills parts.
    case exporting
    /// All pages are in parts; the parts get their final names.
    case sealing
    /// Parts, then the manifest, go to the SFTP folder.
    case staging
    /// The load barrier: published, and not yet proven to be imported.
    case loading
    /// Campaign holds what was exported; from here on by change tracking.
    case loaded
  }

  package var phase = Phase.exporting
  /// Number of the run whose files these are.
  package var run = 1
  /// What is read, as the export began; links of this job answer to these columns.
  package var query: TableQuery?
  /// What choices were called as the export began; nil where no label is written.
  package var labels: ChoiceLabels?
  package var export = ExportSlot()
  package var stage = StageSlot()
  package var load = LoadSlot()
  package var delta = DeltaSlot()
  /// Number of the last full scan, as the ledger counts them.
  package var scans: Int?
  /// What the token can no longer tell is read from the table: all rows, beside the changes.
  package var recovery: RecoverySlot?
  /// Known rows that the last scan did not have are to be looked for.
  package var absence: AbsenceSlot?
  /// The chain whose rows go by file: from its first rows until their import is proven.
  package var collect: CollectSlot?
  /// By parent job: how far its deletions are known here.
  package var parents: [String: ParentMark]?

  package init() {}
}

package struct ExportSlot: Codable, Sendable, Equatable {
  /// The next page of the scan; nil before the first.
  package var link: String?
  package var pages = 0
  /// Before the first page was asked for: every later change is in the delta.
  package var began: Instant?
  /// The part in hand, and those that are full.
  package var part = PartMark(number: 1)
  package var full: [PartMark] = []
  package var rows = 0
  /// `csv:` as the export began; the parts of a run are of one dialect.
  package var dialect: String?
  /// A large table, read by ranges; nil: one scan, row after row.
  package var partition: PartitionSlot?
  /// Why the table is not read by ranges, where it might have been.
  package var strict: StrictReason?

  package init() {}

  /// The parts of the one scan.
  package var scanned: PartSlot {
    get { PartSlot(part, full: full) }
    set { (part, full) = (newValue.part, newValue.full) }
  }

  /// Full parts and those in hand that hold anything, by their numbers.
  package var marks: [PartMark] {
    let readers = partition?.parts.flatMap(\.marks) ?? []
    return (scanned.marks + readers).sorted { $0.number < $1.number }
  }

  /// Full parts, by their numbers.
  package var fullMarks: [PartMark] {
    let readers = partition?.parts.flatMap(\.full) ?? []
    return (full + readers).sorted { $0.number < $1.number }
  }

  /// Rows in parts, whoever wrote them.
  package var writtenRows: Int { rows + (partition?.rows ?? 0) }
}

package struct StageSlot: Codable, Sendable, Equatable {
  /// What the manifest lists, in order.
  package var sealed: [SealedPart] = []
  /// Names of parts that stand complete on SFTP, sorted.
  package var published: [String] = []
  /// How often parts that stood there were found gone, and went up again; nil: never.
  package var repeats: Int?

  package init() {}

  /// The part is sealed, and stands in its order.
  mutating func seal(_ part: SealedPart) {
    sealed.removeAll { $0.name == part.name }
    sealed.append(part)
    sealed.sort { $0.name < $1.name }
  }

  mutating func publish(_ name: String) {
    guard !published.contains(name) else { return }
    published.append(name)
    published.sort()
  }
}

package struct LoadSlot: Codable, Sendable, Equatable {
  /// Committed before the signal was sent.
  package var intended: Instant?
  /// The service accepted the signal.
  package var signalled: Instant?
  /// The workflow was last seen in error.
  package var failed: Instant?
  /// How the end of the import was proven.
  package var proof: Proof?

  package enum Proof: String, Codable, Sendable {
    case doneFile, workflow, confirmed, nothingToLoad
  }

  package init() {}
}

package struct DeltaSlot: Codable, Sendable, Equatable {
  /// Where the next chain begins.
  package var token: DeltaToken?
  /// The next page of an unfinished chain.
  package var link: String?
  /// When the chain in hand was begun.
  package var began: Instant?
  /// Finished chains since the load.
  package var rounds = 0
  package var lastRound: Instant?
  /// Records that were brought one by one, with `--only`.
  package var singles = 0
  /// Since when deletions wait in the ledger; nil where none does.
  package var collected: Instant?
  /// The round whose deletions the guard held back; by file, they are judged before the next chain.
  package var heldBack: Int?

  package init() {}
}

package struct RecoverySlot: Codable, Sendable, Equatable {
  package enum Reason: String, Codable, Sendable {
    case tokenExpired, tokenRefused
    /// The systems have other names than before, or the state came from a backup.
    case adopted
    /// The ledger is new, or older than the scan that it should know; or that of a parent job is.
    case ledgerLost
    /// The last scan did not reach every row of the table.
    case narrowRole
  }

  package var reason: Reason
  /// The changes since the old token come first, until so many chains are finished.
  package var chains: Int?
  /// The next page of the scan; nil before the first.
  package var link: String?
  /// Before the first page was asked for.
  package var began: Instant?
  package var rows = 0

  package init(_ reason: Reason) { self.reason = reason }
}

package struct AbsenceSlot: Codable, Sendable, Equatable {
  /// The last row that was looked for.
  package var last: RowKey?
  package var checked = 0

  package init() {}
}

/// `delta: { via: file }`: a chain on its way into the parts of a run of its own.
package struct CollectSlot: Codable, Sendable, Equatable {
  /// The next page; nil before the first, and after the last.
  package var link: String?
  /// Before the first page was asked for; nil where the chain has to begin again.
  package var began: Instant?

  package init(link: String? = nil, began: Instant? = nil) {
    self.link = link
    self.began = began
  }
}

/// A position among the departures of a parent job.
package struct ParentMark: Codable, Sendable, Equatable {
  /// Of the parent's ledger.
  package var serial: String
  package var position: Int

  package init(serial: String, position: Int = 0) {
    self.serial = serial
    self.position = position
  }
}

package struct DeltaToken: Codable, Sendable, Equatable {
  package var link: String
  /// When the read that gave it began; its life is counted from here.
  package var taken: Instant
  /// Days that the service keeps it, where it says so.
  package var days: Int?

  package init(link: String, taken: Instant, days: Int? = nil) {
    self.link = link
    self.taken = taken
    self.days = days
  }
}
