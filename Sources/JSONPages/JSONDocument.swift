import CJSONPages
import Core

/// Small JSON documents: metadata, tokens, single records.
package enum JSONDocument {
  static let maxDepth = 64

  /// Reads one object or array.
  ///
  /// - Shape: numbers keep their text, members their order; a byte order mark is skipped.
  /// - Errors: anything else than JSON, invalid UTF-8, text behind the end, nesting beyond 64.
  package static func parse(_ bytes: [UInt8]) throws(JSONFault) -> JSONValue {
    guard let parser = cjson_document_new(maxDepth) else { throw JSONFault(.memory, offset: 0) }
    defer { cjson_document_free(parser) }
    var text = bytes
    text.append(contentsOf: repeatElement(0x20, count: Int(CJSON_PADDING)))

    var result = cjson_result()
    let code = text.withUnsafeMutableBytes {
      cjson_document_parse(parser, $0.baseAddress, bytes.count, &result)
    }
    guard code == CJSON_OK else { throw JSONFault(code, result) }
    var nodes = UnsafeBufferPointer(start: result.cells, count: result.cell_count)[...]
    return value(&nodes, of: text)
  }

  private static func value(
    _ nodes: inout Slice<UnsafeBufferPointer<cjson_cell>>, of text: [UInt8]
  ) -> JSONValue {
    let node = nodes.removeFirst()
    switch Int(node.kind) {
    case CJSON_TEXT: return .string(string(node, of: text))
    case CJSON_NUMBER: return .number(string(node, of: text))
    case CJSON_YES: return .bool(true)
    case CJSON_NO: return .bool(false)
    case CJSON_ARRAY:
      return .array((0..<node.length).map { _ in value(&nodes, of: text) })
    case CJSON_OBJECT:
      return .object(
        (0..<node.length).map { _ in
          let name = string(nodes.removeFirst(), of: text)
          return JSONValue.Member(name, value(&nodes, of: text))
        })
    default: return .null
    }
  }

  private static func string(_ node: cjson_cell, of text: [UInt8]) -> String {
    let start = Int(node.offset)
    return String(decoding: text[start..<start + Int(node.length)], as: UTF8.self)
  }
}
