import Core
import Glibc

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
