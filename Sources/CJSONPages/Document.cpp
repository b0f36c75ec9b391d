#include "Reader.h"

#include <vector>

using namespace cjson;

struct cjson_document {
  size_t max_depth;
  std::vector<cjson_cell> nodes;
  ondemand::parser parser;

  error_code read(const Body &body, ondemand::value value, size_t depth);
  error_code read(const Body &body, ondemand::object object, size_t depth);
  error_code read(const Body &body, ondemand::array array, size_t depth);
};

error_code cjson_document::read(const Body &body, ondemand::object object, size_t depth) {
  if (depth > max_depth) return DEPTH_ERROR;
  const size_t node = nodes.size();
  nodes.push_back({0, 0, CJSON_OBJECT});
  for (auto result : object) {
    ondemand::field field;
    if (auto error = std::move(result).get(field)) return error;
    const char *raw = field.key().raw();
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    if (holds_surrogate(key)) return STRING_ERROR;
    nodes.push_back(body.settle(raw, key));
    if (auto error = read(body, field.value(), depth)) return error;
    nodes[node].length++;
  }
  return SUCCESS;
}

error_code cjson_document::read(const Body &body, ondemand::array array, size_t depth) {
  if (depth > max_depth) return DEPTH_ERROR;
  const size_t node = nodes.size();
  nodes.push_back({0, 0, CJSON_ARRAY});
  for (auto result : array) {
    ondemand::value value;
    if (auto error = std::move(result).get(value)) return error;
    if (auto error = read(body, value, depth)) return error;
    nodes[node].length++;
  }
  return SUCCESS;
}

error_code cjson_document::read(const Body &body, ondemand::value value, size_t depth) {
  ondemand::json_type type;
  if (auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (auto error = value.get_object().get(object)) return error;
    return read(body, object, depth + 1);
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (auto error = value.get_array().get(array)) return error;
    return read(body, array, depth + 1);
  }
  cjson_cell cell;
  if (auto error = read_scalar(body, value, type, cell)) return error;
  nodes.push_back(cell);
  return SUCCESS;
}

extern "C" {
cjson_document *cjson_document_new(size_t max_depth) {
  auto *document = new (std::nothrow) cjson_document;
  if (document != nullptr) document->max_depth = max_depth;
  return document;
}

void cjson_document_free(cjson_document *document) { delete document; }

int cjson_document_parse(cjson_document *document, char *body, size_t length,
                         cjson_result *result) {
  *result = {};
  if (length > UINT32_MAX - CJSON_PADDING) return CJSON_TOO_LARGE;
  try {
    const Body text{body, length};
    document->nodes.clear();
    ondemand::document root;
    if (auto error = open(text, document->parser, root)) {
      result->fault = length;
      return door_code(error);
    }
    ondemand::json_type type;
    error_code error = root.type().get(type);
    if (error == SUCCESS && type == ondemand::json_type::object) {
      ondemand::object object;
      error = root.get_object().get(object);
      if (error == SUCCESS) error = document->read(text, object, 1);
    } else if (error == SUCCESS && type == ondemand::json_type::array) {
      ondemand::array array;
      error = root.get_array().get(array);
      if (error == SUCCESS) error = document->read(text, array, 1);
    } else if (error == SUCCESS) {
      error = INCORRECT_TYPE;
    }
    error = close(text, root, error, result->fault);
    result->cells = document->nodes.data();
    result->cell_count = document->nodes.size();
    return door_code(error);
  } catch (const std::bad_alloc &) {
    return CJSON_MEMORY;
  }
}
}
