import Core
import Jobs

extension Doctor {
  /// One egress job: table and columns, the zone, the export files and the header of the newest.
  func examine(_ settings: EgressSettings) async -> [SyncError] {
    let name = settings.name
    var failures = await step("\(name): table \(settings.table), its columns and its contact") {
      () async throws(SyncError) in
      let table = try await EventForms.table(
        of: settings, try connections.activities(first: connections.dynamics()))
      return table.createsCompleted || settings.state == .open
        ? "\(table.columns.count) columns"
        : "\(table.columns.count) columns; completed by a second write"
    }
    failures += await step("\(name): read privilege on all contacts") {
      () async throws(SyncError) in
      let dynamics = try connections.dynamics()
      let contact = try await dynamics.table("contact")
      guard let isWhole = try await dynamics.readsWholeOrganization(contact) else {
        return "not shown"
      }
      guard isWhole else { throw .readsOnlySomeContacts }
      return nil
    }
    failures += await step("\(name): time zone \(settings.files.timeZone)") {
      () async throws(SyncError) in
      _ = try ZoneFile.rules(settings.files.timeZone)
      return nil
    }
    failures += await step("\(name): export files \(settings.files.pattern)") {
      () async throws(SyncError) in
      guard let sftp = try connections.sftp() else { throw .noSharedFolder(name) }
      let files = try await ExportReader.files(of: settings.files.pattern, in: sftp)
      guard let newest = files.last(where: { $0.size > 0 }) else {
        return "\(files.count) files, none of them with a header to look at"
      }
      if let header = try await ExportReader.header(of: newest, settings.files, in: sftp) {
        _ = try EventPlan(settings, header: header, file: newest.name)
      }
      return "\(files.count) files; the header of \(newest.name) has all columns"
    }
    return failures
  }
}

extension SyncError {
  fileprivate static let readsOnlySomeContacts = SyncError(
    .permission, "read every contact",
    "the application user's read privilege on contact (prvReadContact) is not organization-wide: "
      + "events of contacts that it does not see would count as unmatched",
    next: "give its security role Read on contact at organization depth")
}
