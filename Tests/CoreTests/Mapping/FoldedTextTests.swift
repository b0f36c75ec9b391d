import Testing

@testable import Core

@Suite struct FoldedTextTests {
  private func folded(_ text: String) -> [UInt32] {
    let bytes = Array(text.utf8)
    return withPointer(to: bytes) { pointer in
      var cursor = FoldedText(pointer, bytes.count)
      var scalars: [UInt32] = []
      while true {
        let scalar = cursor.next()
        if scalar == FoldedText.end { return scalars }
        scalars.append(scalar)
      }
    }
  }

  @Test func readsEveryLengthOfUTF8() {
    let edges: [UInt32] = [
      0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x1F600, 0x10FFFF,
    ]
    for value in edges + stride(from: 0, to: 0x11_0000, by: 997) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a" + String(Character(scalar)) + "B"
      #expect(folded(text) == FoldedText.scalars(of: text))
      #expect(folded(text).count == 3)
    }
  }

  @Test func oneCodePointStaysOne() {
    #expect(folded("ÀŽσςΣ") == FoldedText.scalars(of: "àžσσσ"))
    #expect(folded("İ") == [0x130], "its lower case would be two code points")
    #expect(folded("e\u{301}") == [0x65, 0x301])
  }

  @Test func readsNothingBehindTheEnd() {
    let cut = Array("é€😀".utf8)
    for count in 0...cut.count {
      withPointer(to: Array(cut.prefix(count))) { pointer in
        var cursor = FoldedText(pointer, count)
        var scalars = 0
        while cursor.next() != FoldedText.end { scalars += 1 }
        #expect(scalars <= count)
      }
    }
  }
}
