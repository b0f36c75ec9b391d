import Foundation
import Gzip
import Testing

@Suite struct DeflaterTests {
  /// Rows as they look in a part, drawn from a seed.
  static func blocks(seed: UInt64) -> [[UInt8]] {
    var state = seed
    func next(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    return (0...next(6)).map { _ in
      var block: [UInt8] = []
      for _ in 0...next(3000) {
        block += "\(next(100_000));Zoë;\"a;\(next(9))\";2024/01/0\(next(9)) 00:00:00\n".utf8
      }
      return block
    }
  }

  static func member(_ blocks: [[UInt8]], _ make: () throws -> Deflater) throws -> [UInt8] {
    var output = Deflater.header
    var (crc, length) = (UInt32(0), UInt64(0))
    for block in blocks {
      try make().append(block, to: &output)
      crc = Deflater.checksum(block, after: crc)
      length += UInt64(block.count)
    }
    return output + Deflater.trailer(crc: crc, length: length)
  }

  @Test("A part continued by another process equals one written in one go", arguments: 1...20)
  func continuedEqualsCalm(_ seed: Int) throws {
    let blocks = Self.blocks(seed: UInt64(seed))
    let one = try Deflater()
    let calm = try Self.member(blocks) { one }
    let restarted = try Self.member(blocks) { try Deflater() }
    #expect(calm == restarted, "seed \(seed)")
    let content = Array(blocks.joined())
    let read = try Inflater.gunzip(calm, of: "a part", limit: content.count)
    #expect(read == content, "seed \(seed)")
  }

  @Test func outputOfManyPiecesIsWhole() throws {
    var state: UInt64 = 1
    let noise = (0..<500_000).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return UInt8(state >> 56)
    }
    let packed = try Deflater.gzip(noise)
    #expect(try Inflater.gunzip(packed, of: "noise", limit: noise.count) == noise)
  }

  @Test func anEmptyBlockLeavesNoBytes() throws {
    var output: [UInt8] = []
    try Deflater().append([], to: &output)
    #expect(output.isEmpty)
    #expect(try Inflater.gunzip(try Deflater.gzip([]), of: "nothing", limit: 0).isEmpty)
  }

  @Test("The system's gzip finds nothing wrong", .enabled(if: gzipPath != nil))
  func gzipAccepts() throws {
    let path = try #require(gzipPath)
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).gz")
    defer { try? FileManager.default.removeItem(at: file) }
    let one = try Deflater()
    try Data(Self.member(Self.blocks(seed: 7)) { one }).write(to: file)
    let gzip = try Process.run(URL(filePath: path), arguments: ["-t", file.path])
    gzip.waitUntilExit()
    #expect(gzip.terminationStatus == 0)
  }
}

let gzipPath = ["/usr/bin/gzip", "/bin/gzip"].first(where: FileManager.default.isExecutableFile)
