/// Activities on the timelines of contacts in Dynamics.
///
/// - Promise: creating is idempotent by id; whoever writes, the owner is the first application user.
///   Bulk messages, their sizes, bisecting, several requests and several identities at once are its
///   own business; a caller hands over some thousand at a time.
package protocol ActivitySink: Sendable {
  /// Resolves a job's table and columns through metadata; writes nothing.
  ///
  /// - Returns: the table with everything that does not fit among its `findings`; nothing may be
  ///   created in a table that has any.
  /// - Errors: the service cannot be asked, or the user may not read its metadata.
  func prepare(_ mapping: ActivityMapping) async throws(SyncError) -> ActivityTable
  /// Those of the contacts that Dynamics has; in bulk.
  func contacts(among keys: [RowKey]) async throws(SyncError) -> Set<RowKey>
  /// Creates activities under ids of ours: an outcome for each, in their order.
  ///
  /// - Parameter activities: without two of one id.
  /// - Promise: with `state: completed` every activity whose outcome is `created` or `alreadyThere`
  ///   is completed when this returns, even where an earlier try created it and was killed before its
  ///   second write. An activity that is there is never written again beyond that.
  /// - Errors: nothing is known of any of them; repeating the call is harmless.
  func create(_ activities: [Activity], in table: ActivityTable) async throws(SyncError)
    -> [ActivityOutcome]
  /// A contact's newest activities of any table, newest first.
  func timeline(of contact: RowKey, limit: Int) async throws(SyncError) -> [TimelineEntry]
}

/// What a job file says about its activities.
package struct ActivityMapping: Sendable, Equatable {
  /// Logical name.
  package var table: String
  /// Role -> column: campaign, delivery, at, url, mirror.
  package var columns: [String: String]
  package var state: EgressSettings.ActivityState
  /// Of `to:`, for findings.
  package var position: SourcePosition

  package init(
    table: String, columns: [String: String], state: EgressSettings.ActivityState,
    position: SourcePosition
  ) {
    self.table = table
    self.columns = columns
    self.state = state
    self.position = position
  }
}

/// A table of activities as its metadata describes it, for one job.
package struct ActivityTable: Sendable, Equatable {
  package struct Column: Sendable, Equatable {
    /// Logical name, as it is written.
    package var name: String
    package var kind: ColumnSchema.Kind
    /// Characters, of text columns.
    package var maxLength: Int?

    package init(name: String, kind: ColumnSchema.Kind, maxLength: Int? = nil) {
      self.name = name
      self.kind = kind
      self.maxLength = maxLength
    }
  }

  package var logicalName: String
  package var entitySet: String
  package var state: EgressSettings.ActivityState
  /// The navigation property that binds `regardingobjectid` to a contact.
  package var regarding: String
  /// By role: those of the job file.
  package var columns: [String: Column]
  /// Characters of `subject`.
  package var subjectLength: Int?
  /// Of `actualend` and `sortdate`, those that may be written when an activity is created.
  package var timeColumns: [String]
  /// Whether the state may be written when an activity is created; else by a second write.
  package var createsCompleted: Bool
  /// The status reason that an activity gets with the state Completed; nil: the service's choice.
  package var completedStatus: Int?
  /// What of the job file the metadata does not bear out, with the nearest names.
  package var findings: [MappingFinding]

  package init(
    logicalName: String, entitySet: String, state: EgressSettings.ActivityState,
    regarding: String, columns: [String: Column], subjectLength: Int? = nil,
    timeColumns: [String] = ["actualend", "sortdate"], createsCompleted: Bool = true,
    completedStatus: Int? = nil, findings: [MappingFinding] = []
  ) {
    self.logicalName = logicalName
    self.entitySet = entitySet
    self.state = state
    self.regarding = regarding
    self.columns = columns
    self.subjectLength = subjectLength
    self.timeColumns = timeColumns
    self.createsCompleted = createsCompleted
    self.completedStatus = completedStatus
    self.findings = findings
  }
}

/// One event as it is to stand on a contact's timeline.
package struct Activity: Sendable, Equatable {
  /// Computed from the event: the same event, the same id.
  package var id: RowKey
  package var subject: String
  package var contact: RowKey
  /// When it happened: `actualend`, `sortdate` and the column of the role `at`.
  package var at: Instant
  /// By role, without `at`; a role that the event has no text for is missing.
  package var texts: [String: String]

  package init(
    id: RowKey, subject: String, contact: RowKey, at: Instant, texts: [String: String] = [:]
  ) {
    self.id = id
    self.subject = subject
    self.contact = contact
    self.at = at
    self.texts = texts
  }
}

package enum ActivityOutcome: Sendable, Equatable {
  case created
  /// An activity has this id: the event arrived before.
  case alreadyThere
  /// Dynamics does not have the contact (any more).
  case contactMissing
  /// The service refused this one, whatever its neighbours: a fault of its data.
  ///
  /// - Parameter code: Dataverse's own, such as `0x80044331`.
  /// - Parameter excerpt: its text, masked and cut, for `pending` and `inspect` only.
  case refused(code: String, excerpt: String)
}

/// One activity of a contact's timeline.
package struct TimelineEntry: Sendable, Equatable {
  package var id: RowKey
  /// Logical name.
  package var table: String
  package var subject: String
  /// As the timeline sorts it.
  package var at: Instant?
  package var isCompleted: Bool

  package init(id: RowKey, table: String, subject: String, at: Instant?, isCompleted: Bool) {
    self.id = id
    self.table = table
    self.subject = subject
    self.at = at
    self.isCompleted = isCompleted
  }
}
