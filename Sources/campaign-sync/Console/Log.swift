import Core
import Glibc
import Logging

/// The log on standard error: one line an event, as text or as JSON.
struct LineLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  let isJSON: Bool

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }
      .sorted { $0.key < $1.key }
    let time = TimeText.utc(SystemClock().now)
    if isJSON {
      let line: [JSONValue.Member] =
        [
          .init("time", .string(time)), .init("level", .string(event.level.rawValue)),
          .init("message", .string(event.message.description)),
        ] + fields.map { .init($0.key, .string($0.value.description)) }
      Standard.error(String(decoding: JSONValue.object(line).encoded, as: UTF8.self))
    } else {
      let rest = fields.map { " \($0.key)=\($0.value)" }.joined()
      Standard.error("\(time) \(event.level.rawValue) \(event.message)\(rest)")
    }
  }
}

/// The two streams; a line is written whole.
enum Standard {
  static func output(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }
  static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  static func write(_ text: String, to stream: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(stream, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      bytes = bytes.dropFirst(max(count, 0))
    }
  }

  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
  static var inputIsTerminal: Bool { isatty(STDIN_FILENO) == 1 }
}
