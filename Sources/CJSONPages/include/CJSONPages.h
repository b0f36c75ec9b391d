#ifndef CJSONPAGES_H
#define CJSONPAGES_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Every string is unescaped where it stands: the body becomes the text that all ranges point into.
   Bodies are writable, and CJSON_PADDING readable bytes follow them. */
enum { CJSON_PADDING = 64 };

/* The first seven are the kinds of Core.Cell; the last two only occur in documents. */
enum {
  CJSON_MISSING, CJSON_NULL, CJSON_TEXT, CJSON_NUMBER, CJSON_YES, CJSON_NO, CJSON_RAW,
  CJSON_ARRAY, CJSON_OBJECT
};

/* Laid out as Core.Cell is. Of arrays and objects in documents `length` counts the children. */
typedef struct { uint32_t offset, length; uint8_t kind; } cjson_cell;

enum {
  CJSON_OK, CJSON_EMPTY, CJSON_SYNTAX, CJSON_CUT, CJSON_STRING, CJSON_LITERAL, CJSON_UTF8,
  CJSON_TRAILING, CJSON_TOO_DEEP, CJSON_TOO_LARGE, CJSON_NO_VALUE, CJSON_BAD_REMOVAL,
  CJSON_BAD_LINK, CJSON_MEMORY
};

/* Lent until the next call with the same memory, or with the same document. */
typedef struct {
  const cjson_cell *cells; size_t cell_count;        /* rows * columns of a page; nodes of a document */
  const cjson_cell *removed; size_t removed_count;   /* ids of deleted rows */
  cjson_cell next, delta;                            /* CJSON_MISSING where there is none */
  size_t fault;                                      /* byte of the first fault */
} cjson_result;

/* What decoding a page needs beside its body, and as large as that: for any pages, one at a time, and
   never given up. NULL when memory is gone. */
typedef struct cjson_memory cjson_memory;
cjson_memory *cjson_memory_new(void);

/* Rows of pages, by these column names. NULL when memory is gone. */
typedef struct cjson_pages cjson_pages;
cjson_pages *cjson_pages_new(size_t max_rows);
int cjson_pages_add_column(cjson_pages *, const char *name, size_t length);
void cjson_pages_free(cjson_pages *);
int cjson_pages_decode(cjson_pages *, cjson_memory *, char *body, size_t length, cjson_result *);

/* One small document as its nodes in order: an object's members are a text node and a value. */
typedef struct cjson_document cjson_document;
cjson_document *cjson_document_new(size_t max_depth);
void cjson_document_free(cjson_document *);
int cjson_document_parse(cjson_document *, char *body, size_t length, cjson_result *);

#ifdef __cplusplus
}
#endif
#endif
