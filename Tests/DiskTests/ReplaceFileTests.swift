import Core
import Glibc
import TestSupport
import Testing

@testable import Disk

@Suite struct ReplaceFileTests {
  let folder = TemporaryFolder()

  @Test func replacesAndLeavesNoOtherName() throws {
    let path = folder.path + "/a.json"
    try replaceFile(at: path, with: [1, 2, 3])
    try replaceFile(at: path, with: [4])
    #expect(try readFile(at: path) == [4])
    #expect(try names(in: folder.path) == ["a.json"])
  }

  @Test func whatACrashLeftIsWrittenOver() throws {
    let path = folder.path + "/a.json"
    try replaceFile(at: path, with: [1])
    try #require(rename(path, path + ".tmp") == 0)
    #expect(try readFile(at: path) == nil)
    try replaceFile(at: path, with: [2])
    #expect(try names(in: folder.path) == ["a.json"])
  }

  @Test func aMissingFolderIsAnError() {
    let error = #expect(throws: SyncError.self) {
      try replaceFile(at: folder.path + "/none/a.json", with: [1])
    }
    #expect(error?.kind == .storage)
  }

  @Test func aLargeFileIsNoneOfOurs() throws {
    let path = folder.path + "/a.json"
    try replaceFile(at: path, with: [1, 2, 3])
    #expect(throws: SyncError.self) { try readFile(at: path, limit: 2) }
  }

  @Test func removingTwiceIsFine() throws {
    let path = folder.path + "/a.json"
    try replaceFile(at: path, with: [1])
    try removeFile(at: path)
    try removeFile(at: path)
    #expect(try readFile(at: path) == nil)
  }
}
