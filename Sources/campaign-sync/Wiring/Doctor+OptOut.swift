import Campaign
import Core
import Dataverse
import Jobs

extension Doctor {
  /// The opt-out job: both schemas, privileges, what labels say, the look-up, the export files.
  func examine(_ settings: OptOutSettings) async -> [SyncError] {
    let name = settings.name
    guard settings.readsCampaign, let files = settings.files else {
      say("\(name): \(settings.idleWords ?? "nothing flows")", "ok  ")
      if settings.direction == .disabled { tellFeeders(name) }
      return []
    }
    var failures: [SyncError] = []
    var table: TableSchema?
    failures += await step("\(name): contact and profile have all columns") {
      () async throws(SyncError) in
      let contact = try await connections.dynamics().table("contact")
      let profile = try await connections.campaign().resource("profile")
      let pairs = try OptOutPairs(settings, table: contact, resource: profile)
      table = contact
      return "\(pairs.pairs.count) pairs"
    }
    if let table {
      for warning in ConsentLabel.warnings(settings.fields, table: table) {
        say("\(name): \(warning)", "warn")
      }
    }
    failures += await step("\(name): read and write privilege on all contacts") {
      () async throws(SyncError) in
      try await connections.consents(first: connections.dynamics()).checkPrivileges()
      return nil
    }
    if settings.direction == .bidirectional, let table {
      failures += await step("\(name): change tracking") { () async throws(SyncError) in
        try IngressTargets.requireTracking(table)
        return nil
      }
    }
    failures += await step("\(name): look-up filter of profiles") { () async throws(SyncError) in
      let key = ProfileKey(workspace.profileJob)
      let campaign = try connections.campaign()
      let profile = try await campaign.resource("profile")
      try await campaign.proveLookup(profile, lookup: key.lookup, key: key.field)
      return nil
    }
    failures += await step("\(name): export files \(files.pattern)") {
      () async throws(SyncError) in
      let zone = try ZoneFile.rules(files.timeZone)
      guard let sftp = try connections.sftp() else { throw .noSharedFolder(name) }
      let found = try await ExportReader.files(of: files.pattern, in: sftp)
      guard let newest = found.last(where: { $0.size > 0 }) else {
        return "\(found.count) files, none of them with a header to look at"
      }
      if let header = try await ExportReader.header(of: newest, files, in: sftp) {
        _ = try ConsentPlan(settings, header: header, file: newest, zone: zone)
      }
      return "\(found.count) files; the header of \(newest.name) has all columns"
    }
    return failures
  }

  /// `disabled` says nothing about what the ingress jobs map.
  private func tellFeeders(_ name: String) {
    for case .ingress(let job) in workspace.folder.jobs where job.resource == "profile" {
      for field in job.fields where ConsentAttribute(field.to) != nil {
        say(
          "\(name): disabled, and the ingress job \(job.name) feeds \(field.to) from \(field.from) of "
            + "Dynamics nevertheless; take it out of its `fields:` if nothing is to flow", "warn")
      }
    }
  }
}
