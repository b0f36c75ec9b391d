import Core
import Sandbox
import Testing

@Suite("Campaign stand-in: import")
struct CampaignImportTests {
  typealias Visitor = CampaignVisitor
  static let part = "imports/contacts-000012-0001.csv"
  static let done = "imports/contacts-000012.done"

  /// A visitor whose storage holds one part, and whose signal has been given.
  func loaded(
    _ text: String, _ knobs: JSONValue = [:], name: String = part, storage: TemporaryStorage,
    prepare: (Visitor) async -> Void = { _ in }
  ) async throws -> Visitor {
    let visitor = await Visitor(Visitor.settings(home: storage.home))
    try await visitor.service.apply(knobs: knobs)
    await prepare(visitor)
    if name.hasSuffix(".gz") {
      storage.write(TemporaryStorage.gzip(text), name)
    } else {
      storage.write(text, name)
    }
    let suffix = name.hasSuffix(".gz") ? ".csv.gz" : ".csv"
    await signal(visitor, "imports/contacts-000012-*" + suffix)
    await visitor.service.runPendingImports()
    return visitor
  }

  func signal(_ visitor: Visitor, _ files: String) async {
    let workflow = await visitor.get("/workflow/execution/WKF101")
    let href = workflow.json["activities"]?["activity"]?["signal1"]?["trigger"]?["href"]
    _ = await visitor.call(
      "POST", href?.text ?? "", ["source": "test", "parameters": ["files": .string(files)]])
  }

  func rows(_ visitor: Visitor) async -> [JSONValue] {
    await visitor.service.records(of: "profile", offset: 0, count: 1000)
  }

