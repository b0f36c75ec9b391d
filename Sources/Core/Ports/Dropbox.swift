/// The folder that both sides share: Campaign's SFTP storage, below the configured directory.
///
/// - Promise: names are relative, never with `..`; a final name never stands for half a file.
package protocol Dropbox: Sendable {
  /// Uploads a local file under a temporary name, proves its size, and gives it its final name,
  /// over an older file of that name. Temporary gone and final there with that size is success.
  ///
  /// - Parameter name: final name, `imports/contacts-000012-0001.csv.gz`. The temporary name is
  ///   `imports/contacts-000012-0001.part`.
  func publish(_ localPath: String, as name: String) async throws(SyncError)
  func publish(bytes: [UInt8], as name: String) async throws(SyncError)
  /// Files of one folder that match a pattern with `*` and `?` in its last component.
  func list(_ pattern: String) async throws(SyncError) -> [RemoteFile]
  func stat(_ name: String) async throws(SyncError) -> RemoteFile?
  /// At most `count` bytes from `offset`; empty at the end.
  func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError) -> [UInt8]
  func rename(_ name: String, to other: String) async throws(SyncError)
  /// A file that is not there is no error.
  func remove(_ name: String) async throws(SyncError)
  func makeFolder(_ name: String) async throws(SyncError)
}

package struct RemoteFile: Sendable, Equatable {
  /// Relative to the configured directory.
  package var name: String
  package var size: UInt64
  /// Seconds since 1970.
  package var modified: Int64

  package init(name: String, size: UInt64, modified: Int64) {
    self.name = name
    self.size = size
    self.modified = modified
  }
}
