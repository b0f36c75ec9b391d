/// One thing in a job file that the two schemas do not bear out.
///
/// - Shape: names and replacements as the job file writes them; no value of any record.
package struct MappingFinding: Sendable, Equatable, CustomStringConvertible {
  package var position: SourcePosition
  /// What is wrong: "contact has no column firstnam".
  package var problem: String
  package var expected: String?
  /// The right name that was probably meant.
  package var nearest: String?

  package init(
    _ position: SourcePosition, _ problem: String, expected: String? = nil, nearest: String? = nil
  ) {
    self.position = position
    self.problem = problem
    self.expected = expected
    self.nearest = nearest
  }

  /// Place, problem and way out in one line.
  ///
  /// `jobs/contacts.yaml:7: contact has no column firstnam; did you mean firstname?`
  package var description: String {
    var text = position.file.isEmpty ? "" : "\(position.file):\(position.line): "
    text += problem
    if let expected { text += "; expected \(expected)" }
    if let nearest { text += "; did you mean \(nearest)?" }
    return text
  }
}

extension SyncError {
  /// All findings of a job, a line each.
  package static func mapping(_ job: String, _ findings: [MappingFinding]) -> SyncError {
    SyncError(
      .configuration, "map the fields of \(job)",
      findings.map(\.description).joined(separator: "\n"),
      next: "correct the job file, then campaign-sync check \(job)")
  }
}
