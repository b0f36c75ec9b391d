import Core
import Gzip
import Testing

@Suite struct InflaterTests {
  let content = Array(String(repeating: "key;value\n", count: 50_000).utf8)

  @Test(arguments: [1, 7, 4096, 1 << 20])
  func anySplitOfTheInputGivesTheSameContentInBoundedPieces(_ size: Int) throws {
    let packed = try Deflater.gzip(content)
    let inflater = try Inflater(of: "events.csv.gz", pieceSize: 1000)
    var (output, piece): ([UInt8], [UInt8]) = ([], [])
    for start in stride(from: 0, to: packed.count, by: size) {
      inflater.feed(Array(packed[start..<min(start + size, packed.count)]))
      while try inflater.read(into: &piece) {
        #expect(piece.count <= 1000)
        output += piece
      }
    }
    try inflater.finish()
    #expect(output == content)
  }

  @Test func severalMembersAreOneContent() throws {
    let packed = try Deflater.gzip(content) + Deflater.gzip([]) + Deflater.gzip([65, 66])
    #expect(try Inflater.gunzip(packed, of: "events", limit: 1 << 20) == content + [65, 66])
  }

  @Test(arguments: [0, 5, 100, 1])
  func dataWithoutItsTrailerIsTruncated(_ kept: Int) throws {
    let packed = try Deflater.gzip(content)
    let count = kept == 1 ? packed.count - 1 : kept
    let error = #expect(throws: SyncError.self) {
      try Inflater.gunzip(Array(packed[..<count]), of: "events.csv.gz", limit: 1 << 20)
    }
    #expect(error?.reason == "the gzip data ends before its trailer")
  }

  @Test func aWrongChecksumIsDamage() throws {
    var packed = try Deflater.gzip(content)
    packed[packed.count - 6] ^= 1
    #expect(throws: SyncError.self) {
      try Inflater.gunzip(packed, of: "events.csv.gz", limit: 1 << 20)
    }
  }

  @Test func textAfterTheLastMemberIsDamage() throws {
    let packed = try Deflater.gzip(content) + Array("surprise".utf8)
    #expect(throws: SyncError.self) {
      try Inflater.gunzip(packed, of: "events.csv.gz", limit: 1 << 20)
    }
  }

  @Test func aBombIsStoppedAtTheLimit() throws {
    let packed = try Deflater.gzip([UInt8](repeating: 0, count: 4 << 20))
    #expect(throws: SyncError.self) { try Inflater.gunzip(packed, of: "bomb", limit: 1 << 20) }
  }
}
