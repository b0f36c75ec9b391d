import CJSONPages

/// Why a body is not the JSON it should be, and at which byte; never its text.
package struct JSONFault: Error, Sendable, Equatable {
  package enum Code: String, Sendable {
    case empty = "an empty body"
    case syntax = "text that is not JSON"
    case cut = "JSON that ends early"
    case string = "a string that is not valid"
    case literal = "a number or literal that is not valid"
    case utf8 = "text that is not UTF-8"
    case trailing = "text after the end of the JSON"
    case tooDeep = "JSON nested too deep"
    case tooLarge = "more rows or bytes than a page may have"
    case noValue = "JSON without a list named value"
    case badRemoval = "a deleted row without its id"
    case badLink = "a link that is not a string"
    case memory = "more JSON than memory can hold"
  }

  package var code: Code
  /// The byte at which reading stopped; the body's length where the whole body is at fault.
  package var offset: Int

  package init(_ code: Code, offset: Int) {
    self.code = code
    self.offset = offset
  }

  init(_ code: Int32, _ result: cjson_result) {
    self.init(Code(door: Int(code)), offset: result.fault)
  }
}

extension JSONFault.Code {
  init(door code: Int) {
    self =
      switch code {
      case CJSON_EMPTY: .empty
      case CJSON_CUT: .cut
      case CJSON_STRING: .string
      case CJSON_LITERAL: .literal
      case CJSON_UTF8: .utf8
      case CJSON_TRAILING: .trailing
      case CJSON_TOO_DEEP: .tooDeep
      case CJSON_TOO_LARGE: .tooLarge
      case CJSON_NO_VALUE: .noValue
      case CJSON_BAD_REMOVAL: .badRemoval
      case CJSON_BAD_LINK: .badLink
      case CJSON_MEMORY: .memory
      default: .syntax
      }
  }
}
