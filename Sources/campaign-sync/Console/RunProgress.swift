import Core

/// How far a run is: what the bar, the log and `status` say while it goes on.
struct RunProgress: Codable, Sendable, Equatable {
  struct Lane: Codable, Sendable, Equatable {
    var name: String
    var records: Int
    var perSecond: Int

    var words: String {
      "\(name) \(TimeText.count(records)) (\(TimeText.count(perSecond)) a second)"
    }
  }

  var began: Instant
  /// When this was written.
  var at: Instant
  /// What is being done, in words.
  var doing: String
  /// Records that are done, those of earlier runs of the same load among them; nil while nothing is
  /// counted.
  var records: Int?
  /// About how many there are; nil where nobody knows.
  var expected: Int?
  /// Of this run, while records are counted.
  var perSecond: Int?
  var secondsLeft: Int?
  /// While requests waited for what a service takes.
  var throttledSeconds: Int
  var lanes: [Lane] = []

  /// `exporting: 1,200 of about 5,000 records, 300 a second, 12 s left, throttled for 4 s`.
  var words: String {
    var words = doing
    if let records {
      words += ": \(TimeText.count(records))"
      if let expected { words += " of about \(TimeText.count(expected))" }
      words += " records"
    }
    if let perSecond { words += ", \(TimeText.count(perSecond)) a second" }
    if let secondsLeft { words += ", \(TimeText.span(.seconds(secondsLeft))) left" }
    if throttledSeconds > 0 {
      words += ", throttled for \(TimeText.span(.seconds(throttledSeconds)))"
    }
    return words
  }

  /// `range 0 1,200 (300 a second), range 1 900 (225 a second)`.
  var laneWords: String { lanes.map(\.words).joined(separator: ", ") }

  /// What `status` prints of it.
  var lines: [String] {
    var lines = ["  progress      \(words)"]
    if lanes.count > 1 { lines += lanes.map { "                \($0.words)" } }
    return lines
  }

  var json: JSONValue {
    func number(_ count: Int?) -> JSONValue { count.map { .number(String($0)) } ?? .null }
    return [
      "began": .string(TimeText.utc(began)), "at": .string(TimeText.utc(at)),
      "doing": .string(doing), "records": number(records), "expected": number(expected),
      "perSecond": number(perSecond), "secondsLeft": number(secondsLeft),
      "throttledSeconds": number(throttledSeconds),
      "lanes": .array(
        lanes.map {
          [
            "name": .string($0.name), "records": number($0.records),
            "perSecond": number($0.perSecond),
          ]
        }),
    ]
  }
}
