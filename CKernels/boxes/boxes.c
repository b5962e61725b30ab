// Entries of the overlaps of boxes and of their formats.
//
// The boxes of y are laid out by coordinate once, and a task takes some rows of x and as many columns as its L1 cache
// holds. What is left is writing, past the caches where the result is large.
#include "boxes.h"

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

enum {
  tile_rows = 64,
  tile_bytes = 20 * 1024, // of boxes laid out
  lay_out_boxes = 4096,
  convert_boxes = 4096,
};

// Rough speeds of one thread, to decide about waking others.
static const double bytes_per_nanosecond = 20;

// ---- all pairs ----

typedef struct {
  const box_kernels *kernels;
  bool generalized, streams;
  size_t m, n, capacity, columns, chunks; // columns of a task, and how many of these there are
  const char *x, *y;
  char *arrays, *out;
  size_t ld_out;
} work;

static void lay_out(void *context, size_t first, size_t last) {
  const work *w = context;
  const size_t bytes = w->kernels->element_bytes;
  w->kernels->lay_out(last - first, w->y + first * 4 * bytes, w->arrays + first * bytes, w->capacity);
}

// Items are (tile of rows, chunk of columns).
static void overlap(void *context, size_t begin, size_t end) {
  const work *w = context;
  const size_t bytes = w->kernels->element_bytes;
  for (size_t item = begin; item < end; item++) {
    const size_t row = item / w->chunks * tile_rows, first = item % w->chunks * w->columns;
    const box_tile tile = {.generalized = w->generalized,
                           .streams = w->streams,
                           .rows = smaller(tile_rows, w->m - row),
                           .x = w->x + row * 4 * bytes,
                           .y = w->arrays,
                           .capacity = w->capacity,
                           .columns = w->n,
                           .first = first,
                           .last = smaller(first + w->columns, w->n),
                           .out = w->out + row * w->ld_out * bytes,
                           .ld_out = w->ld_out};
    w->kernels->overlaps(&tile);
  }
}

static farro_status overlaps(work *w) {
  if (!can_exist(w->m, 4, 1) || !can_exist(w->n, box_arrays, 1) || !are_rows(w->m, w->n, w->ld_out))
    return FARRO_ERROR_ARGUMENT;
  if (w->m == 0 || w->n == 0) return FARRO_OK;
  const size_t bytes = w->kernels->element_bytes;
  w->capacity = w->n + box_padding;
  const size_t space = box_arrays * w->capacity * bytes;
  w->arrays = farro_allocate(space);
  if (!w->arrays) return FARRO_ERROR_MEMORY;
  farro_parallel_for(w->n, lay_out_boxes, (double)w->n, lay_out, w);
  w->columns = tile_bytes / (box_arrays * bytes) / 64 * 64;
  w->chunks = ceil_divide(w->n, w->columns);
  const size_t written = w->m * w->n * bytes;
  w->streams = farro_should_stream(written);
  farro_parallel_for(ceil_divide(w->m, tile_rows) * w->chunks, 1, (double)written / bytes_per_nanosecond, overlap, w);
  farro_release(w->arrays, space);
  return FARRO_OK;
}

// ---- formats ----

typedef struct {
  const box_kernels *kernels;
  farro_box_format from, to;
  const char *x;
  char *y;
} box_conversion;

static void convert_range(void *context, size_t first, size_t last) {
  const box_conversion *c = context;
  const size_t at = first * 4 * c->kernels->element_bytes;
  c->kernels->convert(last - first, c->from, c->to, c->x + at, c->y + at);
}

static farro_status convert(box_conversion *c, size_t n) {
  if (!can_exist(n, 4, 1) || (unsigned)c->from >= FARRO_BOX_FORMAT_COUNT || (unsigned)c->to >= FARRO_BOX_FORMAT_COUNT)
    return FARRO_ERROR_ARGUMENT;
  const double moved = (double)n * 8 * (double)c->kernels->element_bytes;
  farro_parallel_for(n, convert_boxes, moved / bytes_per_nanosecond, convert_range, c);
  return FARRO_OK;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  static farro_status overlaps_##type(bool generalized, size_t m, size_t n, const scalar *x, const scalar *y,          \
                                      scalar *out, size_t ld_out) {                                                    \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    work w = {.kernels = kernels->boxes_##type,                                                                        \
              .generalized = generalized,                                                                              \
              .m = m,                                                                                                  \
              .n = n,                                                                                                  \
              .x = (const char *)x,                                                                                    \
              .y = (const char *)y,                                                                                    \
              .out = (char *)out,                                                                                      \
              .ld_out = ld_out};                                                                                       \
    return overlaps(&w);                                                                                               \
  }                                                                                                                    \
  farro_status farro_box_iou_##type(size_t m, size_t n, const scalar *x, const scalar *y, scalar *out,                 \
                                    size_t ld_out) {                                                                   \
    return overlaps_##type(false, m, n, x, y, out, ld_out);                                                            \
  }                                                                                                                    \
  farro_status farro_box_generalized_iou_##type(size_t m, size_t n, const scalar *x, const scalar *y, scalar *out,     \
                                                size_t ld_out) {                                                       \
    return overlaps_##type(true, m, n, x, y, out, ld_out);                                                             \
  }                                                                                                                    \
  farro_status farro_box_convert_##type(size_t n, farro_box_format from, farro_box_format to, const scalar *x,         \
                                        scalar *y) {                                                                   \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    box_conversion c = {                                                                                               \
        .kernels = kernels->boxes_##type, .from = from, .to = to, .x = (const char *)x, .y = (char *)y};               \
    return convert(&c, n);                                                                                             \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
