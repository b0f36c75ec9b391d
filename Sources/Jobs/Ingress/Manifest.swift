import Core

/// `contacts-000012.manifest.json`, published last: what was staged.
package struct Manifest: Sendable {
  /// Below `sftp.directory`.
  package static let folder = "imports"

  package var name: RunName
  /// As the CSV header writes them.
  package var columns: [String]
  package var parts: [SealedPart]

  package init(name: RunName, columns: [String], parts: [SealedPart]) {
    self.name = name
    self.columns = columns
    self.parts = parts
  }

  package static func fileName(of run: RunName) -> String { "\(run).manifest.json" }

  package var bytes: [UInt8] {
    let rows = parts.reduce(0) { $0 + $1.rows }
    let document: JSONValue = [
      "job": .string(name.job),
      "run": .string(name.description),
      "columns": .array(columns.map(JSONValue.string)),
      "rows": .number(String(rows)),
      "parts": .array(
        parts.map { part in
          [
            "name": .string(part.name), "rows": .number(String(part.rows)),
            "bytes": .number(String(part.bytes)), "sha256": .string(part.sha256),
          ]
        }),
    ]
    return document.encoded + [0x0A]
  }

  /// `imports/contacts-000012-*.csv.gz`.
  package static func pattern(of run: RunName, suffix: String) -> String {
    "\(folder)/\(run)-*\(suffix)"
  }
}
