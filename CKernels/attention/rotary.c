// Entries of rotary position embedding and of the cache of keys and values: check, cut into ranges of rows, run.
#include "attention/attention.h"

#include <math.h>
#include <string.h>

#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

// ---- table of angles ----

typedef struct {
  size_t first, pairs;
  double base;
  void *cosines, *sines;
} table_work;

// Within one position, the pairs' frequencies fall by a constant factor; each is raised anew, so that none inherits the
// others' rounding.
#define FILL_TABLE(type, scalar)                                                                                       \
  static void fill_table_##type(void *context, size_t first, size_t last) {                                            \
    const table_work *w = context;                                                                                     \
    for (size_t j = 0; j < w->pairs; j++) {                                                                            \
      const double frequency = pow(w->base, -(double)j / (double)w->pairs);                                            \
      for (size_t i = first; i < last; i++) {                                                                          \
        const double angle = (double)(w->first + i) * frequency;                                                       \
        ((scalar *)w->cosines)[i * w->pairs + j] = (scalar)cos(angle);                                                 \
        ((scalar *)w->sines)[i * w->pairs + j] = (scalar)sin(angle);                                                   \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_rotary_table_##type(size_t first, size_t positions, size_t pairs, double base, scalar *cosines,   \
                                         scalar *sines) {                                                              \
    if (!(base > 0)) return FARRO_ERROR_ARGUMENT;                                                                      \
    table_work work = {first, pairs, base, cosines, sines};                                                            \
    farro_parallel_for(positions, 64, 40.0 * (double)positions * (double)pairs, fill_table_##type, &work);             \
    return FARRO_OK;                                                                                                   \
  }

FILL_TABLE(f32, float)
FILL_TABLE(f64, double)

// ---- rotation ----

typedef struct {
  const farro_rotary_shape *shape;
  const attention_kernels *kernels;
  size_t element_bytes;
  const char *cosines, *sines, *x;
  char *y;
} rotary_work;

// Rows first..<last of all batch items, all heads of each.
static void rotate_rows(void *context, size_t first, size_t last) {
  const rotary_work *w = context;
  const farro_rotary_shape *s = w->shape;
  for (size_t index = first; index < last; index++) {
    const size_t item = index / s->rows, row = index % s->rows;
    const size_t place = (s->position ? s->position[index] : s->first + row) * s->pairs * w->element_bytes;
    const rotary_rows rows = {.count = s->heads,
                              .d = s->d,
                              .pairs = s->pairs,
                              .interleaved = s->interleaved,
                              .inverse = s->inverse,
                              .cosines = w->cosines + place,
                              .sines = w->sines + place,
                              .x = w->x + (item * s->x.batch + row * s->x.row) * w->element_bytes,
                              .y = w->y + (item * s->y.batch + row * s->y.row) * w->element_bytes,
                              .x_step = s->x.head,
                              .y_step = s->y.head};
    w->kernels->rotate(&rows);
  }
}

static farro_status rotate(rotary_work *w) {
  const farro_rotary_shape *s = w->shape;
  if (s->pairs > s->d / 2 || !farro_rows_are_apart(s->batch, s->heads, s->rows, s->y, s->d))
    return FARRO_ERROR_ARGUMENT;
  const size_t rows = s->batch * s->rows, row_bytes = s->heads * s->d * w->element_bytes;
  if (rows == 0 || s->heads == 0) return FARRO_OK;
  if (!s->position && (s->rows > s->table_rows || s->first > s->table_rows - s->rows)) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; s->position && i < rows; i++)
    if (s->position[i] >= s->table_rows) return FARRO_ERROR_ARGUMENT;
  farro_parallel_for(rows, rows_of_range(rows, row_bytes, false), (double)(rows * row_bytes) / 20, rotate_rows, w);
  return FARRO_OK;
}

// ---- cache ----

typedef struct {
  const farro_cache_shape *shape;
  size_t element_bytes;
  const char *x;
  char *cache;
} append_work;

static void append_heads(void *context, size_t first, size_t last) {
  const append_work *w = context;
  const farro_cache_shape *s = w->shape;
  const size_t bytes = s->d * w->element_bytes;
  for (size_t index = first; index < last; index++) {
    const size_t item = index / s->heads, head = index % s->heads;
    const size_t length = s->lengths ? s->lengths[item] : s->length;
    const char *from = w->x + (item * s->x.batch + head * s->x.head) * w->element_bytes;
    char *to = w->cache + (item * s->cache.batch + head * s->cache.head + length * s->cache.row) * w->element_bytes;
    if (s->x.row == s->d && s->cache.row == s->d) {
      memcpy(to, from, s->rows * bytes);
      continue;
    }
    for (size_t i = 0; i < s->rows; i++)
      memcpy(to + i * s->cache.row * w->element_bytes, from + i * s->x.row * w->element_bytes, bytes);
  }
}

static farro_status append(append_work *w) {
  const farro_cache_shape *s = w->shape;
  if (s->rows > s->capacity || !farro_rows_are_apart(s->batch, s->heads, s->capacity, s->cache, s->d))
    return FARRO_ERROR_ARGUMENT;
  if (!s->lengths && s->length > s->capacity - s->rows) return FARRO_ERROR_ARGUMENT;
  for (size_t i = 0; s->lengths && i < s->batch; i++)
    if (s->lengths[i] > s->capacity - s->rows) return FARRO_ERROR_ARGUMENT;
  if (s->rows == 0 || s->d == 0) return FARRO_OK;
  const size_t heads = s->batch * s->heads, head_bytes = s->rows * s->d * w->element_bytes;
  farro_parallel_for(heads, rows_of_range(heads, head_bytes, false), (double)(heads * head_bytes) / 20, append_heads,
                     w);
  return FARRO_OK;
}

#define ENTRIES(type, scalar)                                                                                          \
  farro_status farro_rotary_##type(const farro_rotary_shape *shape, const scalar *cosines, const scalar *sines,        \
                                   const scalar *x, scalar *y) {                                                       \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    rotary_work work = {shape,                                                                                         \
                        kernels->attention_##type,                                                                     \
                        sizeof(scalar),                                                                                \
                        (const char *)cosines,                                                                         \
                        (const char *)sines,                                                                           \
                        (const char *)x,                                                                               \
                        (char *)y};                                                                                    \
    return rotate(&work);                                                                                              \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_cache_append_##type(const farro_cache_shape *shape, const scalar *x, scalar *cache) {             \
    append_work work = {shape, sizeof(scalar), (const char *)x, (char *)cache};                                        \
    return append(&work);                                                                                              \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
