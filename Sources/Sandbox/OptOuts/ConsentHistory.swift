import Core
import Synchronization

/// Who changed a value.
package enum ChangeAuthor: String, Sendable {
  /// A person, by way of the operator's commands or as somebody else's caller.
  case user
  /// Whoever comes by the API: the tool.
  case tool
  /// Campaign's import workflow, with what the tool staged.
  case importWorkflow = "import"
}

/// A change of one boolean of one person, on one side.
package struct ConsentChange: Sendable, Equatable {
  package enum Side: UInt8, Sendable { case dynamics, campaign }

  package var key: RowKey
  package var side: Side
  /// Of the column in the contact table, or of the attribute in Campaign's closed list.
  package var place: Int16
  /// As the side has it; nil: null, or no such row.
  package var old: Bool?
  package var new: Bool?
  /// Before the change: Dynamics' `modifiedon`, or the attribute's own time in Campaign.
  package var before: Instant?
  package var at: Instant
  package var author: ChangeAuthor
}

/// What happened to people's consent on both sides since the world began, in order.
///
/// - Shape: only changes; rows that somebody creates are none, and what the world was born with is not
///   here. What a value was at a moment is what the next change of it says it was before.
package final class ConsentHistory: Sendable {
  private let all = Mutex<[ConsentChange]>([])

  package init() {}

  /// How many changes there were so far: a moment, in the order of both sides' writes.
  package var mark: Int { all.withLock { $0.count } }

  package var changes: [ConsentChange] { all.withLock { $0 } }

  func append(_ changes: some Sequence<ConsentChange>) {
    all.withLock { $0.append(contentsOf: changes) }
  }
}
