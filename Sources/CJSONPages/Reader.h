// What pages and documents share: reading one value of a body in place.
#ifndef CJSONPAGES_READER_H
#define CJSONPAGES_READER_H

#include "CJSONPages.h"

// Errors come back as values: nothing here may throw across the C door.
#define SIMDJSON_EXCEPTIONS 0
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <cstring>
#include <new>
#include <string_view>

namespace cjson {
using namespace simdjson;

inline int door_code(error_code error) {
  switch (error) {
    case SUCCESS: return CJSON_OK;
    case CAPACITY: return CJSON_TOO_LARGE;
    case MEMALLOC: return CJSON_MEMORY;
    case DEPTH_ERROR: return CJSON_TOO_DEEP;
    case STRING_ERROR: case UNESCAPED_CHARS: return CJSON_STRING;
    case T_ATOM_ERROR: case F_ATOM_ERROR: case N_ATOM_ERROR: case NUMBER_ERROR:
    case NUMBER_OUT_OF_RANGE: return CJSON_LITERAL;
    case UTF8_ERROR: return CJSON_UTF8;
    case EMPTY: return CJSON_EMPTY;
    case UNCLOSED_STRING: case INCOMPLETE_ARRAY_OR_OBJECT: return CJSON_CUT;
    case TRAILING_CONTENT: return CJSON_TRAILING;
    default: return CJSON_SYNTAX;
  }
}

/// The body being read. Tokens are only ever read forwards, so a string that was passed may be
/// overwritten by its own, never longer, unescaped form.
struct Body {
  char *start;
  size_t length;

  uint32_t offset(const char *at) const { return static_cast<uint32_t>(at - start); }

  cjson_cell cell(uint8_t kind, std::string_view text) const {
    return {offset(text.data()), static_cast<uint32_t>(text.size()), kind};
  }

  /// Puts unescaped text where its escaped form stood.
  cjson_cell settle(const char *raw, std::string_view text) const {
    char *place = start + (raw - start);
    std::memmove(place, text.data(), text.size());
    return cell(CJSON_TEXT, {place, text.size()});
  }
};

/// A body that was UTF-8 can only get surrogates out of escapes such as \udc00 alone.
inline bool holds_surrogate(std::string_view text) {
  for (size_t at = text.find('\xED'); at != text.npos; at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

inline std::string_view trimmed(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= 0x20) token.remove_suffix(1);
  return token;
}

inline error_code read_text(const Body &body, ondemand::value &value, cjson_cell &cell) {
  std::string_view token = trimmed(value.raw_json_token());
  if (token.size() < 2 || token.back() != '"') return STRING_ERROR;
  token = token.substr(1, token.size() - 2);
  if (std::memchr(token.data(), '\\', token.size()) == nullptr) {
    cell = body.cell(CJSON_TEXT, token);
    ondemand::raw_json_string passed;
    return value.get_raw_json_string().get(passed);
  }
  std::string_view text;
  if (auto error = value.get_string().get(text)) return error;
  if (holds_surrogate(text)) return STRING_ERROR;
  cell = body.settle(token.data(), text);
  return SUCCESS;
}

/// Numbers keep their text; reading them as a double only proves that they are numbers.
inline error_code read_scalar(
  const Body &body, ondemand::value &value, ondemand::json_type type, cjson_cell &cell
) {
  switch (type) {
    case ondemand::json_type::string: return read_text(body, value, cell);
    case ondemand::json_type::number: {
      cell = body.cell(CJSON_NUMBER, trimmed(value.raw_json_token()));
      double proof;
      return value.get_double().get(proof);
    }
    case ondemand::json_type::boolean: {
      bool flag;
      if (auto error = value.get_bool().get(flag)) return error;
      cell = {0, 0, static_cast<uint8_t>(flag ? CJSON_YES : CJSON_NO)};
      return SUCCESS;
    }
    default: {
      bool is_null;
      if (auto error = value.is_null().get(is_null)) return error;
      cell = {0, 0, CJSON_NULL};
      return is_null ? SUCCESS : N_ATOM_ERROR;
    }
  }
}

/// Strips a byte order mark and opens the document behind it.
///
/// Pages differ a little in size: with room for the next ones the parser's memory, which is larger
/// than a page, is made once.
inline error_code open(const Body &body, ondemand::parser &parser, ondemand::document &document) {
  if (body.length > parser.capacity()) {
    if (auto error = parser.allocate(body.length + body.length / 8)) return error;
  }
  size_t skip = body.length >= 3 && std::memcmp(body.start, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  return parser
    .iterate(body.start + skip, body.length - skip, body.length - skip + CJSON_PADDING)
    .get(document);
}

/// After the root nothing may follow. Also tells where reading stopped.
inline error_code close(const Body &body, ondemand::document &document, error_code error,
                        size_t &fault) {
  const char *at;
  const bool more = document.current_location().get(at) == SUCCESS;
  fault = more && at >= body.start && at <= body.start + body.length
    ? static_cast<size_t>(at - body.start) : body.length;
  if (error == SUCCESS && more) return TRAILING_CONTENT;
  return error;
}
}  // namespace cjson

#endif
