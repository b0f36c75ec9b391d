/// An ingress job file, checked: every key of design section 3 with its default filled in.
package struct IngressSettings: Sendable, Equatable {
  package struct Filter: Sendable, Equatable {
    package enum Match: String, Sendable, CaseIterable { case all, any }
    package enum WhenFilteredOut: String, Sendable, CaseIterable { case keep, delete }
    package enum Comparison: String, Sendable, CaseIterable {
      case equals, notEquals, greaterThan, atLeast, lessThan, atMost
      case contains, startsWith, endsWith, isEmpty, isNotEmpty
    }
    package struct Condition: Sendable, Equatable {
      package var column: String
      package var comparison: Comparison
      /// As written; nil for `isEmpty` and `isNotEmpty`.
      package var value: String?
      package var position: SourcePosition
      package init(
        column: String, comparison: Comparison, value: String?, position: SourcePosition
      ) {
        self.column = column
        self.comparison = comparison
        self.value = value
        self.position = position
      }
    }
    package var match: Match
    package var conditions: [Condition]
    package var whenFilteredOut: WhenFilteredOut
    package init(match: Match, conditions: [Condition], whenFilteredOut: WhenFilteredOut) {
      self.match = match
      self.conditions = conditions
      self.whenFilteredOut = whenFilteredOut
    }
  }

  package struct Deletes: Sendable, Equatable {
    package var apply = false
    /// Share of the known rows in 24 hours: 0.10 is 10 %.
    package var limit = 0.10
    package var floor = 50
    package init() {}
  }

  /// `import:`, what loads the staged files in Campaign.
  package struct Import: Sendable, Equatable {
    package var workflow: String
    package var signal: String
    /// Parameter of the signal -> value, with `{run}`, `{job}`, `{files}` still in it.
    package var parameters: [String: String]
    package var done: String?
    package var rejects: String?
    package var timeout: Duration
    package init(
      workflow: String, signal: String, parameters: [String: String], done: String? = nil,
      rejects: String? = nil, timeout: Duration = .seconds(7200)
    ) {
      self.workflow = workflow
      self.signal = signal
      self.parameters = parameters
      self.done = done
      self.rejects = rejects
      self.timeout = timeout
    }
  }

  package struct Parent: Sendable, Equatable {
    package var field: String
    package var job: String
    /// The link is of 1 cardinality in Campaign, which hides a record without its target: a row with
    /// an empty lookup has no record.
    package var isRequired: Bool
    /// What the job brings, by its own file; empty where nobody looked.
    package var table: String
    package init(field: String, job: String, isRequired: Bool = false, table: String = "") {
      self.field = field
      self.job = job
      self.isRequired = isRequired
      self.table = table
    }
  }

  package enum Via: String, Sendable, CaseIterable { case api, file }

  package var name: String
  package var table: String
  package var resource: String
  /// Campaign field that receives the table's primary id.
  package var key: String
  /// `to.lookup`, for example `byExternalId?externalId_parameter`; nil: derived from `key`.
  package var lookup: String?
  package var parents: [Parent] = []
  package var fields: [FieldMapping]
  /// What the opt-out job decides of this resource: a new record gets it too.
  package var optOuts: [OptOutSettings.Field] = []
  /// Where `to:` is written.
  package var position = SourcePosition(file: "", line: 0)
  package var choices = ChoiceStyle.values
  package var filter: Filter?
  package var deletes = Deletes()
  package var delta = Via.api
  /// `initial: { via: api }`: no file, no import workflow.
  package var initial = Via.file
  package var load: Import?
  package var csv = CSVSettings()
  /// Share of the records read in a run that may be rejected: 0.01 is 1 %.
  package var rejectLimit = 0.01

  package init(
    name: String, table: String, resource: String, key: String, fields: [FieldMapping]
  ) {
    self.name = name
    self.table = table
    self.resource = resource
    self.key = key
    self.fields = fields
  }

  /// The columns of a part, as the job files write them.
  package var header: [String] { [key] + fields.map(\.to) + optOuts.map(\.campaign) }
}

/// `csv:`, the dialect of the parts.
package struct CSVSettings: Sendable, Equatable {
  package enum Quote: String, Sendable, CaseIterable { case double, none }
  package enum DateTimeForm: String, Sendable, CaseIterable { case campaign, iso }
  package enum Compression: String, Sendable, CaseIterable { case gzip, none }

  package var separator: UInt8 = 0x3B  // ";"
  package var quote = Quote.double
  package var dateTime = DateTimeForm.campaign
  package var compress = Compression.gzip
  /// Bytes of a part file, as written, from which on the next part begins.
  package var partSize = 64 << 20

  package init() {}

  /// What the bytes of a part depend on; a size does not count.
  package var dialectText: String {
    "separator \(separator), quote \(quote.rawValue), dateTime \(dateTime.rawValue), "
      + "compress \(compress.rawValue)"
  }

  /// ".csv.gz" or ".csv".
  package var suffix: String { compress == .gzip ? ".csv.gz" : ".csv" }
}
