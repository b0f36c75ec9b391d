import Testing

@testable import Core

@Suite struct GuidTextTests {
  private let guid = Array("6f1C0e0e-2b5D-eE11-8179-000d3A1b2c3F".utf8)

  @Test func readsAsTheSlowWayDoesAndWritesLowerCase() throws {
    let read = try #require(fast(guid))
    #expect(read.key == RowKey(guid))
    #expect(String(decoding: read.out, as: UTF8.self) == read.key.description)
  }

  /// Every byte at every place: what the slow way refuses is refused, what it reads is the same.
  @Test func agreesWithTheSlowWayOnEveryByte() {
    for place in guid.indices {
      for byte in UInt8.min...UInt8.max {
        var text = guid
        text[place] = byte
        #expect(fast(text)?.key == RowKey(text), "byte \(byte) at \(place)")
      }
    }
  }

  private func fast(_ text: [UInt8]) -> (key: RowKey, out: [UInt8])? {
    var out = [UInt8](repeating: 0, count: 36)
    let key = text.withUnsafeBufferPointer { text in
      out.withUnsafeMutableBufferPointer { out -> RowKey? in
        guard let text = text.baseAddress, let out = out.baseAddress else { return nil }
        return RowKey(guid: text, lowerCaseTo: out)
      }
    }
    return key.map { ($0, out) }
  }
}
