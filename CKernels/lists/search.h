// A search of inverted lists at work.
#ifndef FARRO_LISTS_SEARCH_H
#define FARRO_LISTS_SEARCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "include/lists.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

typedef struct found_row {
  float key; // smaller is nearer
  uint32_t number;
} found_row;

// The best rows of a query. Up to most_sorted_rows are kept in order, which costs a search for the place and a move of
// a cache line or two, and no row is kept that is too far. Of more there is room for twice as many, of which most of
// the worse half goes when it is full.
enum { most_sorted_rows = 32 };

typedef struct nearest_rows {
  found_row *items; // up to most_sorted_rows, or the nearest when all have come
  float *keys;      // of more rows, in any order,
  uint32_t *numbers;
  size_t wanted, count;
  _Atomic float limit; // keys above this are too far
  atomic_flag busy;
} __attribute__((aligned(64))) nearest_rows;

// Adds a row that is near enough; the caller holds them.
void farro_nearest_rows_add(nearest_rows *rows, const lists_kernels *kernels, found_row row, const int64_t *ids);

// Leaves the `wanted` nearest or fewer as items, in order if that is wanted too; returns their number.
size_t farro_nearest_rows_finish(nearest_rows *rows, const lists_kernels *kernels, const int64_t *ids, bool in_order);

void farro_nearest_rows_hold(nearest_rows *rows);
void farro_nearest_rows_let_go(nearest_rows *rows);

// Sorts by key, then by id.
void farro_found_rows_sort(found_row *items, size_t count, const int64_t *ids);

// Room for the keys and numbers of one query that wants so many, and, behind it, for what is written beyond them.
enum { nearest_rows_slack = 16 };
static inline size_t nearest_rows_capacity(size_t wanted) {
  return wanted <= most_sorted_rows ? 0 : round_up(2 * wanted, nearest_rows_slack);
}
static inline size_t nearest_rows_room(size_t wanted) {
  return wanted <= most_sorted_rows ? 0 : nearest_rows_capacity(wanted) + nearest_rows_slack;
}

// A query as a code sees it: what it adds up for a row is factor * sum + bias.
typedef struct coded_query {
  uint8_t *code; // signed bytes, or tables arranged for the instruction set
  float factor, bias;
} coded_query;

// Bytes of a query's code.
size_t farro_query_code_bytes(const farro_lists *lists);

// Codes a query into query->code; `space` has room for d + 16 subspaces floats.
void farro_query_encode(const farro_lists *lists, const lists_kernels *kernels, const float *query, float *space,
                        coded_query *coded);

// Whether sizes are such as the entries allow.
bool farro_lists_are_valid(const farro_lists *lists);

#endif
