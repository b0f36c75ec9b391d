/// The rules for names below the shared folder; every dropbox keeps them.
package enum RemoteName {
  /// Refuses a name that leads out of the folder, or that no server would keep as it is.
  package static func check(_ name: String) throws(SyncError) {
    guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw SyncError(
        .configuration, "use a remote file name", "it has control characters in it")
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
      throw SyncError(
        .configuration, "use the remote file name \(name)",
        "it leads out of the shared folder, or has an empty component",
        next: "name files relative to sftp.directory, without a leading / and without ..")
    }
  }

  /// What a file is called until it is whole: `.part` in place of the suffix from `.csv` on.
  ///
  /// - Shape: never with `.csv` in its last component, so no pattern for final files finds it.
  package static func temporary(for name: String) -> String {
    let last = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
    var end = last
    while end < name.endIndex, name[end...].prefix(4).lowercased() != ".csv" {
      end = name.index(after: end)
    }
    return name[..<end] + ".part"
  }

  /// The folder a name is in; nil for the shared folder itself.
  package static func folder(of name: String) -> String? {
    name.lastIndex(of: "/").map { String(name[..<$0]) }
  }

  /// Whether a file name fits a pattern, in which `*` is any text and `?` one character.
  package static func fits(_ name: some StringProtocol, _ pattern: some StringProtocol) -> Bool {
    let text = Array(name)
    let wanted = Array(pattern)
    var (at, next) = (0, 0)
    var star: (pattern: Int, text: Int)?
    while at < text.count {
      if next < wanted.count, wanted[next] == "*" {
        star = (next, at)
        next += 1
      } else if next < wanted.count, wanted[next] == "?" || wanted[next] == text[at] {
        (at, next) = (at + 1, next + 1)
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        (at, next) = (last.text + 1, last.pattern + 1)
      } else {
        return false
      }
    }
    return wanted[next...].allSatisfy { $0 == "*" }
  }
}

extension SyncError {
  /// The code of a publish whose local file is not there.
  package static let fileMissingCode = "errno 2"
  package var isFileMissing: Bool { kind == .storage && code == SyncError.fileMissingCode }

  /// The code of a publish whose rename was sent and not answered: it may have happened.
  package static let renameUnansweredCode = "rename-unanswered"
  package var isRenameUnanswered: Bool { code == SyncError.renameUnansweredCode }
}
