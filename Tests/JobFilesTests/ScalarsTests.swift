import Testing

@testable import JobFiles

struct ScalarsTests {
  @Test(
    "Sizes",
    arguments: [
      ("512 KiB", 524_288), ("64 MiB", 67_108_864), ("64MiB", 67_108_864), ("8 GiB", 8 << 30),
      ("64 GiB", 64 << 30), ("65 GiB", nil), ("64 MB", nil), ("0 MiB", nil), ("6 4 MiB", nil),
      ("-1 MiB", nil), ("MiB", nil), ("67108864", nil), ("1.5 GiB", nil), ("0x1 MiB", nil),
    ] as [(String, Int?)])
  func sizes(text: String, bytes: Int?) throws {
    let file = least + "csv: { partSize: \(text) }\n"
    guard let bytes else {
      return #expect(problems(file).map(\.path) == ["csv.partSize"])
    }
    #expect(try ingress(file).csv.partSize == bytes)
  }

  @Test(
    "Shares",
    arguments: [
      ("1%", 0.01), ("0.5%", 0.005), ("0%", 0), ("100%", 1), ("100.5%", nil), ("1", nil),
      ("1 %", nil), ("-1%", nil), ("%", nil), ("0x1%", nil), ("nan%", nil), ("1e1%", nil),
    ] as [(String, Double?)])
  func shares(text: String, share: Double?) throws {
    let file = least + "rejects: { limit: '\(text)' }\n"
    guard let share else {
      return #expect(problems(file).map(\.path) == ["rejects.limit"])
    }
    #expect(try ingress(file).rejectLimit == share)
  }

  @Test(
    "Times",
    arguments: [
      ("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("366d", 31_622_400), ("367d", nil),
      ("0s", nil), ("10", nil), ("10 m", nil), ("1h30m", nil), ("-1h", nil), ("h", nil),
      ("PT1H", nil), ("+1h", nil), ("1w", nil),
    ] as [(String, Int?)])
  func times(text: String, seconds: Int?) throws {
    let file = try fixture("right/environments/least.yaml") + "  signalInterval: '\(text)'\n"
    guard let seconds else {
      return #expect(environmentProblems(file).map(\.path) == ["campaign.signalInterval"])
    }
    #expect(try environment(file).campaign.signalInterval == .seconds(seconds))
  }

  @Test(
    "Separators",
    arguments: [
      ("';'", 0x3B), ("','", 0x2C), ("'|'", 0x7C), ("tab", 0x09), ("\"\\t\"", 0x09), ("':'", nil),
      ("';;'", nil), ("' '", nil), ("semicolon", nil),
    ] as [(String, UInt8?)])
  func separators(text: String, byte: UInt8?) throws {
    let file = least + "csv: { separator: \(text) }\n"
    guard let byte else {
      return #expect(problems(file).map(\.path) == ["csv.separator"])
    }
    #expect(try ingress(file).csv.separator == byte)
  }

  @Test("Flags", arguments: [("true", true), ("false", false), ("yes", nil), ("1", nil)])
  func flags(text: String, flag: Bool?) throws {
    let file = least.replacing("to: email", with: "to: email, applyUpdates: \(text)")
    guard let flag else {
      return #expect(problems(file).map(\.path) == ["fields[0].applyUpdates"])
    }
    #expect(try ingress(file).fields[0].applyUpdates == flag)
  }
}
