#include "Reader.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace cjson;

namespace {
enum Role : uint8_t { none, id, reason, context };

struct Name {
  std::string key;
  int column;  // -1: not asked for
  Role role;
};

/// The names that mean something here, found without making a string of a key.
///
/// Of each key its first and last eight bytes are hashed: names of columns differ there.
class Names {
  std::vector<Name> names;
  std::vector<int> slots = std::vector<int>(16, -1);  // a power of two, never more than half full
  const Name other{"", -1, none};

  size_t slot(std::string_view key) const {
    uint64_t first = 0, last = 0;
    std::memcpy(&first, key.data(), std::min<size_t>(key.size(), 8));
    if (key.size() > 8) std::memcpy(&last, key.data() + key.size() - 8, 8);
    uint64_t hash = (first ^ last * 0x9E3779B97F4A7C15 ^ key.size()) * 0xD6E8FEB86659FD93;
    for (size_t at = hash >> 32;; at++) {
      int index = slots[at & (slots.size() - 1)];
      if (index < 0 || names[index].key == key) return at & (slots.size() - 1);
    }
  }

 public:
  const Name &find(std::string_view key) const {
    int index = slots[slot(key)];
    return index < 0 ? other : names[index];
  }

  /// Of two equal names the later one counts.
  void set(const Name &name) {
    if (int index = slots[slot(name.key)]; index >= 0) {
      names[index] = name;
      return;
    }
    names.push_back(name);
    if (names.size() * 2 <= slots.size()) {
      slots[slot(name.key)] = static_cast<int>(names.size()) - 1;
      return;
    }
    slots.assign(slots.size() * 2, -1);
    for (size_t index = 0; index < names.size(); index++) {
      slots[slot(names[index].key)] = static_cast<int>(index);
    }
  }
};

constexpr size_t most_predictions = 512;
}  // namespace

struct cjson_memory {
  std::vector<cjson_cell> cells, removed;
  ondemand::parser parser;
};

struct cjson_pages {
  size_t max_rows;
  size_t columns = 0;
  Names names;
  // Rows of a page repeat their keys in one order: the key expected at each position.
  std::vector<Name> predicted;
  cjson_memory *memory = nullptr;  // of the page in hand
  int refusal = CJSON_OK;  // a fault of meaning, which simdjson has no code for

  cjson_pages() {
    names.set({"id", -1, id});
    names.set({"reason", -1, reason});
    names.set({"@odata.context", -1, context});
  }

  error_code refuse(int code) {
    refusal = code;
    return UNEXPECTED_ERROR;
  }

  error_code find(const Body &body, ondemand::field &field, size_t &position, const Name *&found);
  error_code read_row(const Body &body, ondemand::object row);
  error_code read_rows(const Body &body, ondemand::array rows);
  error_code read_link(const Body &body, ondemand::value value, cjson_cell &link);
  error_code read(const Body &body, ondemand::document &document, cjson_result *result);
};

/// Looks at the keys expected here and next (an optional one may be absent), then at all.
error_code cjson_pages::find(const Body &body, ondemand::field &field, size_t &position,
                             const Name *&found) {
  const char *raw = field.key().raw();
  const size_t left = body.length - body.offset(raw);
  for (size_t ahead = 0; ahead < 3 && position + ahead < predicted.size(); ahead++) {
    const Name &guess = predicted[position + ahead];
    const size_t size = guess.key.size();
    if (size < left && raw[size] == '"' && std::memcmp(raw, guess.key.data(), size) == 0) {
      position += ahead + 1;
      found = &guess;
      return SUCCESS;
    }
  }
  std::string_view key;
  if (auto error = field.unescaped_key().get(key)) return error;
  found = &names.find(key);
  if (predicted.size() < most_predictions) {
    position = std::min(position, predicted.size());
    predicted.insert(
      predicted.begin() + static_cast<ptrdiff_t>(position),
      {std::string(key), found->column, found->role});
    position++;
  }
  return SUCCESS;
}

