import Core
import Glibc
import TestSupport
import Testing

@testable import SFTP

@Suite struct UploadWindowTests {
  @Test(arguments: [0, 1, UploadWindow.size, UploadWindow.memory, 3 * UploadWindow.memory + 7])
  func everyByteComesInOrderWhateverIsConfirmedAtOnce(_ size: Int) throws {
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B1 &>> 13) }
    let folder = TemporaryFolder()
    let path = folder.path + "/part"
    let output = try #require(fopen(path, "w"))
    #expect(fwrite(content, 1, size, output) == size && fclose(output) == 0)
    let file = try LocalFile(path)
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: UploadWindow.memory, alignment: 16)
    defer { memory.deallocate() }
    var window = UploadWindow(memory)
    var taken: [UInt8] = []
    for answer in 0... {
      try window.fill(from: file)
      let bytes = window.unconfirmed
      if bytes.isEmpty { break }
      let isFull = bytes.count == UploadWindow.size
      #expect(isFull || taken.count + bytes.count == size, "the window is full up to the end")
      // One packet, several, or all of it.
      let confirmed = min(bytes.count, [30_000, 210_001, bytes.count][answer % 3])
      taken += bytes[..<confirmed]
      window.confirm(confirmed, of: bytes.count)
      #expect(window.underWay.elementsEqual(bytes[confirmed...]), "libssh2 was given these")
    }
    #expect(taken == content)
  }
}
