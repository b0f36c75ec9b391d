import Core
import Testing
import TestSupport

@Suite struct CSVDialectTests {
  /// Each pair in `fixtures/csv` is a rule of the dialect: a page, and the file it becomes.
  @Test(arguments: Golden.names(in: "csv", ending: ".json"))
  func writesTheGoldenFile(_ name: String) throws {
    let fixture = try Fixture.read("csv/\(name).json")
    let fields = fixture["fields"]?.members ?? []
    var settings = Fixture.settings(fields.map { FieldMapping(from: $0.name, to: $0.name) })
    settings.csv = Fixture.csv(fixture["csv"])
    let plan = try RowPlan(
      settings,
      table: Fixture.table(
        fields.map { ColumnSchema(name: $0.name, kind: Fixture.kind($0.value.text ?? "")) }),
      resource: Fixture.profile(
        fields.map { FieldSchema(name: $0.name, kind: Fixture.usualTarget($0.value.text ?? "")) }))
    let page = PageBuilder.page(
      (fixture["rows"]?.items ?? []).map { row in
        (row.items ?? []).map { $0["missing"] == nil ? $0 : nil }
      })

    var rows = RowBuffer()
    rows.append(plan.headerLine)
    let written = plan.append(page, to: &rows)
    let (tally, rejections, keys) = (written.tally, written.rejections, written.keys)

    #expect(try Golden.difference(rows.bytes, from: "csv/\(name).csv") == nil)
    #expect(tally.replacedCharacters == fixture["replaced"]?.integer ?? 0)
    #expect(
      rejections.map { "\($0.key) \($0.rule)" } == fixture["rejected"]?.items?.map(\.text) ?? [])
    #expect(tally.read == page.rows)
    #expect(tally.mapped == keys.count && tally.rejected == rejections.count)
    #expect(tally.mapped + tally.rejected == tally.read)
  }

  @Test(arguments: [CSVSettings.Quote.double, .none])
  func readsBackWhatItWrites(_ quote: CSVSettings.Quote) throws {
    var settings = CSVSettings()
    settings.quote = quote
    let dialect = CSVDialect(settings)
    var generator = SplitMix(seed: 7)
    let alphabet = Array("ab;\"\r\n ,é".utf8)
    for length in 0..<400 {
      let field = (0..<length % 40).map { _ in alphabet[Int(generator.next() % 9)] }
      let line = dialect.encode(field).bytes + Array(";end\n".utf8)
      var rows: [CSVRow] = []
      var reader = CSVReader(separator: dialect.separator, quote: quote)
      try reader.push(line[...]) { rows.append($0) }
      let expected = quote == .double ? field : spaced(field)
      #expect(rows.map { Array($0[0]) } == [expected])
      #expect(rows.first?.text(1) == "end")
    }
  }

  /// `quote: none`, written down the slow way.
  private func spaced(_ field: [UInt8]) -> [UInt8] {
    var spaced: [UInt8] = []
    for (index, byte) in field.enumerated() {
      if byte == 0x0A && index > 0 && field[index - 1] == 0x0D { continue }
      spaced.append([0x3B, 0x22, 0x0A, 0x0D].contains(byte) ? 0x20 : byte)
    }
    return spaced
  }

  @Test func quotesNamesOfTheHeaderLikeFields() {
    #expect(CSVDialect().headerLine(["id", "a;b"]) == Array("id;\"a;b\"\n".utf8))
  }

  @Test func longFieldsAreCopiedWhole() {
    for length in 1..<70 {
      let field = (0..<length).map { UInt8(0x61 + $0 % 26) }
      #expect(CSVDialect().encode(field).bytes == field)
      for place in 0..<length {
        var special = field
        special[place] = 0x3B
        #expect(CSVDialect().encode(special).bytes == [0x22] + special + [0x22])
      }
    }
  }
}

struct SplitMix {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
