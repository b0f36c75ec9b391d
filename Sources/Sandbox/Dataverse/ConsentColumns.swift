import Core
import HTTP

/// What happens to the booleans of contacts, and who does it.
extension DataverseService {
  /// The tool, but for a caller that acts for a person: that one says whom it acts for.
  static func author(of request: HTTPRequest) -> ChangeAuthor {
    request["MSCRMCallerID"] == nil && request["CallerObjectId"] == nil ? .tool : .user
  }

  /// A contact that is created: no change of anybody's consent, and nothing for the tool to do.
  func rememberContact(_ key: RowKey, _ table: Int) {
    guard table == consents.table else { return }
    if author == .tool { contactsByTool.insert(key) } else { contactsByTool.remove(key) }
  }

  /// Notes what a write does to a contact's booleans, before it is done; nil: the row goes.
  func remember(_ key: RowKey, _ table: Int, becoming values: [Int: FieldValue]?) {
    guard table == consents.table else { return }
    let columns = consents.columns.filter { values == nil || values?[$0] != nil }
    guard !columns.isEmpty, let row = stores[table].row(key) else { return }
    let before = row.value(wire: "modifiedon").seconds.map { Instant(seconds: $0) }
    let now = clock.now
    for column in columns {
      let (old, new) = (row.value(column).flag, values?[column]?.flag)
      guard old != new || values == nil else { continue }
      heldChanges.append(
        ConsentChange(
          key: key, side: .dynamics, place: Int16(column), old: old, new: new, before: before,
          at: now, author: author))
    }
    if journal == nil { settleChanges() }
  }

  /// What is done is done.
  func settleChanges() {
    guard !heldChanges.isEmpty else { return }
    history.append(heldChanges)
    heldChanges = []
  }

  /// Contacts that are there though only the tool can have created them.
  package var stubs: [RowKey] {
    contactsByTool.filter { stores[consents.table].row($0) != nil }
      .sorted { ($0.high, $0.low) < ($1.high, $1.low) }
  }
}

extension DataverseSchema {
  var consents: (table: Int, columns: [Int]) {
    guard let table = table("contact") else { return (-1, []) }
    let columns = tables[table].columns
    return (
      table,
      columns.indices.filter { place in
        guard case .boolean = columns[place].kind else { return false }
        return columns[place].access.contains(.update)
      }
    )
  }
}

extension FieldValue {
  var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  var seconds: Int64? { if case .moment(let seconds) = self { seconds } else { nil } }
}
