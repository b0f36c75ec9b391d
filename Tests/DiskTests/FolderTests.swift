import Core
import TestSupport
import Testing

@testable import Disk

@Suite struct FolderTests {
  let root = TemporaryFolder()

  @Test func makesAllThatIsMissingAndOnlyThat() throws {
    let path = root.path + "/a/b/c"
    try makeFolder(path)
    try makeFolder(path)
    #expect(mode(of: path) == 0o700)
  }

  @Test func aFileInTheWayIsAnError() throws {
    try replaceFile(at: root.path + "/a", with: [1])
    #expect(throws: SyncError.self) { try makeFolder(root.path + "/a") }
    #expect(throws: SyncError.self) { try makeFolder(root.path + "/a/b") }
  }

  @Test func removesItsFilesWithIt() throws {
    try makeFolder(root.path + "/a")
    try replaceFile(at: root.path + "/a/one", with: [1])
    try removeFolder(root.path + "/a")
    try removeFolder(root.path + "/a")
    #expect(try names(in: root.path).isEmpty)
  }

  @Test(arguments: [("a/b", "a"), ("/a", "/"), ("a", "."), ("/a/b/c", "/a/b")])
  func knowsTheFolderOfAPath(_ path: String, _ expected: String) {
    #expect(folder(of: path) == expected)
  }
}
