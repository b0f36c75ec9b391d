import Foundation

/// The checkout, as text.
enum Tree {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Folders of Sources that hold Swift.
  static var rooms: [String] {
    names(in: "Sources").filter { !swiftFiles(below: "Sources/\($0)").isEmpty }.sorted()
  }

  static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []
  }

  static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  static func files(below folder: String, endings: [String]) -> [String] {
    let walk = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
    let names = (walk?.allObjects as? [String]) ?? []
    return names.filter { name in endings.contains { name.hasSuffix($0) } }
      .map { "\(folder)/\($0)" }.sorted()
  }

  static func swiftFiles(below folder: String) -> [String] {
    files(below: folder, endings: [".swift"])
  }

  static func text(of file: String) -> String {
    (try? String(contentsOf: root.appending(path: file), encoding: .utf8)) ?? ""
  }

  static func lines(of file: String) -> [Substring] {
    text(of: file).split(separator: "\n", omittingEmptySubsequences: false)
  }

  /// Modules, without attributes and access words.
  static func imports(of file: String) -> [String] {
    lines(of: file).compactMap { line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ $0.hasPrefix("@") || ["package", "internal"].contains($0) })
      else { return nil }
      return String(words[place + 1])
    }
  }
}