  @Test("A part is loaded, the done file is there, the part is gone", arguments: ["", ".gz"])
  func loads(suffix: String) async throws {
    let storage = TemporaryStorage()
    let text = #"""
      externalId;firstName;gender;location.city;cusLoyaltyPoints;cusCustomerSince;birthDate
      a;"Li;na";female;"Gal
      way";12;2026/02/03 08:11:09;1990-04-17
      b;"say ""hi""";;;;;

      """#
    let visitor = try await loaded(text, name: Self.part + suffix, storage: storage)
    let rows = await rows(visitor)
    #expect(rows.count == 2)
    #expect(rows[0]["firstName"] == "Li;na" && rows[0]["gender"] == "female")
    #expect(rows[0]["location"]?["city"] == "Gal\nway" && rows[0]["cusLoyaltyPoints"] == 12)
    #expect(rows[0]["cusCustomerSince"] == "2026-02-03 08:11:09.000Z")
    #expect(rows[1]["firstName"] == "say \"hi\"" && rows[1]["gender"] == "unknown")
    #expect(storage.read(Self.done) == "files=1\nrows=2\nrejected=0\n")
    #expect(storage.names("imports") == ["contacts-000012.done"])
    #expect(await visitor.service.imports.first?.state == .done)
    #expect(await visitor.service.workflowStates["WKF101"] == "started")
  }

  @Test("Files are taken in order; a temporary name, or another run's, never")
  func pattern() async throws {
    let storage = TemporaryStorage()
    storage.write("externalId;firstName\na;Two\n", "imports/contacts-000012-0002.csv")
    storage.write("externalId;firstName\nx;X\n", "imports/contacts-000012-0003.part")
    storage.write("externalId;firstName\ny;Y\n", "imports/contacts-000013-0001.csv")
    let visitor = try await loaded("externalId;firstName\na;One\n", storage: storage)
    let rows = await rows(visitor)
    #expect(rows.map { $0["firstName"] } == ["Two"])
    #expect(storage.names("imports").count == 3)
  }

  @Test("Existing rows are updated, opt-outs only given to new ones, equal rows not touched")
  func upserts() async throws {
    let storage = TemporaryStorage()
    let text =
      "externalId;firstName;phone;denyListEmail\na;Mina;;false\nb;Lina;;true\nc;New;;true\n"
    let visitor = try await loaded(text, storage: storage) { visitor in
      await visitor.create("a", [("firstName", "Lina"), ("phone", "1"), ("blackListEmail", true)])
      await visitor.create("b", [("firstName", "Lina")])
      visitor.clock.advance(60)
    }
    let rows = await rows(visitor)
    #expect(rows.map { $0["firstName"] } == ["Mina", "Lina", "New"])
    #expect(rows.map { $0["phone"] } == ["", "", ""])
    #expect(rows.map { $0["blackListEmail"] } == [true, false, true])
    #expect(rows[1]["lastModified"] == rows[1]["created"])
    #expect(rows[0]["lastModified"] != rows[0]["created"])
    #expect(await visitor.service.imports.first?.updated == 1)
  }

  static let rejected: [(header: String, row: String, reason: String)] = [
    ("firstName", String(repeating: "x", count: 31), "does not fit"),
    ("gender", "neither", "does not fit"), ("cusLoyaltyPoints", "1.5", "does not fit"),
    ("cusCustomerSince", "2026-02-03T08:11:09Z", "declared format"),
    ("cusCustomerSince", "2026/02/30 08:11:09", "does not fit"),
    ("birthDate", "31.12.2000", "does not fit"), ("blackList", "maybe", "does not fit"),
  ]

  @Test("A row that does not fit goes to the rejects file; the rest is loaded", arguments: rejected)
  func rejects(header: String, row: String, reason: String) async throws {
    let storage = TemporaryStorage()
    let visitor = try await loaded("externalId;\(header)\nbad;\(row)\ngood;\n", storage: storage)
    #expect(await rows(visitor).map { $0["externalId"] } == ["good"])
    let name = "contacts-000012_20260203_081109.txt"
    #expect(storage.names("imports/rejects") == [name])
    let text = storage.read("imports/rejects/" + name) ?? ""
    #expect(text.hasPrefix("externalId;file;line;error\nbad;\(Self.part);2;column '\(header)'"))
    #expect(text.contains(reason))
  }

  static let stopping: [(text: String, reason: String)] = [
    ("externalId;nonsense\na;b\n", "column 'nonsense'"), ("externalId;title\na;b\n", "'title'"),
    ("firstName\na\n", "reconciliation key"), ("externalId;firstName\na\n", "columns"),
    ("externalId;firstName\na;\"open\n", "quoted"), ("", "header"),
  ]

  @Test("A file that does not fit its definition stops the workflow", arguments: stopping)
  func stops(text: String, reason: String) async throws {
    let storage = TemporaryStorage()
    let visitor = try await loaded(text, storage: storage)
    let record = await visitor.service.imports.first
    #expect(record?.state == .failed && record?.reason.contains(reason) ?? false)
    #expect(await visitor.service.workflowStates["WKF101"] == "error")
    #expect(storage.names("imports") == ["contacts-000012-0001.csv"])
  }

  @Test("More than 100 errors stop the workflow; no file is an error; a cut archive too")
  func limits() async throws {
    let storage = TemporaryStorage()
    let bad = (0...100).map { "k\($0);x\n" }.joined()
    let visitor = try await loaded("externalId;cusLoyaltyPoints\n" + bad, storage: storage)
    #expect(await visitor.service.imports.first?.reason == "more than 100 errors")
    #expect(storage.names("imports/rejects").count == 1)

    let other = await Visitor(Visitor.settings(home: storage.home))
    await signal(other, "imports/nothing-*.csv")
    await other.service.runPendingImports()
    #expect(await other.service.imports.first?.reason == "no files were found")

    storage.write(
      Array(TemporaryStorage.gzip("externalId\na\n").dropLast(4)), "imports/cut-1.csv.gz")
    let third = await Visitor(Visitor.settings(home: storage.home))
    await signal(third, "imports/cut-*.csv.gz")
    await third.service.runPendingImports()
    #expect(await third.service.imports.first?.state == .failed)
    #expect(storage.names("imports").contains("cut-1.csv.gz"))
  }

  @Test(
    "An import can be late, fail, stop half-way, or never end",
    arguments: [("error", 0, "error"), ("never", 0, "started"), ("partial", 2, "error")])
  func ends(end: String, rows count: Int, state: String) async throws {
    let storage = TemporaryStorage()
    let visitor = try await loaded(
      "externalId\na\nb\nc\n", ["importEnd": .string(end), "importRows": 2], storage: storage)
    #expect(await rows(visitor).count == count)
    #expect(await visitor.service.workflowStates["WKF101"] == state)
    #expect(storage.read(Self.done) == nil)
  }

  @Test("A late import waits for its time, and for its workflow")
  func late() async throws {
    let storage = TemporaryStorage()
    let visitor = try await loaded("externalId\na\n", ["importDelay": 30], storage: storage)
    #expect(await rows(visitor).isEmpty)
    visitor.clock.advance(30)
    try await visitor.service.set(workflow: "WKF101", to: "warning")
    #expect(await visitor.service.runPendingImports() == false)
    try await visitor.service.set(workflow: "WKF101", to: "started")
    #expect(await visitor.service.runPendingImports())
    #expect(await rows(visitor).count == 1)
    #expect(storage.read(Self.done) != nil)
  }

  @Test("Paths stay in the storage")
  func paths() async throws {
    let storage = TemporaryStorage()
    let visitor = await Visitor(Visitor.settings(home: storage.home))
    await signal(visitor, "../../etc/*")
    await visitor.service.runPendingImports()
    #expect(await visitor.service.imports.first?.reason.contains("out of the storage") ?? false)
    #expect(storage.names("imports").isEmpty)
  }
}
