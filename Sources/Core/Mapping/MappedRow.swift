/// A row as the API writes it.
package struct MappedRow: Sendable, Equatable {
  package enum Presence: Sendable, Equatable {
    case value
    /// Null in Dynamics: `""`, `0` or `false`, which is what Campaign shows for "nothing".
    case cleared
    /// Null for an enumeration or an opt-out: nothing is written.
    case leftOut
  }

  package struct Value: Sendable, Equatable {
    /// Name, form and text in Campaign's form.
    package var field: FieldValue
    package var presence: Presence
    /// `applyUpdates: false`: an update leaves it alone.
    package var isCreateOnly: Bool
    var target: FieldStep.Target
    /// One of the opt-out attributes: `true` is opted out.
    package var isOptOut = false
    /// Another job keeps it up to date: only a create has it, and only where it opts out.
    package var isInsertOnly = false

    fileprivate var optsIn: Bool { isOptOut && field.text == "false" }
  }

  package var key: RowKey
  /// The key as a field.
  package var keyField: FieldValue
  /// In the order of `fields:`.
  package var values: [Value]
  /// Texts that were cut to their length.
  package var cuts: Int
  /// The records that the row is linked to.
  package var parents: [ParentKey] = []

  /// What a create sends: the key and everything that has a value.
  package var forCreate: [FieldValue] {
    let sent = values.filter { $0.presence == .value && !($0.isInsertOnly && $0.optsIn) }
    return [keyField] + sent.map(\.field)
  }

  /// What an update sends to a record that shows these values: only what differs.
  ///
  /// - Parameters:
  ///   - includingCreateOnly: true for initial and replay.
  ///   - mayOptIn: the row came because it changed; what is read in bulk may be older than what
  ///     somebody said in Campaign meanwhile.
  package func differences(
    from record: ResourceRecord, includingCreateOnly: Bool = false, mayOptIn: Bool = true
  ) -> [FieldValue] {
    values.compactMap { value in
      guard value.presence != .leftOut, includingCreateOnly || !value.isCreateOnly,
        !value.isInsertOnly, mayOptIn || !value.optsIn
      else { return nil }
      let shown = record.values[value.field.name] ?? ""
      let isEqual = CampaignForm.equal(shown, value.field.text, value.target)
      return isEqual ? nil : value.field
    }
  }

  /// The bytes to digest: equal for two rows of which an update would write the same.
  ///
  /// - Shape: name and text by their lengths; fields that updates leave alone are not in it.
  package var canonicalBytes: [UInt8] {
    var bytes: [UInt8] = []
    func add(_ text: String) {
      bytes += "\(text.utf8.count):".utf8
      bytes += text.utf8
    }
    add(key.description)
    for value in values where !value.isCreateOnly && !value.isInsertOnly {
      add(value.field.name)
      switch value.presence {
      case .value: add(value.field.text)
      case .cleared: bytes.append(0x21)  // "!"
      case .leftOut: bytes.append(0x2D)  // "-"
      }
    }
    return bytes
  }
}

/// A row on its way to the API.
package enum RecordOutcome: Sendable, Equatable {
  case mapped(MappedRow)
  case rejected(Rejection)
  /// The row does not pass the filter.
  case filteredOut(RowKey)
  /// The row names no parent where one is required.
  case parentless(RowKey)
}

extension RecordOutcome {
  package var rejection: Rejection? {
    if case .rejected(let rejection) = self { rejection } else { nil }
  }
}
