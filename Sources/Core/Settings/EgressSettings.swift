/// An egress job file, checked.
package struct EgressSettings: Sendable, Equatable {
  package enum Event: String, Sendable, CaseIterable { case send, open, click, bounce }
  package enum ActivityState: String, Sendable, CaseIterable { case completed, open }
  package enum Unmatched: String, Sendable, CaseIterable { case count, keep }

  /// `from:`, the export files of Campaign.
  package struct Files: ExportSettings, Equatable {
    package var pattern: String
    package var separator: UInt8 = 0x3B
    package var quote = CSVSettings.Quote.double
    package var timeZone = "UTC"
    package var stableFor = Duration.seconds(30)
    /// Role -> header name.
    package var columns: [String: String]
    package init(pattern: String, columns: [String: String]) {
      self.pattern = pattern
      self.columns = columns
    }
  }

  package var name: String
  package var event: Event
  package var files: Files
  package var table: String
  /// Role -> column of the activity table.
  package var columns: [String: String]
  package var state = ActivityState.completed
  package var unmatched = Unmatched.count
  /// Header -> values, in place of the event's own rule.
  package var when: [String: [String]]?
  package var rejectLimit = 0.01

  package init(
    name: String, event: Event, files: Files, table: String, columns: [String: String]
  ) {
    self.name = name
    self.event = event
    self.files = files
    self.table = table
    self.columns = columns
  }
}
