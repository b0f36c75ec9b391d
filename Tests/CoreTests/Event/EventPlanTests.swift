import Testing

@testable import Core

@Suite struct EventPlanTests {
  static let columns = [
    "id": "id", "contact": "who", "at": "date", "type": "type", "status": "status",
    "failure": "failure", "message": "channel", "campaign": "campaign", "delivery": "delivery",
    "url": "url",
  ]
  static let header = "id;who;date;type;status;failure;channel;campaign;delivery;url"

  private func settings(_ event: EgressSettings.Event) -> EgressSettings {
    EgressSettings(
      name: "job", event: event,
      files: EgressSettings.Files(pattern: "exports/*.csv", columns: Self.columns),
      table: "t", columns: [:])
  }

  private func rows(_ text: String) throws -> [CSVRow] {
    var reader = CSVReader(separator: 0x3B, quote: .double)
    var rows: [CSVRow] = []
    try reader.push(Array(text.utf8)[...]) { rows.append($0) }
    try reader.finish { rows.append($0) }
    return rows
  }

  private func judge(_ settings: EgressSettings, _ line: String) throws -> EventPlan.Verdict {
    let rows = try rows(Self.header + "\n" + line + "\n")
    return try EventPlan(settings, header: rows[0], file: "exports/a.csv").judge(rows[1])
  }

  /// Event, type, status, failure, message, and whether the row is one.
  static let table: [(EgressSettings.Event, String, Bool)] = [
    (.send, "0;1;0;0", true), (.send, "0;2;0;0", false), (.send, "0;0;3;0", false),
    (.send, "0;6;0;0", false), (.send, "0;1;1;0", true), (.send, "0;1;0;1", false),
    (.send, "0;1;0;40", false), (.send, "0;;0;0", false),
    (.bounce, "0;2;2;0", true), (.bounce, "0;2;1;0", false), (.bounce, "0;1;0;0", false),
    (.bounce, "0;2;2;1", false), (.bounce, "0;0;3;0", false),
    (.open, "2;;;0", true), (.open, "1;;;0", false), (.open, "6;;;0", false),
    (.open, "2;;;1", false),
    (.click, "1;;;0", true), (.click, "10;;;0", true), (.click, "11;;;0", true),
    (.click, "2;;;0", false), (.click, "3;;;0", false), (.click, "6;;;0", false),
    (.click, "110;;;0", false), (.click, "1;;;40", false),
  ]

  @Test(arguments: table)
  func theRulesOfTheEvents(event: EgressSettings.Event, texts: String, isEvent: Bool) throws {
    let verdict = try judge(settings(event), "1;w;d;\(texts);c;dm;u")
    if case .event(let row) = verdict {
      #expect(isEvent)
      #expect(row.id == "1" && row["delivery"] == "dm" && row["url"] == "u" && row["mirror"] == "")
    } else {
      #expect(!isEvent && verdict == .other)
    }
  }

  @Test(arguments: [
    ("3;1;0;0", true), ("6;1;0;0", true), ("3;2;0;0", false), ("1;1;0;0", false),
    ("3;1;0;1", false),
  ])
  func writtenOutRulesReplaceTheEventsOwn(texts: String, isEvent: Bool) throws {
    var settings = settings(.click)
    settings.when = ["type": ["3", "6"], "status": ["1"]]
    let verdict = try judge(settings, "1;w;d;\(texts);c;dm;u")
    #expect((verdict == .other) != isEvent)
  }

  @Test func withoutAMessageColumnEveryRowIsEMail() throws {
    var settings = settings(.open)
    settings.files.columns["message"] = nil
    #expect(try judge(settings, "1;w;d;2;;;40;c;dm;u") != .other)
  }

  @Test func aRowOfAnotherWidthIsBroken() throws {
    guard case .broken(let one) = try judge(settings(.open), "9;w;d;2;;;0;c;dm;u;v;w"),
      case .broken(let other) = try judge(settings(.open), ";x")
    else {
      Issue.record("not broken")
      return
    }
    #expect(one.key == "9" && one.what == .event && one.rule == "rowBroken")
    #expect(one.reason == "the row has 12 fields, the header 10")
    #expect(one.line == "9;w;d;2;;;0;c;dm;u;v;w")
    let plan = try EventPlan(
      settings(.open), header: try rows(Self.header)[0], file: "exports/a.csv")
    #expect(plan.key(of: try rows("9;w;d;2;;;0;c;dm;u\n")[0]) == "9")
    #expect(plan.key(of: try rows("9;w;d\n")[0]) == nil)
    #expect(plan.key(of: try rows(";w;d;2;;;0;c;dm;u\n")[0]) == nil)
    #expect(other.key == "exports/a.csv@\(Self.header.utf8.count + 1)")
  }

  @Test func headersAreFoundWhateverTheirOrderAndBlanks() throws {
    let rows = try rows("\u{FEFF} type ;\"id\";who;date;x\n2;7;w;d;\n")
    var settings = settings(.open)
    settings.files.columns = ["id": "id", "contact": "who", "at": "date", "type": "type"]
    let plan = try EventPlan(settings, header: rows[0], file: "a.csv")
    guard case .event(let row) = plan.judge(rows[1]) else {
      Issue.record("no event")
      return
    }
    #expect(row.id == "7" && row["at"] == "d")
  }

  @Test func allMissingColumnsAreNamedAndTheHeaderIsShownHarmlessly() throws {
    let rows = try rows("id;wh0;dat\u{1B};typ\n")
    #expect {
      try EventPlan(settings(.open), header: rows[0], file: "a.csv")
    } throws: { error in
      guard let error = error as? SyncError else { return false }
      return error.kind == .configuration && error.action == "read a.csv"
        && error.reason.contains("who (did you mean wh0?)") && error.reason.contains("channel")
        && error.reason.contains("id | wh0 | dat? | typ") && error.code == nil
    }
  }

  @Test(
    "A first line that is a row is not shown: it holds what people are called and where they live",
    arguments: [
      "7;jane;x", "id;jane.doe@example.org;x", "id;https://shop.example/jane;x",
      "82ef1d2c-3a52-ee11-904c-000d3a2b1cff;a;b", "id;+49 30 1234;x", "id;2026-02-03 08:11:09Z;x",
    ])
  func aRowIsNoHeader(line: String) throws {
    let rows = try rows(line + "\n")
    #expect {
      try EventPlan(settings(.open), header: rows[0], file: "a.csv")
    } throws: { error in
      guard let error = error as? SyncError else { return false }
      return error.kind == .configuration && error.reason.contains("who")
        && error.reason.hasSuffix(
          "its first line has 3 fields and looks like a row, not like a header")
    }
  }

  @Test(arguments: ["plain", "", "a;b", "say \"no\"", " blanks ", "two\nlines\r\n", "für 春 🙂"])
  func aRowIsKeptAsItIs(text: String) throws {
    let row = EventRow { $0 == "id" ? "8003" : $0 == "url" ? text : "x\($0)" }
    let again = try #require(EventRow(line: row.line))
    #expect(again == row)
    #expect(again["url"].unicodeScalars.elementsEqual(text.unicodeScalars))
  }

  @Test(arguments: ["", "a;b", "a;b;c\nd;e;f", "\"open"])
  func anotherLineIsNoRow(line: String) {
    #expect(EventRow(line: line) == nil)
  }
}
