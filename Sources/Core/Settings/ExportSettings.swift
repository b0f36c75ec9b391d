/// What a job file says of the export files that a job reads.
package protocol ExportSettings: Sendable {
  /// Below `sftp.directory`, with `*` and `?`.
  var pattern: String { get }
  var separator: UInt8 { get }
  var quote: CSVSettings.Quote { get }
  /// Of times without a zone of their own.
  var timeZone: String { get }
  /// How far apart two listings are that have to agree.
  var stableFor: Duration { get }
}
