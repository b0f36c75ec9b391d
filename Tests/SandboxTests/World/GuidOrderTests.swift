import Core
import Sandbox
import Testing

@Suite struct GuidOrderTests {
  @Test(
    "Each order ranks guids as it says, and finds the guid of a rank", arguments: GuidOrder.allCases
  )
  func orders(order: GuidOrder) throws {
    let texts = [
      "00000000-0000-0000-0000-000000000002", "01000000-0000-0000-0000-000000000001",
      "00010000-0000-0000-0000-000000000001", "00000000-0100-0000-0000-000000000001",
    ]
    let keys = try texts.map { try #require(RowKey($0)) }
    let sorted = keys.sorted { order.rank($0) < order.rank($1) }.map(\.description)
    switch order {
    case .text: #expect(sorted == texts.sorted())
    // The last group first; groups one to three by their bytes as they are stored.
    case .sql: #expect(sorted == [texts[1], texts[2], texts[3], texts[0]].sorted(by: before))
    }
    #expect(keys.map { order.key(order.rank($0)) } == keys)
  }

  /// SQL Server's order, by the bytes of .NET's `ToByteArray` that it reads, first to last.
  private func before(_ one: String, _ other: String) -> Bool {
    func bytes(_ text: String) -> [UInt8] {
      let hex = Array(text.filter { $0 != "-" })
      let plain = (0..<16).map { UInt8(String(hex[2 * $0...2 * $0 + 1]), radix: 16) ?? 0 }
      let stored = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map { plain[$0] }
      return [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3].map { stored[$0] }
    }
    return bytes(one).lexicographicallyPrecedes(bytes(other))
  }
}
