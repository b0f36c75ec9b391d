import CJSONPages
import Core
import Synchronization

/// Bodies of OData answers -> pages: one call a page, no string and no dictionary.
///
/// One decoder serves one stream of pages; it is not shared. What it needs beside a page is lent to it:
/// as many as decode at once have that memory, not as many as wait for pages.
package final class PageDecoder {
  /// Bytes a body should have in reserve, so that decoding does not move it.
  package static let padding = Int(CJSON_PADDING)

  private let pages: OpaquePointer
  private let columns: Int

  /// - Parameter columns: wire names, the primary id first.
  /// - Parameter maxRows: more rows than this are a fault, not memory.
  package init(columns: [String], maxRows: Int = 20_000) {
    precondition(
      MemoryLayout<Cell>.stride == MemoryLayout<cjson_cell>.stride
        && MemoryLayout<Cell>.offset(of: \.length) == MemoryLayout<cjson_cell>.offset(of: \.length)
        && MemoryLayout<Cell>.offset(of: \.kind) == MemoryLayout<cjson_cell>.offset(of: \.kind),
      "Cell and cjson_cell are one shape")
    guard let pages = cjson_pages_new(maxRows) else { fatalError("no memory for a decoder") }
    self.pages = pages
    self.columns = columns.count
    for column in columns {
      var name = column
      let code = name.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          cjson_pages_add_column(pages, $0.baseAddress, $0.count)
        }
      }
      precondition(code == CJSON_OK, "no memory for a decoder")
    }
  }

  deinit { cjson_pages_free(pages) }

  /// Reads one page; the body becomes the page's text, with its strings unescaped in place.
  ///
  /// - Shape: a column that a row lacks is `missing`; of a name that comes twice the last wins;
  ///   numbers keep their text; objects and arrays are their raw text.
  package func decode(_ body: consuming [UInt8]) throws(JSONFault) -> Page {
    let length = body.count
    body.append(contentsOf: repeatElement(0x20, count: PageDecoder.padding))

    let memory = DecoderMemory.take()
    defer { memory.giveBack() }
    var result = cjson_result()
    let code = body.withUnsafeMutableBytes {
      cjson_pages_decode(pages, memory.pointer, $0.baseAddress, length, &result)
    }
    guard code == CJSON_OK else { throw JSONFault(code, result) }
    let cells = [Cell](unsafeUninitializedCapacity: result.cell_count) { memory, count in
      let lent = UnsafeRawBufferPointer(
        start: result.cells, count: result.cell_count * MemoryLayout<cjson_cell>.stride)
      UnsafeMutableRawBufferPointer(memory).copyMemory(from: lent)
      count = result.cell_count
    }
    var page = Page(text: body, cells: cells, columns: columns)
    page.next = link(result.next, in: page)
    page.delta = link(result.delta, in: page)
    page.removed = try removed(result, in: page)
    return page
  }

  private func link(_ cell: cjson_cell, in page: Page) -> String? {
    guard cell.kind == CJSON_TEXT else { return nil }
    return String(decoding: page.text[cell.range], as: UTF8.self)
  }

  private func removed(_ result: cjson_result, in page: Page) throws(JSONFault) -> [RowKey] {
    var keys: [RowKey] = []
    keys.reserveCapacity(result.removed_count)
    for cell in UnsafeBufferPointer(start: result.removed, count: result.removed_count) {
      guard let key = RowKey(page.text[cell.range]) else {
        throw JSONFault(.badRemoval, offset: Int(cell.offset))
      }
      keys.append(key)
    }
    return keys
  }
}

extension cjson_cell {
  fileprivate var range: Range<Int> { Int(offset)..<Int(offset) + Int(length) }
}

/// Memory of a page being decoded, as large as the page: used again by whoever decodes next.
private struct DecoderMemory: @unchecked Sendable {  // one owner at a time: `take` removes it
  let pointer: OpaquePointer
  private static let free = Mutex<[DecoderMemory]>([])

  static func take() -> DecoderMemory {
    if let memory = free.withLock({ $0.popLast() }) { return memory }
    guard let pointer = cjson_memory_new() else { fatalError("no memory for a decoder") }
    return DecoderMemory(pointer: pointer)
  }

  func giveBack() { DecoderMemory.free.withLock { $0.append(self) } }
}
