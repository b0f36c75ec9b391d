import Core
import Testing

@testable import JobFiles

struct OptOutFileTests {
  private func optOut(_ text: String) throws -> OptOutSettings {
    guard case .optOut(let settings) = try job(text, name: "opt-out") else {
      throw SyncError(.bug, "read", "kind")
    }
    return settings
  }

  @Test func everyKeyIsTaken() throws {
    let settings = try optOut(try fixture("right/opt-out.yaml"))
    #expect(settings.direction == .bidirectional)
    #expect(
      settings.files
        == OptOutSettings.Files(
          pattern: "exports/optout_*.csv", key: "externalId", modified: "{campaign}_modified"))
    func line(_ line: Int) -> SourcePosition {
      SourcePosition(file: "jobs/opt-out.yaml", line: line, column: 5)
    }
    #expect(
      settings.fields == [
        .init(
          dynamics: "donotbulkemail", campaign: "blackListMobile", invert: false,
          position: line(6)),
        .init(
          dynamics: "followemail", campaign: "denyListPushnotification", invert: true,
          position: line(7)),
      ])
    #expect(settings.rejectLimit == 0)
  }

  @Test(
    "Directions that do not read Campaign have no fields",
    arguments: ["disabled", "dynamics-to-campaign"])
  func withoutFields(direction: String) throws {
    let settings = try optOut("kind: opt-out\ndirection: \(direction)\n")
    #expect(settings.direction.rawValue == direction)
    #expect(settings.fields.isEmpty)
    #expect(settings.files == nil)
    #expect(settings.rejectLimit == 0.01)
  }

  @Test("The eight attributes are taken, under both names", arguments: OptOutSettings.attributes)
  func attributes(name: String) {
    for name in [name, name.replacing("denyList", with: "blackList")] {
      let text = """
        kind: opt-out
        direction: campaign-to-dynamics
        from: { files: a.csv, key: externalId, modified: "{campaign}_m" }
        fields: [ { dynamics: donotfax, campaign: \(name) } ]
        """
      #expect(problems(text).isEmpty)
    }
  }
}
