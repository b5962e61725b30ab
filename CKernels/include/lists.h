// Inverted lists: rows that lie together with the others of the same centre, so that a search reads only the lists
// whose centres are near. What IVFIndex of FarroSearch is built on.
//
// The caller owns all arrays. A list takes whole blocks of FARRO_LIST_BLOCK places, the rows in it the first of them. A
// place holds a row's number, and the row itself or a code of it:
//   rows      d floats, and nothing is lost: distances are those of farro_nearest_neighbors_f32, bit for bit (of
//             cosines, where the squares of a row add up to more than 2^-60 and less than 2^60; else within rounding)
//   bytes     a code of farro_codes_f32 for the row less its list's centre; farro_list_entry_bytes() a row
//   product   half a byte for each of `subspaces` pieces of the row less its list's centre: the nearest of 16 vectors
//             of the piece's codebook (H. Jegou, M. Douze, C. Schmid, "Product quantization for nearest neighbor
//             search", TPAMI 33(1), 2011). The codes of a block are interleaved, so that tables of 16 bytes are looked
//             up for many rows at once (F. Andre, A.-M. Kermarrec, N. Le Scouarnec, "Cache locality is not enough",
//             VLDB 2015).
// For the metric cosine, rows, centres and queries are of length 1, as farro_unit_rows_f32 makes them.
//
// With a code, r stands for what the code of y - c expresses, c being the list's centre, and m for `mean`. The estimate
//   |x - y|^2 ~ |x - c|^2 - 2 (x - m).r + (|r|^2 + 2 (c - m).r)      x.y ~ x.c + x.r
// needs no table for each list: (x - m).r is summed from one table (or code) of the query, and the last bracket is the
// row's term, which is stored. The table has 7 bits: of squares an estimate is off by s e at most (of products by half
// of that), where e is the steps' error, subspaces step / 2 with step = the widest range of a table / 127, and s = 2;
// of bytes, by 2 query_scale / 2 |r|_1. To that comes what the code loses of the row, and rounding in f32.
#ifndef FARRO_LISTS_H
#define FARRO_LISTS_H

#include "distance.h"
#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  FARRO_LIST_BLOCK = 32,            // places
  FARRO_LIST_MOST_SUBSPACES = 512,  // of a product code: sums of tables fit into 16 bits
  FARRO_LIST_MOST_ELEMENTS = 65536, // d of coded rows
};

// What a place holds.
typedef enum farro_list_codes {
  FARRO_LIST_ROWS = 0,
  FARRO_LIST_BYTES = 1,
  FARRO_LIST_PRODUCT = 2,
} farro_list_codes;

typedef struct farro_lists {
  farro_metric metric; // Euclidean, squared Euclidean, cosine or inner product
  farro_list_codes codes;
  size_t count, d;        // of the lists; of a row
  const float *centers;   // (count, d)
  const int64_t *starts;  // (count): the first place, a multiple of FARRO_LIST_BLOCK
  const int64_t *counts;  // (count): the rows
  uint32_t *numbers;      // of the rows, by place
  void *entries;          // by place; a block of product codes takes FARRO_LIST_BLOCK times farro_list_entry_bytes()
  float *terms;           // by place; NULL for rows
  const float *mean;      // d; NULL for rows and for inner products: 0
  float scale;            // of bytes
  size_t subspaces;       // of product: a divisor of d
  const float *codebooks; // (subspaces, d / subspaces, 16): the 16 vectors of a piece, element by element
  const float *vectors;   // the rows themselves, by number, from which coded ones are measured; NULL: not kept
  const int64_t *ids;     // by number: what rows are called
} farro_lists;

// Of one place.
FARRO_API size_t farro_list_entry_bytes(farro_list_codes codes, size_t d, size_t subspaces);

// Writes `rows`, (n, d), as entries and terms: row i belongs to list labels[i], at places[i]. Pieces of different rows
// share no byte, so that several threads write at once. O(n d) time; product: O(16 n d).
FARRO_API farro_status farro_lists_write_f32(const farro_lists *lists, size_t n, const float *rows,
                                             const int32_t *labels, const int64_t *places);

// Moves an entry (without its number) from one place to another.
FARRO_API void farro_lists_move(const farro_lists *lists, int64_t from, int64_t to);

// Rows divided by their lengths, as the search by cosines does it: rows of zeros stay, and rows whose squares overflow
// or vanish are scaled first. O(n d).
FARRO_API farro_status farro_unit_rows_f32(size_t n, size_t d, const float *x, float *out);

typedef struct farro_lists_walk {
  size_t k, probes;         // neighbours that are wanted, and lists that are searched (at most all)
  size_t measured;          // of coded rows with vectors: how many of the best are measured; k at least
  const uint64_t *accepted; // NULL, or a bit for each number: rows without it are no neighbours
} farro_lists_walk;

// The k nearest rows in the lists of the `probes` centres nearest to each query, (m, d): distances and ids are (m, k),
// the nearest first, of equally near ones the smaller id. Where there are fewer, the id is -1 and the distance infinity
// (of inner products -infinity). Distances of coded rows that are not measured are estimates as above.
//
// Lists are read once for some thousand queries, block by block, by all queries that probe them; lists of codes first
// by those that are nearest to them, which then keep little of others. The result does not depend on the number of
// threads. O(m (count + rows of the lists) d); work space of some 10 KB for a query at work, and up to 64 MB for what
// queries found and the lists that they probe, or that of 16 queries. Estimates of a query that overflow are all
// alike, infinity.
FARRO_API farro_status farro_lists_search_f32(const farro_lists *lists, const farro_lists_walk *walk, size_t m,
                                              const float *queries, float *distances, int64_t *ids);

// What the entry at a place of a list expresses, plus the list's centre.
FARRO_API void farro_lists_row_reference_f32(const farro_lists *lists, size_t list, int64_t place, float *row);

// The search of all lists by plain loops in double, among what the entries express: the oracle of the tests.
FARRO_API farro_status farro_lists_search_reference_f32(const farro_lists *lists, const farro_lists_walk *walk,
                                                        size_t m, const float *queries, float *distances, int64_t *ids);

#ifdef __cplusplus
}
#endif
#endif
