import Core
import Sandbox
import Testing

@Suite struct RowGeneratorTests {
  private func service(rows: Int, tooLong: Int = 0, seed: UInt64 = 1) -> DataverseService {
    var world = DataverseWorld()
    world.rows = ["contact": rows]
    world.seed = seed
    world.tooLongPerMille = tooLong
    return DataverseService(
      world: world, clock: SandboxClock(base: Instant(seconds: 1_768_000_000), isRunning: false))
  }

  @Test("Texts fit their columns and Campaign's profile")
  func lengths() async {
    let limits = [
      "firstname": 30, "middlename": 30, "lastname": 50, "salutation": 20, "emailaddress1": 100,
      "mobilephone": 32, "telephone1": 32, "fax": 32, "jobtitle": 100, "nickname": 100,
      "address1_line1": 250, "address1_city": 80, "address1_postalcode": 20, "description": 2000,
      "fullname": 160, "address1_composite": 1000,
    ]
    for row in await service(rows: 1500).rows(of: "contact", count: 1500) {
      for (name, limit) in limits {
        #expect((row[name]?.text ?? "").utf16.count <= limit, "\(name)")
      }
    }
  }

  @Test("The same seed makes the same rows; another seed makes others")
  func deterministic() async {
    let one = await service(rows: 200).rows(of: "contact", count: 200)
    #expect(await service(rows: 200).rows(of: "contact", count: 200) == one)
    #expect(await service(rows: 200, seed: 2).rows(of: "contact", count: 200) != one)
    #expect(await service(rows: 200).rows(of: "contact", offset: 150, count: 10).first == one[150])
  }

  @Test("The rows are nasty in every way that real ones are")
  func nasty() async {
    let rows = await service(rows: 2500).rows(of: "contact", count: 2500)
    func some(_ name: String, _ test: (String) -> Bool) -> Bool {
      rows.contains { test($0[name]?.text ?? "") }
    }
    #expect(some("description") { $0.contains("\r\n") })
    #expect(some("description") { $0.utf16.count > 1000 })
    #expect(some("description") { $0.hasPrefix(" ") })
    #expect(some("nickname") { $0.hasSuffix(" ") })
    #expect(some("nickname") { $0.unicodeScalars.contains { $0.value > 0xFFFF } })
    #expect(some("lastname") { $0.contains("'") })
    #expect(some("address1_line1") { $0.contains("\"") && $0.contains(";") })
    #expect(some("firstname") { $0.unicodeScalars.contains { (0x600...0x6FF).contains($0.value) } })
    #expect(some("jobtitle") { $0.hasPrefix("=") })
    #expect(rows.contains { $0["creditlimit"] == .null })
    #expect(rows.contains { $0["statecode"] == 1 && $0["statuscode"] == 2 })
    #expect(rows.allSatisfy { $0["statecode"] != 1 || $0["statuscode"] == 2 })
    #expect(rows.contains { $0["donotemail"] == .null })
  }

  @Test("A share of first names is too long for Campaign, where the world says so")
  func tooLong() async {
    let rows = await service(rows: 2000, tooLong: 50).rows(of: "contact", count: 2000)
    let long = rows.count { ($0["firstname"]?.text ?? "").count > 30 }
    #expect((50..<150).contains(long))
    #expect(rows.allSatisfy { ($0["firstname"]?.text ?? "").count <= 50 })
  }
}
