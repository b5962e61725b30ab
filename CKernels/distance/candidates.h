// What a query has found so far: rows of the base that may be among its k nearest.
//
// Of a row, the search knows bounds of its value (smaller is nearer), and what it exactly is only when that has been
// asked for. When the space is full, rows are dropped of which k others are certainly nearer; where the bounds do not
// tell enough of them apart, the rows are measured, and the k nearest stay.
#ifndef FARRO_DISTANCE_CANDIDATES_H
#define FARRO_DISTANCE_CANDIDATES_H

#include <stdatomic.h>

#include "neighbors.h"

typedef struct candidate {
  double lower, upper; // bounds of the value
  double key;          // the value, once measured
  uint32_t row;        // of the base
  bool measured;
} candidate;

// Measures the candidates that are not.
typedef void candidates_measure(const void *context, size_t query, candidate *items, size_t count);

typedef struct candidates {
  candidate *items;
  size_t k, count, capacity;
  double slack;   // what the query adds to the distance between lower and upper bounds
  double limit;   // values above this are too far
  bool takes_all; // that the limit lets pass: grows, and no row is dropped
  bool failed;    // for want of memory
  atomic_flag busy;
} __attribute__((aligned(64))) candidates;

// Room for so many is enough for k.
size_t farro_candidates_capacity(size_t k);

// Takes a row whose value lies within the bounds. The caller holds the candidates.
void farro_candidates_add(candidates *c, candidate item, candidates_measure *measure, const void *context,
                          size_t query);

// The k nearest, or all, measured and in order; returns their number.
size_t farro_candidates_finish(candidates *c, candidates_measure *measure, const void *context, size_t query);

// Gives back what grew; true when memory was wanting.
bool farro_candidates_end(candidates *c);

void farro_candidates_hold(candidates *c);
void farro_candidates_let_go(candidates *c);

#endif
