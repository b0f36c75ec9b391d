import Core
import HTTP
import Sandbox
import Testing

@Suite("Control endpoint: opt-outs")
struct ControlOptOutsTests {
  /// A control endpoint whose only job is `opt-out`.
  private func control(_ world: ConsentWorld) -> ControlService {
    ControlService(
      world.world,
      host: .init(
        about: [:],
        readJob: { job, _ throws(SyncError) in
          throw SyncError(.configuration, "find \(job)", "there is none", next: "no")
        },
        readOptOutJob: { job, _ in
          job == "opt-out" ? (ConsentWorld.settings(.bidirectional), []) : nil
        }, dropSessions: {}, stop: {}))
  }

  private func post(
    _ control: ControlService, _ path: String, _ body: JSONValue
  ) async throws -> (status: Int, json: JSONValue) {
    let answer = try await ConsentWorld.send(
      control, HTTPRequest("POST", "http://127.0.0.1:1" + path, body: body.encoded))
    return (answer.status, try ControlService.document(answer.body))
  }

  @Test("Opt-outs are changed, exported and compared")
  func works() async throws {
    let world = try await ConsentWorld()
    let control = control(world)
    let key = world.keys[0].description
    let set: JSONValue = ["key": .string(key), "attribute": "denyListEmail", "value": true]
    #expect(try await post(control, "/opt-out", set).json["changed"] == true)
    #expect(try await post(control, "/opt-out", set).json == ["changed": false, "before": true])
    let exported = try await post(
      control, "/export-opt-outs", ["numbers": true, "wholeSeconds": true, "gzip": false])
    let file = try #require(exported.json["files"]?.items?.first)
    #expect(file["rows"] == 1 && file["published"] == true)
    let text = world.storage.read(file["name"]?.text ?? "") ?? ""
    #expect(text.contains("\(key);0;;1;2026-") && !text.contains("."))
    let compared = try await post(control, "/compare", ["job": "opt-out"])
    #expect(compared.json["sentence"] == "different: 1 differ")
    let mutated = try await post(
      control, "/mutate", ["optOuts": 3, "optOutsIn": "campaign", "seed": 4])
    #expect(mutated.json["optOuts"]?["campaign"]?.items?.count == 3)
    #expect(mutated.json["optOuts"]?["dynamics"]?.items == [] && mutated.json["created"] != nil)
  }

  static let refused: [(path: String, body: JSONValue, words: String)] = [
    ("/opt-out", ["attribute": "denyListPigeon"], "none of denyList"),
    ("/opt-out", ["attribute": "denyList", "key": "x", "value": true], "a profile's key"),
    (
      "/opt-out",
      [
        "attribute": "denyList", "key": "00000000-0000-4000-8000-000000000001", "value": true,
      ], "no profile"
    ),
    ("/export-opt-outs", ["modified": "changed"], "{campaign}"),
    ("/export-opt-outs", ["names": "grey"], "deny, black, api"),
    ("/export-opt-outs", ["fault": "finish"], "--half makes one"),
    ("/export-opt-outs", ["folder": "../x"], "d365_loads"),
    ("/mutate", ["optOuts": 3, "optOutsIn": "nowhere"], "dynamics, campaign, both"),
    ("/mutate", ["optOuts": 3, "table": "account"], "only contacts"),
    ("/compare", ["job": "contacts"], "there is none"),
  ]

  @Test("What cannot be done is said, and nothing happens", arguments: refused.indices)
  func refuses(case index: Int) async throws {
    let world = try await ConsentWorld()
    let mark = world.world.history.mark
    let refused = Self.refused[index]
    let answer = try await post(control(world), refused.path, refused.body)
    #expect(answer.status == 400)
    #expect(answer.json["error"]?["reason"]?.text?.contains(refused.words) == true)
    #expect(world.world.history.mark == mark && world.storage.names("exports") == [])
  }
}
