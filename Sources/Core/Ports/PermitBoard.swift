/// What all processes of a state folder share about the requests of one identity: marks at places,
/// and a record of a few words.
///
/// - Promise: a place is marked by one holder at a time. A holder's marks go with it, however it
///   ends. No call waits for another process: a process that was stopped stops nobody else.
/// - Shape: a holder is one object; two of one process are two holders. Places count from zero to
///   `Int32.max`; what they mean is the caller's business.
package protocol PermitBoard: Sendable {
  /// - Returns: false where another holder has marked the place. A place that the caller itself has
  ///   marked stays marked.
  func mark(_ place: Int) throws(SyncError) -> Bool
  func unmark(_ place: Int) throws(SyncError)
  /// Whether another holder has marked a place of these.
  func isMarkedByOthers(_ places: Range<Int>) throws(SyncError) -> Bool
  /// Reads the record and writes it, alone unless the one before does not come to its end.
  ///
  /// - Parameter change: gets what was written last, by anybody; nothing where there is no record,
  ///   or none that can be read. It may mark and unmark.
  func update<Value>(
    _ change: (inout [UInt64]) throws(SyncError) -> Value
  ) throws(SyncError) -> Value
}
