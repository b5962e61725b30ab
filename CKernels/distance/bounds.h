// What bounded assignment remembers of rows and centres.
#ifndef FARRO_DISTANCE_BOUNDS_H
#define FARRO_DISTANCE_BOUNDS_H

#include "assign.h"

// A bound is stored as it would be had no centre moved yet: movements are added up per centre and per group, so that a
// row that is skipped costs no write.
struct farro_bounds {
  assign_type type;
  farro_assignment_shape shape;
  size_t bytes, groups, pitch, widest; // centres of the largest group
  void *centers;                       // (k, d) of the last call
  void *ready;                         // (k, pitch), in the order of groups, less the middle
  void *middle, *offsets;              // pitch; k
  farro_packed_matrix **packed;        // of each group
  int32_t *order;                      // centres, group by group, rising in each
  uint32_t *begins, *group_of;         // groups + 1: positions in order; k
  double *drift, *group_drift;         // how far centres have moved in all; the most in a group, call by call
  size_t *members;                     // k: rows with a weight
  float *upper, *lower;                // n; (n, groups)
  int32_t *before;                     // n: labels of the call before
  uint32_t *moved;                     // n: rows that changed, from the beginning of each part
  size_t *moved_in;                    // parts
  double *products_in;                 // parts
  size_t parts, part_rows, total_moved;
  double products; // of n k, the share that the last call formed
  double squares;  // of all rows about the origin of sums
  void *origin;    // d doubles: the mean of the first centres
  bool has_bounds;
};

// Memory for such rows and centres; the mean of these is the origin.
farro_status farro_bounds_create(const assign_type *t, const farro_assignment_shape *shape, const void *centers,
                                 farro_bounds **bounds);

// Centres that are near one another, in groups: writes group_of, order, begins, widest.
farro_status farro_bounds_group(farro_bounds *b, const void *centers, size_t ld);

#endif
