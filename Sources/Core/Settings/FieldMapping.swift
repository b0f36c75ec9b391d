/// One line of `fields:`, as the job file says it.
package struct FieldMapping: Sendable, Equatable {
  package enum TooLong: String, Sendable, CaseIterable { case reject, cut }

  /// Dataverse column, logical name (`_x_value` of a lookup is accepted too).
  package var from: String
  /// Campaign field, dotted for a nested one.
  package var to: String
  package var maxLength: Int?
  package var tooLong: TooLong
  /// What the choice yields, as text -> what is written; `""` matches null.
  package var replace: [String: String]
  /// False: written only on create, initial and replay.
  package var applyUpdates: Bool
  package var position: SourcePosition

  package init(
    from: String, to: String, maxLength: Int? = nil, tooLong: TooLong = .reject,
    replace: [String: String] = [:], applyUpdates: Bool = true,
    position: SourcePosition = SourcePosition(file: "", line: 0)
  ) {
    self.from = from
    self.to = to
    self.maxLength = maxLength
    self.tooLong = tooLong
    self.replace = replace
    self.applyUpdates = applyUpdates
    self.position = position
  }
}

/// `choices:`: what a choice column yields.
package enum ChoiceStyle: Sendable, Equatable {
  case values
  case labels(language: Int)
}
