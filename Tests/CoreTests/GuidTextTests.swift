import Testing

@testable import Core

@Suite struct GuidTextTests {
  private let guid = Array("6f1C0e0e-2b5D-eE11-8179-000d3A1b2c3F".utf8)

  @Test func readsAndWritesLowerCase() throws {
    let found = try #require(read(guid))
    #expect(found.key == RowKey(high: 0x6f1c_0e0e_2b5d_ee11, low: 0x8179_000d_3a1b_2c3f))
    #expect(String(decoding: found.out, as: UTF8.self) == found.key.description)
  }

  /// Every byte at every place, against the definition.
  @Test func onlyDigitsAndHyphensInTheirPlacesAreAGuid() {
    for place in guid.indices {
      for byte in UInt8.min...UInt8.max {
        var text = guid
        text[place] = byte
        let found = read(text)
        #expect(found?.key == slowly(text), "byte \(byte) at \(place)")
        #expect(found.map { $0.out == Array($0.key.description.utf8) } != false)
      }
    }
  }

  private func read(_ text: [UInt8]) -> (key: RowKey, out: [UInt8])? {
    var out = [UInt8](repeating: 0, count: 36)
    let key = text.withUnsafeBufferPointer { text in
      out.withUnsafeMutableBufferPointer { out -> RowKey? in
        guard let text = text.baseAddress, let out = out.baseAddress else { return nil }
        guard let guid = GuidText(text) else { return nil }
        guid.write(to: out)
        return guid.key
      }
    }
    return key.map { ($0, out) }
  }

  private func slowly(_ text: [UInt8]) -> RowKey? {
    let groups = text.split(separator: 0x2D, omittingEmptySubsequences: false)
    guard groups.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
    let digits = groups.joined().map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard !digits.contains(nil) else { return nil }
    let words = [digits[..<16], digits[16...]].map {
      $0.reduce(UInt64(0)) { $0 << 4 | UInt64($1 ?? 0) }
    }
    return RowKey(high: words[0], low: words[1])
  }
}
