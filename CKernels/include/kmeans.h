// Assignment of rows to their nearest centres, which is what an iteration of k-means does.
#ifndef FARRO_KMEANS_H
#define FARRO_KMEANS_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// x is (n, d) and centers (k, d), row-major, with ldx and ld_centers elements from one row to the next (at least d).
typedef struct farro_assignment_shape {
  size_t n, d, k;
  size_t ldx, ld_centers;
} farro_assignment_shape;

// What comes of it. Pointers may be NULL, but for labels; nothing may overlap x or centers.
typedef struct farro_assignment {
  int32_t *labels;   // n: the nearest centre
  double *distances; // n: the squared Euclidean distance to it
  double *sums;      // (k, d): the sum of the rows of each centre, weighted
  double *weights;   // k: the sum of their weights
  double inertia;    // the sum of the squared distances, weighted
} farro_assignment;

// Assigns each row of x to the centre at the least squared Euclidean distance (of equal ones, the first), and adds it,
// times its weight (NULL: 1), to that centre's sums, all in one pass over x. A centre with NaN or infinity, or whose
// squares overflow, is nearest to no row; a row that is such, or has no other centre, gets label -1, and inertia and
// its distance are NaN. (Squares are those of rows less the mean of the centres.)
//
// Distances come from products of rows and centres less the mean of the centres, in the element type. With
// s = |x|^2 + |c|^2 of the centred rows and u = 2^-24 (f64: 2^-53), a distance is within (2d + 10) u s of the truth,
// and where it is below s / 16 within (d + 3) u of itself; the chosen centre is within twice that of the nearest. Sums
// and inertia are accumulated in double.
//
// k from 1 to 2^31 - 1, else FARRO_ERROR_ARGUMENT. The result does not depend on the number of threads. O(n d k), work
// space O(k d) for each of up to 64 parts.
FARRO_API farro_status farro_assign_f32(const farro_assignment_shape *shape, const float *x, const float *centers,
                                        const float *weights, farro_assignment *assignment);
FARRO_API farro_status farro_assign_f64(const farro_assignment_shape *shape, const double *x, const double *centers,
                                        const double *weights, farro_assignment *assignment);

#ifdef __cplusplus
}
#endif
#endif
