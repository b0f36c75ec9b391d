import Core
import Testing

@Suite struct RowBufferTests {
  @Test func cutsBackToTheBeginningOfARow() {
    var rows = RowBuffer()
    rows.append("first\n".utf8)
    let mark = rows.beginRow()
    rows.append("half a".utf8)
    rows.cutBack(to: mark)
    rows.append("second\n".utf8)
    #expect(rows.bytes == Array("first\nsecond\n".utf8))
  }

  @Test func keepsItsMemory() {
    var rows = RowBuffer()
    rows.append([UInt8](repeating: 1, count: 10_000))
    let capacity = rows.bytes.capacity
    rows.removeAll()
    #expect(rows.isEmpty)
    #expect(rows.bytes.capacity == capacity)
  }
}
