// Groups of centres that are near one another, by k-means of the centres themselves.
#include <string.h>

#include "bounds.h"
#include "runtime/sizes.h"

enum { turns = 5 };

static farro_status group_centers(const farro_bounds *b, const void *centers, size_t ld, int32_t *labels) {
  const assign_type *t = &b->type;
  const size_t d = b->shape.d, groups = b->groups, row_bytes = d * t->bytes;
  const size_t bytes = groups * (row_bytes + (d + 1) * sizeof(double)) + sizeof(double);
  double *sums = farro_allocate(bytes), *weights = sums + groups * d;
  if (!sums) return FARRO_ERROR_MEMORY;
  void *means = weights + groups;
  for (size_t g = 0; g < groups; g++)
    memcpy((char *)means + g * row_bytes, element_at(t, centers, g * b->shape.k / groups * ld), row_bytes);
  const farro_assignment_shape shape = {.n = b->shape.k, .d = d, .k = groups, .ldx = ld, .ld_centers = d};
  farro_assignment out = {.labels = labels, .sums = sums, .weights = weights};
  farro_status status = FARRO_OK;
  for (int turn = 0; turn < turns && status == FARRO_OK; turn++) {
    status = farro_assign_rows(t, &shape, centers, means, NULL, &out);
    for (size_t g = 0; g < groups; g++)
      for (size_t l = 0; weights[g] > 0 && l < d; l++) set_value(t, means, g * d + l, sums[g * d + l] / weights[g]);
  }
  farro_release(sums, bytes);
  return status;
}

farro_status farro_bounds_group(farro_bounds *b, const void *centers, size_t ld) {
  const size_t k = b->shape.k;
  const farro_status status = group_centers(b, centers, ld, b->order);
  if (status != FARRO_OK) return status;
  for (size_t i = 0; i < k; i++) b->group_of[i] = b->order[i] < 0 ? 0 : (uint32_t)b->order[i];
  b->begins[0] = 0;
  size_t position = 0;
  for (size_t g = 0; g < b->groups; g++) {
    for (size_t i = 0; i < k; i++)
      if (b->group_of[i] == g) b->order[position++] = (int32_t)i;
    b->begins[g + 1] = (uint32_t)position;
    b->widest = larger(b->widest, position - b->begins[g]);
  }
  return FARRO_OK;
}
