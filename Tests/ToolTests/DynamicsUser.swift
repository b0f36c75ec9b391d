import Core
import TestSupport

/// Writes rows to the Dataverse stand-in as another application would: with a token, by its API, on
/// behalf of a person.
struct DynamicsUser {
  private let sandbox: SandboxProcess
  private let token: String

  init(_ sandbox: SandboxProcess) async throws {
    self.sandbox = sandbox
    let address = sandbox.about["dataverse"]?.text ?? ""
    let secret = sandbox.text(of: ".sandbox/dynamics.secret").split(separator: "\n").first ?? ""
    let answer = try await Program.run(
      "/usr/bin/curl",
      [
        "-sS", "--fail-with-body", "-d", "grant_type=client_credentials",
        "-d", "client_id=11111111-2222-3333-4444-555555555555", "-d", "client_secret=\(secret)",
        "--data-urlencode", "scope=\(address)/.default",
        "\(address)/6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d/oauth2/v2.0/token",
      ], in: sandbox.folder)
    guard let token = answer.json["access_token"]?.text else {
      throw Unexpected(description: "no token: \(answer.output)\(answer.errors)")
    }
    self.token = token
  }

  /// The primary ids of the first contacts.
  func keys(_ count: Int) async throws -> [String] {
    let state = try await sandbox.order("state dataverse/contact --count \(count)")
    return state["rows"]?.items?.compactMap { $0["contactid"]?.text } ?? []
  }

  /// Changes columns of one contact.
  func change(_ key: String, _ columns: JSONValue) async throws {
    try await send(
      "PATCH", key,
      [
        "-H", "Content-Type: application/json", "-H", "If-Match: *",
        "-d", String(decoding: columns.encoded, as: UTF8.self),
      ])
  }

  func delete(_ key: String) async throws { try await send("DELETE", key, []) }

  private func send(_ method: String, _ key: String, _ more: [String]) async throws {
    let answer = try await Program.run(
      "/usr/bin/curl",
      [
        "-sS", "--fail-with-body", "-X", method, "-H", "Authorization: Bearer \(token)",
        "-H", "CallerObjectId: 7a0d3a1b-2c3d-4e5f-8a9b-000d3a1b2c3d",
      ] + more + ["\(sandbox.about["dataverse"]?.text ?? "")/api/data/v9.2/contacts(\(key))"],
      in: sandbox.folder)
    guard answer.status == 0 else {
      throw Unexpected(description: "\(method) \(key): \(answer.output)\(answer.errors)")
    }
  }
}
