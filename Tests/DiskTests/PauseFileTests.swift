import Core
import TestSupport
import Testing

@testable import Disk

@Suite struct PauseFileTests {
  let folder = TemporaryFolder()
  private var file: PauseFile { PauseFile(in: folder.path + "/sandbox/contacts") }

  @Test func pausesUntilRemoved() throws {
    #expect(try file.read() == nil)
    let pause = PauseFile.Pause(reason: "migration", since: Instant(seconds: 1_700_000_000))
    try file.write(pause)
    #expect(try file.read() == pause)
    try file.remove()
    try file.remove()
    #expect(try file.read() == nil)
  }

  @Test func anUnreadableFilePausesToo() throws {
    try makeFolder(folder.path + "/sandbox/contacts")
    try replaceFile(at: folder.path + "/sandbox/contacts/paused.json", with: [])
    #expect(try file.read()?.reason == "(unreadable)")
  }
}
