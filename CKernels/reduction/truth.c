// Entry of any and all: whether a byte of one kind occurs, in blocks, and whether it does in one of the blocks.
#include "reduction.h"

#include "include/reduction.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

// Rough speed of one thread, to decide about waking others.
static const double bytes_per_nanosecond = 60;

typedef struct {
  const truth_kernels *kernels;
  farro_reduction_shape shape;
  bool zeros;
  size_t block, blocks, chunks;
  const uint8_t *x;
  uint8_t *found; // (outer, blocks, inner)
} plan;

// Items are (outer, block, chunk of columns).
static void find_blocks(void *context, size_t begin, size_t end) {
  const plan *p = context;
  const farro_reduction_shape *s = &p->shape;
  for (size_t item = begin; item < end; item++) {
    const size_t chunk = item % p->chunks, row = item / p->chunks, column = chunk * truth_columns;
    const size_t first = row % p->blocks * p->block, rows = smaller(p->block, s->axis - first);
    const uint8_t *x = p->x + (row / p->blocks * s->axis + first) * s->inner + column;
    uint8_t *found = p->found + row * s->inner + column;
    if (s->inner == 1)
      *found = p->kernels->row(x, rows, p->zeros);
    else
      p->kernels->columns(x, rows, smaller(truth_columns, s->inner - column), s->inner, p->zeros, found);
  }
}

// found (outer, inner): whether a byte that is 0, or one that is not, stands along the axis, which is not empty.
static farro_status find(const truth_kernels *kernels, const farro_reduction_shape *s, const uint8_t *x, bool zeros,
                         uint8_t *found) {
  plan p = {.kernels = kernels, .shape = *s, .zeros = zeros, .x = x, .found = found};
  p.block = s->inner == 1 ? truth_row : truth_rows;
  p.blocks = ceil_divide(s->axis, p.block);
  p.chunks = ceil_divide(s->inner, truth_columns);
  const size_t partials = s->outer * p.blocks * s->inner, bytes = s->outer * s->axis * s->inner;
  if (p.blocks > 1) p.found = farro_allocate(partials);
  if (!p.found) return FARRO_ERROR_MEMORY;
  const size_t item = smaller(p.block, s->axis) * smaller(s->inner, truth_columns);
  farro_parallel_for(s->outer * p.blocks * p.chunks, ceil_divide(truth_row, item), (double)bytes / bytes_per_nanosecond,
                     find_blocks, &p);
  if (p.blocks == 1) return FARRO_OK;
  const farro_reduction_shape merged = {s->outer, p.blocks, s->inner};
  const farro_status status = find(kernels, &merged, p.found, false, found);
  farro_release(p.found, partials);
  return status;
}

static farro_status answer(const farro_reduction_shape *s, const uint8_t *x, bool all, uint8_t *out) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(s->outer, s->axis, s->inner)) return FARRO_ERROR_ARGUMENT;
  const size_t results = s->outer * s->inner;
  if (results == 0) return FARRO_OK;
  if (s->axis == 0) {
    for (size_t i = 0; i < results; i++) out[i] = all;
    return FARRO_OK;
  }
  const farro_status status = find(kernels->truth, s, x, all, out);
  if (status == FARRO_OK && all)
    for (size_t i = 0; i < results; i++) out[i] ^= 1;
  return status;
}

farro_status farro_any_u8(const farro_reduction_shape *shape, const uint8_t *x, uint8_t *out) {
  return answer(shape, x, false, out);
}

farro_status farro_all_u8(const farro_reduction_shape *shape, const uint8_t *x, uint8_t *out) {
  return answer(shape, x, true, out);
}
