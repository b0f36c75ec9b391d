import Core
import Disk
import Glibc
import Jobs
import Ledger

/// What one egress job has on disk.
struct EgressJobState {
  let settings: EgressSettings
  let environment: EnvironmentSettings
  let place: JobPlace
  let checkpoints: CheckpointFile<EgressState>

  init(_ settings: EgressSettings, in environment: EnvironmentSettings) {
    self.settings = settings
    self.environment = environment
    place = JobPlace(settings.name, in: environment)
    checkpoints = CheckpointFile(in: place.folder, job: settings.name)
  }

  func identity(organization: String) -> JobIdentity {
    JobIdentity(
      organization: organization, dynamicsHost: environment.dynamics.url,
      campaign: environment.campaign.url, table: settings.table,
      resource: settings.event.rawValue, key: "activityid")
  }

  /// The checkpoint, if it belongs to this job file and this environment.
  ///
  /// - Parameter organization: nil where Dynamics was not asked.
  func checkpoint(organization: String?) throws(SyncError) -> Checkpoint<EgressState>? {
    guard let checkpoint = try checkpoints.load() else { return nil }
    let stands = checkpoint.identity
    let wanted = identity(organization: organization ?? stands.organization)
    guard stands != wanted else { return checkpoint }
    let pairs: [(String, String, String)] = [
      ("Dynamics organization", stands.organization, wanted.organization),
      ("Dynamics address", stands.dynamicsHost, wanted.dynamicsHost),
      ("Campaign organisation", stands.campaign, wanted.campaign),
      ("table", stands.table, wanted.table), ("event", stands.resource, wanted.resource),
    ]
    let changes = pairs.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) -> \($0.2)" }
    throw SyncError(
      .configuration, "go on with \(settings.name)",
      "its checkpoint belongs to another pair of systems (\(changes.joined(separator: "; ")))",
      next: "put it back, or, if the systems are meant: campaign-sync checkpoint adopt "
        + settings.name)
  }

  /// Drops checkpoint and ledger; the caller holds the lock.
  ///
  /// Runs and pauses stay.
  func clear() throws(SyncError) {
    try checkpoints.remove()
    try SQLiteLedger.remove(in: place.folder)
  }
}

/// The zone files of this system.
enum ZoneFile {
  private static let folder = "/usr/share/zoneinfo"

  static func rules(_ name: String) throws(SyncError) -> TimeZoneRules {
    if ["UTC", "Etc/UTC", "Z"].contains(name) { return .utc }
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !name.contains("..")
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    if isPlain, !name.hasPrefix("/"), let file = fopen("\(folder)/\(name)", "r") {
      let count = fread(&bytes, 1, bytes.count, file)
      fclose(file)
      if let rules = TimeZoneRules(file: Array(bytes[..<count])) { return rules }
    }
    throw SyncError(
      .configuration, "use the time zone \(name)", "\(folder) has no such zone",
      next: "correct `from.csv.timeZone` (UTC, Europe/Paris), or install tzdata")
  }
}
