import Core

/// One execution of an import workflow, from the signal on.
package struct ImportRecord: Sendable, Equatable {
  package enum State: String, Sendable { case waiting, running, done, failed, stuck }

  package var workflow: String
  /// Pattern of the files, below the workflow's directory.
  package var pattern: String
  /// `contacts-000012`.
  package var run: String
  package var due: Instant
  package var state = State.waiting
  package var files = 0
  package var rows = 0
  package var inserted = 0
  package var updated = 0
  package var rejected = 0
  /// Why it failed, in words.
  package var reason = ""

  init(workflow: String, pattern: String, run: String?, due: Instant) {
    self.workflow = workflow
    self.pattern = pattern
    self.due = due
    let name = pattern.split(separator: "/").last ?? ""
    let stem = name.prefix { $0 != "*" && $0 != "?" && $0 != "." }
    self.run = run ?? String(stem.hasSuffix("-") ? stem.dropLast() : stem)
  }

  /// `contacts` of `contacts-000012`.
  var job: String {
    run.lastIndex(of: "-").map { String(run[..<$0]) } ?? run
  }

  /// A path of the workflow's settings with its placeholders filled in.
  func filled(_ path: String) -> String {
    path.split(separator: "{run}", omittingEmptySubsequences: false).joined(separator: run)
      .split(separator: "{job}", omittingEmptySubsequences: false).joined(separator: job)
  }

  package var json: JSONValue {
    [
      "workflow": .string(workflow), "files": .string(pattern), "run": .string(run),
      "state": .string(state.rawValue), "fileCount": .number(String(files)),
      "rows": .number(String(rows)), "inserted": .number(String(inserted)),
      "updated": .number(String(updated)), "rejected": .number(String(rejected)),
      "reason": .string(reason),
    ]
  }
}