error_code cjson_pages::read_row(const Body &body, ondemand::object row) {
  auto &cells = memory->cells;
  const size_t first = cells.size();
  cells.resize(first + columns, {0, 0, CJSON_MISSING});
  bool is_removed = false;
  cjson_cell key{0, 0, CJSON_MISSING};
  size_t position = 0;
  for (auto result : row) {
    ondemand::field field;
    if (auto error = std::move(result).get(field)) return error;
    const Name *found;
    if (auto error = find(body, field, position, found)) return error;
    if (found->column < 0 && found->role == none) continue;

    cjson_cell cell;
    ondemand::value value = field.value();
    ondemand::json_type type;
    if (auto error = value.type().get(type)) return error;
    if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
      std::string_view text;
      if (type == ondemand::json_type::object) {
        ondemand::object object;
        if (auto error = value.get_object().get(object)) return error;
        if (auto error = object.raw_json().get(text)) return error;
      } else {
        ondemand::array array;
        if (auto error = value.get_array().get(array)) return error;
        if (auto error = array.raw_json().get(text)) return error;
      }
      cell = body.cell(CJSON_RAW, text);
    } else if (auto error = read_scalar(body, value, type, cell)) {
      return error;
    }
    if (found->column >= 0) cells[first + static_cast<size_t>(found->column)] = cell;
    if (found->role == id) key = cell;
    if (found->role == reason && cell.kind == CJSON_TEXT) is_removed = true;
    if (found->role == context && cell.kind == CJSON_TEXT) {
      std::string_view text(body.start + cell.offset, cell.length), mark = "$deletedEntity";
      is_removed |= text.size() >= mark.size() && text.substr(text.size() - mark.size()) == mark;
    }
  }
  if (!is_removed) return SUCCESS;
  cells.resize(first);
  if (key.kind != CJSON_TEXT) return refuse(CJSON_BAD_REMOVAL);
  memory->removed.push_back(key);
  return SUCCESS;
}

error_code cjson_pages::read_rows(const Body &body, ondemand::array rows) {
  memory->cells.clear();
  memory->removed.clear();
  size_t count = 0;
  for (auto result : rows) {
    if (++count > max_rows) return refuse(CJSON_TOO_LARGE);
    ondemand::object row;
    if (auto error = result.get_object().get(row)) return error;
    if (auto error = read_row(body, row)) return error;
  }
  return SUCCESS;
}

error_code cjson_pages::read_link(const Body &body, ondemand::value value, cjson_cell &link) {
  ondemand::json_type type;
  if (auto error = value.type().get(type)) return error;
  if (type == ondemand::json_type::null) return read_scalar(body, value, type, link);
  if (type != ondemand::json_type::string) return refuse(CJSON_BAD_LINK);
  return read_text(body, value, link);
}

error_code cjson_pages::read(const Body &body, ondemand::document &document,
                             cjson_result *result) {
  bool has_rows = false;
  ondemand::object root;
  if (auto error = document.get_object().get(root)) return error;
  for (auto item : root) {
    ondemand::field field;
    if (auto error = std::move(item).get(field)) return error;
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    if (key == "value") {
      ondemand::array rows;
      if (auto error = field.value().get_array().get(rows)) {
        return error == INCORRECT_TYPE ? refuse(CJSON_NO_VALUE) : error;
      }
      if (auto error = read_rows(body, rows)) return error;
      has_rows = true;
    } else if (key == "@odata.nextLink") {
      if (auto error = read_link(body, field.value(), result->next)) return error;
    } else if (key == "@odata.deltaLink") {
      if (auto error = read_link(body, field.value(), result->delta)) return error;
    }
  }
  return has_rows ? SUCCESS : refuse(CJSON_NO_VALUE);
}

extern "C" {
cjson_memory *cjson_memory_new() { return new (std::nothrow) cjson_memory; }

cjson_pages *cjson_pages_new(size_t max_rows) {
  auto *pages = new (std::nothrow) cjson_pages;
  if (pages != nullptr) pages->max_rows = max_rows;
  return pages;
}

int cjson_pages_add_column(cjson_pages *pages, const char *name, size_t length) {
  try {
    std::string key(name, length);
    // A column of that name is a column, but an id and a context say more.
    Role role = key == "id" ? id : key == "@odata.context" ? context : none;
    pages->names.set({key, static_cast<int>(pages->columns), role});
    pages->columns++;
    return CJSON_OK;
  } catch (const std::bad_alloc &) {
    return CJSON_MEMORY;
  }
}

void cjson_pages_free(cjson_pages *pages) { delete pages; }

int cjson_pages_decode(cjson_pages *pages, cjson_memory *memory, char *body, size_t length,
                       cjson_result *result) {
  *result = {};
  if (length > UINT32_MAX - CJSON_PADDING) return CJSON_TOO_LARGE;
  try {
    const Body text{body, length};
    pages->refusal = CJSON_OK;
    pages->memory = memory;
    ondemand::document document;
    if (auto error = open(text, memory->parser, document)) {
      result->fault = length;
      return door_code(error);
    }
    error_code error = pages->read(text, document, result);
    error = close(text, document, error, result->fault);
    if (pages->refusal != CJSON_OK) return pages->refusal;
    result->cells = memory->cells.data();
    result->cell_count = memory->cells.size();
    result->removed = memory->removed.data();
    result->removed_count = memory->removed.size();
    return door_code(error);
  } catch (const std::bad_alloc &) {
    return CJSON_MEMORY;
  }
}
}
