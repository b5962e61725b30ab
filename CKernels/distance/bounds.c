// Making bounds: their memory, and groups of centres that are near one another, by k-means of the centres themselves.
#include <string.h>

#include "bounds.h"
#include "runtime/sizes.h"

enum { most_parts = 64, least_part_rows = 1024, group_centers = 64, turns = 5 };

farro_status farro_bounds_create(const assign_type *t, const farro_assignment_shape *s, const void *centers,
                                 farro_bounds **bounds) {
  const size_t n = s->n, k = s->k, d = s->d, groups = ceil_divide(k, group_centers), pitch = farro_assign_pitch(t, d);
  const size_t parts = larger(smaller(ceil_divide(n, least_part_rows), most_parts), 1);
  size_t bytes = 0;
#define TAKE(count, size) (bytes += round_up((count) * (size), 64), bytes - round_up((count) * (size), 64))
  const size_t header = TAKE(1, sizeof(farro_bounds)), at_centers = TAKE(k * d, t->bytes);
  const size_t at_ready = TAKE(k * pitch, t->bytes), at_middle = TAKE(pitch, t->bytes), at_offsets = TAKE(k, t->bytes);
  const size_t at_packed = TAKE(groups, sizeof(void *)), at_order = TAKE(k, 4), at_begins = TAKE(groups + 1, 4);
  const size_t at_group = TAKE(k, 4), at_drift = TAKE(k, 8), at_group_drift = TAKE(groups, 8), at_members = TAKE(k, 8);
  const size_t at_upper = TAKE(n, 4), at_lower = TAKE(n * groups, 4), at_before = TAKE(n, 4), at_moved = TAKE(n, 4);
  const size_t at_moved_in = TAKE(parts, 8), at_products = TAKE(parts, 8), at_origin = TAKE(d, 8);
#undef TAKE
  char *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  farro_bounds *b = (farro_bounds *)(space + header);
  *b = (farro_bounds){.type = *t,
                      .shape = *s,
                      .bytes = bytes,
                      .groups = groups,
                      .pitch = pitch,
                      .centers = space + at_centers,
                      .ready = space + at_ready,
                      .middle = space + at_middle,
                      .offsets = space + at_offsets,
                      .packed = (farro_packed_matrix **)(space + at_packed),
                      .order = (int32_t *)(space + at_order),
                      .begins = (uint32_t *)(space + at_begins),
                      .group_of = (uint32_t *)(space + at_group),
                      .drift = (double *)(space + at_drift),
                      .group_drift = (double *)(space + at_group_drift),
                      .members = (size_t *)(space + at_members),
                      .upper = (float *)(space + at_upper),
                      .lower = (float *)(space + at_lower),
                      .before = (int32_t *)(space + at_before),
                      .moved = (uint32_t *)(space + at_moved),
                      .moved_in = (size_t *)(space + at_moved_in),
                      .products_in = (double *)(space + at_products),
                      .origin = space + at_origin,
                      .parts = parts,
                      .part_rows = ceil_divide(n, parts)};
  memset(b->packed, 0, groups * sizeof(void *));
  double *origin = b->origin;
  for (size_t l = 0; l < d; l++) {
    origin[l] = 0;
    for (size_t j = 0; j < k; j++) origin[l] += value_at(t, centers, j * s->ld_centers + l) / (double)k;
  }
  *bounds = b;
  return FARRO_OK;
}

void farro_bounds_release(farro_bounds *b) {
  if (b) farro_release(b, b->bytes);
}

static farro_status assign_centers(const farro_bounds *b, const void *centers, size_t ld, int32_t *labels) {
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
  const farro_status status = assign_centers(b, centers, ld, b->order);
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
