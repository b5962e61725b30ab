// The descent itself, over columns of some kind.
#ifndef FARRO_COORDINATE_DESCENT_DESCENT_H
#define FARRO_COORDINATE_DESCENT_DESCENT_H

#include "include/coordinate_descent.h"

// Columns of a matrix X and a target y, in units of the caller's.
typedef struct descent {
  const farro_elastic_net_options *options;
  size_t columns;
  double l1, l2;         // penalties of |b|_1 and |b|^2 / 2, beside |y - X b|^2 / 2
  const double *squares; // x_j x_j
  double square_y;       // y y
  double *b;             // (columns)

  // x_j r, r = y - X b.
  double (*gradient)(const struct descent *d, size_t j);
  // Takes `step` x_j from r.
  void (*move)(struct descent *d, size_t j, double step);
  // r r and r y.
  void (*residual)(const struct descent *d, double products[2]);
  void *context;

  double gap;
  int64_t iterations;
} descent;

// Until the gap is small enough. False when cancelled.
bool farro_descend(descent *d);

#endif
