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
// its distance are NaN. (Squares are those of rows less the middle of the centres.)
//
// Distances come from products of rows and centres less a middle of the centres, in the element type: in each
// coordinate the median of up to 15 of them, evenly spaced, so that a few that are far off take no precision away. With
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

// Assignment for all iterations of one run, which does not measure again what cannot have changed.
//
// The first call takes *bounds of NULL, assigns as farro_assign does, and makes *bounds. Later calls take the same
// shape, x, weights and type, centres that have moved, and labels, sums and weights as the call before left them; they
// write these and the inertia. `distances` must be NULL after the first call; labels, sums and weights must be there
// always.
//
// Bounds of each row's distance to its own centre from above, and to the others from below, in groups of centres that
// were near one another at the beginning, hold for centres that have moved when these movements are added
// (Y. Ding et al., "Yinyang k-means: a drop-in replacement of the classic k-means with consistent speedup", ICML 2015).
// A row whose own centre is certainly nearest is not read at all; of the others, the products with those groups are
// formed that may hold a nearer centre.
//
// The chosen centre is as near as farro_assign's contract says. Rows that change are added to the new centre's sums and
// taken from the old one's, so that sums carry the rounding of all changes; a centre that no row with a weight has left
// holds exactly 0. Inertia then comes from the sums and from what it was, within 2^-44 of the sum of the rows' squared
// distances to the first centres' mean. Nothing depends on the number of threads.
//
// Bounds are made as soon as a call has changed the labels of fewer than n k / 4096 rows; until then, calls assign as
// farro_assign does. O(n d k) at most, O(n k / 64) at least. Memory: (12 + k / 16) n bytes, and O(k d). n at most
// 2^32 - 1.
typedef struct farro_bounds farro_bounds;
FARRO_API farro_status farro_assign_bounded_f32(const farro_assignment_shape *shape, const float *x,
                                                const float *centers, const float *weights, farro_bounds **bounds,
                                                farro_assignment *assignment);
FARRO_API farro_status farro_assign_bounded_f64(const farro_assignment_shape *shape, const double *x,
                                                const double *centers, const double *weights, farro_bounds **bounds,
                                                farro_assignment *assignment);

// Of the last call: how many rows changed their labels (all, in the first), and how many products of a row and a centre
// were formed, of n k.
FARRO_API size_t farro_bounds_moved(const farro_bounds *bounds);
FARRO_API double farro_bounds_products(const farro_bounds *bounds);
FARRO_API void farro_bounds_release(farro_bounds *bounds); // NULL is ignored

// Rows far from one another, for k-means to begin with (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of
// careful seeding", SODA 2007). x is (n, d) with ldx elements from one row to the next, n at least 1; weights are n,
// not negative (NULL: 1). Both are read until the release and must stay as they are.
//
// Each call of farro_spread_next draws `trials` rows (1 to 32), with uniforms[i] from 0 to below 1 for each, where a
// row's chance is in proportion to its weight times its squared distance to the nearest row that is chosen already (to
// its weight, at first). Of these, the one that leaves the least sum of such squared distances is chosen: *row.
//
// Distances are sums of squared differences in the element type, within (d + 3) u of themselves: a row that equals a
// chosen one is not drawn while others are left. Sums of them are within 70 u. Neither depends on the number of
// threads. O(n d trials) for each call. Memory: 33 n elements, touched as far as `trials` needs them.
typedef struct farro_spread farro_spread;
FARRO_API farro_status farro_spread_begin_f32(size_t n, size_t d, const float *x, size_t ldx, const float *weights,
                                              farro_spread **spread);
FARRO_API farro_status farro_spread_begin_f64(size_t n, size_t d, const double *x, size_t ldx, const double *weights,
                                              farro_spread **spread);
FARRO_API farro_status farro_spread_next(farro_spread *spread, size_t trials, const double *uniforms, size_t *row);
FARRO_API void farro_spread_release(farro_spread *spread); // NULL is ignored

#ifdef __cplusplus
}
#endif
#endif
