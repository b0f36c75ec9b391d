import Core
import Glibc

/// Standard output for results, standard error for what went wrong.
enum Console {
  static func complain(_ error: SyncError) {
    let code = error.code.map { " (\($0))" } ?? ""
    var text = "cannot \(error.action): \(error.reason)\(code)\n"
    if let next = error.next { text += "  next:   \(next)\n" }
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }

  static func show(_ json: JSONValue) {
    print(String(decoding: json.encoded, as: UTF8.self))
  }

  /// Members as lines, those of objects below their name.
  static func list(_ json: JSONValue, indent: String = "") {
    let members = json.members ?? []
    let width = members.map(\.name.count).max() ?? 0
    for member in members {
      if member.value.members?.isEmpty == false {
        print(indent + member.name)
        list(member.value, indent: indent + "  ")
      } else {
        let gap = String(repeating: " ", count: width - member.name.count + 2)
        print(indent + member.name + gap + plain(member.value))
      }
    }
  }

  private static func plain(_ value: JSONValue) -> String {
    switch value {
    case .string(let text), .number(let text): text
    default: String(decoding: value.encoded, as: UTF8.self)
    }
  }

  /// `20,000`.
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}

/// Paths as the user writes them.
enum UserPath {
  /// Absolute; the file need not exist.
  static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    var parts = String(cString: folder).split(separator: "/").map(String.init)
    for part in path.split(separator: "/").map(String.init) where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
