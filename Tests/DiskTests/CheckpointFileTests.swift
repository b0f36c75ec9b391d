import Core
import TestSupport
import Testing

@testable import Disk

@Suite struct CheckpointFileTests {
  typealias State = CheckpointStoreContract.State

  let folder = TemporaryFolder()
  private var store: CheckpointFile<State> {
    CheckpointFile(in: folder.path + "/state/sandbox/contacts", job: "contacts")
  }
  private var path: String { folder.path + "/state/sandbox/contacts/checkpoint.json" }

  @Test(arguments: CheckpointStoreContract.allCases)
  func keepsItsPromises(_ promise: CheckpointStoreContract) throws {
    try promise.check(store)
    try promise.check(MemoryCheckpointStore<State>())
  }

  @Test func isReadableText() throws {
    try store.replace(with: CheckpointStoreContract.sample)
    let text = String(decoding: try #require(try readFile(at: path)), as: UTF8.self)
    #expect(text.hasPrefix("{\n  \"content\" : \"c0ffee\",\n  \"format\" : 1,\n"))
    #expect(text.hasSuffix("}\n"))
    #expect(text.contains("https://contoso.example/"))
    #expect(mode(of: path) == 0o600 && mode(of: folder.path + "/state") == 0o700)
    #expect(try names(in: folder.path + "/state/sandbox/contacts") == ["checkpoint.json"])
  }

  @Test func removedIsTheBeginning() throws {
    try store.replace(with: CheckpointStoreContract.sample)
    #expect(CheckpointFile<State>.exists(in: Disk.folder(of: path)))
    try store.remove()
    try store.remove()
    #expect(try store.load() == nil)
  }

  @Test(
    "What cannot be used is 74 with the way out",
    arguments: [
      ("", "it is damaged, or no checkpoint"),
      ("{\"format\": 1, \"state", "it is damaged, or no checkpoint"),
      ("[]", "it is damaged, or no checkpoint"),
      ("{\"format\": 0}", "it is damaged, or no checkpoint"),
      ("{\"format\": 1}", "its content does not fit this job"),
      ("{\"format\": 2}", "it has format 2; this version knows up to 1"),
    ])
  func unusableIsNoBeginning(_ text: String, _ reason: String) throws {
    try makeFolder(Disk.folder(of: path))
    try replaceFile(at: path, with: Array(text.utf8))
    let error = #expect(throws: SyncError.self) { try store.load() }
    #expect(error?.kind == .storage)
    #expect(error?.reason == reason)
    #expect(error?.next != nil)
  }
}
