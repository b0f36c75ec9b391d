import Core
import HTTP

extension DataverseClient {
  /// A contact's newest activities, of every table.
  ///
  /// - Source: `activitypointers`, the view of all activities.
  func timeline(
    of contact: RowKey, limit: Int
  ) async throws(SyncError) -> [TimelineEntry] {
    let columns = "activityid,activitytypecode,subject,sortdate,actualend,createdon,statecode"
    let path =
      "activitypointers?$select=\(columns)"
      + "&$filter=_regardingobjectid_value%20eq%20\(contact)"
      + "&$orderby=sortdate%20desc,activityid%20asc&$top=\(min(max(limit, 1), 5000))"
    let rows = try await list(path, for: "read the timeline of a contact")
    return rows.compactMap { row in
      guard let id = row["activityid"]?.text.flatMap({ RowKey($0) }) else { return nil }
      let moment = ["sortdate", "actualend", "createdon"].lazy
        .compactMap { row[$0]?.text.flatMap(InstantText.read) }.first
      return TimelineEntry(
        id: id, table: row["activitytypecode"]?.text ?? "", subject: row["subject"]?.text ?? "",
        at: moment, isCompleted: row["statecode"]?.integer == 1)
    }
  }
}
