import Core
import Testing

@Suite struct RowKeyTests {
  @Test(arguments: ["6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d", "00000000-0000-0000-0000-00000000000a"])
  func readsAndWritesTheSameText(_ text: String) {
    #expect(RowKey(text)?.description == text)
    #expect(RowKey(text.uppercased()) == RowKey(text))
  }

  @Test(arguments: [
    "", "6f1c0e0e", "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3x", "6f1c0e0e2b5d-ee11-8179-000d3a1b2c3d-",
  ])
  func refusesWhatIsNoGuid(_ text: String) {
    #expect(RowKey(text) == nil)
  }
}
