/// Longer than anything takes that does not hang, also on a machine that has much else to do.
package let patience = Duration.seconds(300)

/// Waits until something is so, by looking again and again.
///
/// - Returns: whether it came to be.
package func comes(_ isSo: () async throws -> Bool) async throws -> Bool {
  let end = ContinuousClock.now + patience
  while ContinuousClock.now < end {
    if try await isSo() { return true }
    try await Task.sleep(for: .milliseconds(1))  // looks again; nobody waits for the time itself
  }
  return false
}
