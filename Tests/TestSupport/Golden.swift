import Foundation

/// Expected files that people read, kept below `fixtures/`.
///
/// `UPDATE_GOLDEN=1` rewrites them, and the run that does so fails: nobody commits one unseen.
package enum Golden {
  /// The folder `fixtures` of this checkout.
  package static let fixtures = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("fixtures")

  package static func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: fixtures.appendingPathComponent(path)))
  }

  /// Names in a folder of `fixtures` that end so, without the ending.
  package static func names(in folder: String, ending: String) -> [String] {
    let path = fixtures.appendingPathComponent(folder).path
    let all = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return all.filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  /// What is wrong with these bytes, in words; nil where they are those of the file.
  package static func difference(_ bytes: [UInt8], from path: String) throws -> String? {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      if (try? read(path)) == bytes { return nil }
      try Data(bytes).write(to: fixtures.appendingPathComponent(path))
      return "\(path) was rewritten: read it, then commit it"
    }
    let expected = try read(path)
    if expected == bytes { return nil }
    let lines = (String(decoding: bytes, as: UTF8.self), String(decoding: expected, as: UTF8.self))
    return "\(path) differs.\nexpected:\n\(lines.1)\nis:\n\(lines.0)"
  }
}
