import Core

/// `activitypointers`: all activities seen as one table, put together when somebody reads it.
extension DataverseService {
  /// What the view holds now: which contacts' activities, as of which write.
  struct TimelineMark: Equatable {
    var version: Int64
    var lower: GuidRank?
    var upper: GuidRank?
  }

  /// Fills the view with what a request can see: the activities of one contact, or all.
  func fillTimeline(_ table: Int, _ request: ODataRequest) throws(ODataFault) {
    let definition = stores[table].definition
    guard definition.logicalName == "activitypointer" else { return }
    var mark = TimelineMark(version: version)
    if let text = request.url["$filter"], request.url.segments.first?.argument == nil,
      let regarding = definition.position(logical: "regardingobjectid")
    {
      let bounds = try filter(text, table, request.aliases).keyBounds(of: regarding)
      (mark.lower, mark.upper) = (bounds.lower, bounds.upper)
    }
    fillTimeline(table, mark)
  }

  /// Fills the view, where this is it, with all activities.
  func fillTimeline(_ table: Int) {
    guard stores[table].definition.logicalName == "activitypointer" else { return }
    fillTimeline(table, TimelineMark(version: version))
  }

  private func fillTimeline(_ table: Int, _ mark: TimelineMark) {
    guard mark != timelineMark else { return }
    timelineMark = mark
    stores[table] = TableStore(
      definition: stores[table].definition, generator: stores[table].generator)
    for source in stores.indices where source != table && stores[source].definition.isActivity {
      copy(source, to: table, mark)
    }
  }

  private func copy(_ source: Int, to table: Int, _ mark: TimelineMark) {
    let from = stores[source].definition
    let pairs = stores[table].definition.columns.enumerated().compactMap { place, column in
      from.position(wire: column.wireName).map { (to: place, from: $0) }
    }
    guard let regarding = from.position(logical: "regardingobjectid") else { return }
    for (key, row) in stores[source].written {
      if mark.lower != nil || mark.upper != nil {
        guard let contact = row.values[regarding]?.key.map(GuidRank.init),
          mark.lower.map({ $0 <= contact }) ?? true, mark.upper.map({ contact <= $0 }) ?? true
        else { continue }
      }
      var values: [Int: FieldValue] = [:]
      if let view = stores[source].row(key) {
        for pair in pairs {
          let value = view.value(pair.from)
          if value != .null { values[pair.to] = value }
        }
      }
      _ = stores[table].insert(key, values: values, version: row.version)
    }
    stores[table].settle()
  }
}
