import Core
import Glibc
import SandboxServer

/// A sandbox that outlives the command which started it.
enum Background {
  /// Starts this program once more and waits until it says that it is ready.
  static func start(_ arguments: [String], _ files: SandboxFiles) async throws(SyncError) {
    try Files.makeFolder(files.directory)
    guard !FolderLock.isHeld(files.directory) else {
      throw SyncError(
        .unavailable, "start a sandbox in \(files.directory)", "one is running there",
        next: "campaign-sync-sandbox stop --directory \(files.directory)")
    }
    unlink(files.announcement)
    unlink(files.log)
    let child = try ChildProgram([program] + arguments, log: files.log)
    while access(files.announcement, R_OK) != 0 {
      if child.hasEnded() { throw failure(files) }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  private static var program: String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    return count > 0
      ? String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      : CommandLine.arguments[0]
  }

  /// What the child said before it ended.
  private static func failure(_ files: SandboxFiles) -> SyncError {
    let lines = ((try? Files.read(files.log)) ?? "").split(separator: "\n").suffix(3)
    let next = lines.last { $0.contains("next:") }?.split(separator: ":", maxSplits: 1).last
    let said = lines.first { !$0.contains("next:") } ?? "cannot stay: it ended at once"
    let reason = String(said.hasPrefix("cannot ") ? said.dropFirst(7) : said)
    return SyncError(
      .unavailable, "start the sandbox", reason,
      next: next.map { $0.drop { $0 == " " } }.map(String.init) ?? "read \(files.log)")
  }
}
