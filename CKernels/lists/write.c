// Entries that fill lists: codes and terms of rows, each row once in its life.
#include <math.h>
#include <string.h>

#include "include/codes.h"
#include "lists/search.h"
#include "runtime/sizes.h"

enum { rows_per_range = 64 };

// Rough speed of one thread, to decide about waking others.
static const double elements_per_nanosecond = 1;

size_t farro_list_entry_bytes(farro_list_codes codes, size_t d, size_t subspaces) {
  switch (codes) {
  case FARRO_LIST_BYTES:
    return round_up(d, 64);
  case FARRO_LIST_PRODUCT:
    return list_pair_count(subspaces);
  default:
    return d * sizeof(float);
  }
}

typedef struct {
  const farro_lists *lists;
  const lists_kernels *kernels;
  const float *rows;
  const int32_t *labels;
  const int64_t *places;
  _Atomic bool failed;
} writing;

// Of what a code expresses: |r|^2 + 2 (c - m).r.
static float term_of(const farro_lists *l, const float *center, const float *expressed) {
  if (l->metric == FARRO_METRIC_INNER_PRODUCT) return 0;
  double sum = 0;
  for (size_t k = 0; k < l->d; k++) {
    const double r = (double)expressed[k];
    sum += r * (r + 2 * ((double)center[k] - (double)l->mean[k]));
  }
  return (float)sum;
}

static uint8_t *block_at(const farro_lists *l, int64_t place, size_t bytes) {
  return (uint8_t *)l->entries + (size_t)place / FARRO_LIST_BLOCK * FARRO_LIST_BLOCK * bytes;
}

static void write_product(const farro_lists *l, const uint8_t *codes, int64_t place) {
  const size_t pairs = list_pair_count(l->subspaces);
  uint8_t *to = block_at(l, place, pairs) + list_byte_of((size_t)place % FARRO_LIST_BLOCK);
  for (size_t pair = 0; pair < pairs; pair++)
    to[pair * FARRO_LIST_BLOCK] = (uint8_t)(codes[2 * pair] | codes[2 * pair + 1] << 4);
}

// What the codes express, from the codebooks.
static void express_product(const farro_lists *l, const uint8_t *codes, float *expressed) {
  const size_t width = l->d / l->subspaces;
  for (size_t j = 0; j < l->subspaces; j++)
    for (size_t t = 0; t < width; t++)
      expressed[j * width + t] = l->codebooks[(j * width + t) * list_codewords + codes[j]];
}

static void write_row(const writing *w, size_t row, float *space) {
  const farro_lists *l = w->lists;
  const size_t d = l->d, bytes = farro_list_entry_bytes(l->codes, d, l->subspaces);
  const float *x = w->rows + row * d, *center = l->centers + (size_t)w->labels[row] * d;
  const int64_t place = w->places[row];
  uint8_t *entry = (uint8_t *)l->entries + (size_t)place * bytes;
  if (l->codes == FARRO_LIST_ROWS) {
    memcpy(entry, x, bytes);
    return;
  }
  if (l->codes == FARRO_LIST_BYTES) {
    farro_codes_f32(1, d, x, d, center, l->scale, entry, bytes, NULL);
    for (size_t k = 0; k < d; k++) space[k] = l->scale * (float)((int32_t)entry[k] - 128);
  } else {
    uint8_t codes[FARRO_LIST_MOST_SUBSPACES + 2 * list_pairs] = {0};
    for (size_t k = 0; k < d; k++) space[k] = x[k] - center[k];
    w->kernels->encode(l->subspaces, d / l->subspaces, space, l->codebooks, codes);
    write_product(l, codes, place);
    express_product(l, codes, space);
  }
  l->terms[place] = term_of(l, center, space);
}

static void write_rows(void *context, size_t first, size_t last) {
  writing *w = context;
  const size_t bytes = w->lists->d * sizeof(float);
  float *space = farro_allocate(bytes);
  if (!space) {
    w->failed = true;
    return;
  }
  for (size_t row = first; row < last; row++) write_row(w, row, space);
  farro_release(space, bytes);
}

farro_status farro_lists_write_f32(const farro_lists *lists, size_t n, const float *rows, const int32_t *labels,
                                   const int64_t *places) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!farro_lists_are_valid(lists) || !can_exist(n, lists->d, 1)) return FARRO_ERROR_ARGUMENT;
  writing w = {.lists = lists, .kernels = kernels->lists, .rows = rows, .labels = labels, .places = places};
  const double work = (double)n * (double)lists->d * (lists->codes == FARRO_LIST_ROWS ? 0.2 : 4);
  farro_parallel_for(n, rows_per_range, work / elements_per_nanosecond, write_rows, &w);
  return w.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

void farro_lists_move(const farro_lists *l, int64_t from, int64_t to) {
  const size_t bytes = farro_list_entry_bytes(l->codes, l->d, l->subspaces);
  if (l->terms) l->terms[to] = l->terms[from];
  if (l->codes != FARRO_LIST_PRODUCT) {
    memmove((uint8_t *)l->entries + (size_t)to * bytes, (uint8_t *)l->entries + (size_t)from * bytes, bytes);
    return;
  }
  const uint8_t *source = block_at(l, from, bytes) + list_byte_of((size_t)from % FARRO_LIST_BLOCK);
  uint8_t *target = block_at(l, to, bytes) + list_byte_of((size_t)to % FARRO_LIST_BLOCK);
  for (size_t pair = 0; pair < bytes; pair++) target[pair * FARRO_LIST_BLOCK] = source[pair * FARRO_LIST_BLOCK];
}

// ---- rows of length 1 ----

typedef struct {
  const row_kernels *rows;
  size_t d;
  const float *x;
  float *out;
  _Atomic bool failed;
} scaling;

static void unit_rows(void *context, size_t first, size_t last) {
  scaling *s = context;
  const size_t d = s->d, pitch = round_up(d, 16), bytes = pitch * sizeof(float);
  float *row = farro_allocate(bytes), norm;
  if (!row) {
    s->failed = true;
    return;
  }
  for (size_t i = first; i < last; i++) {
    s->rows->prepare(neighbor_angles, 1, d, s->x + i * d, d, NULL, row, pitch, &norm);
    memcpy(s->out + i * d, row, d * sizeof(float));
  }
  farro_release(row, bytes);
}

farro_status farro_unit_rows_f32(size_t n, size_t d, const float *x, float *out) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!can_exist(n, d, 1)) return FARRO_ERROR_ARGUMENT;
  scaling s = {.rows = kernels->rows_f32, .d = d, .x = x, .out = out};
  farro_parallel_for(n, rows_per_range, (double)n * (double)d / 4, unit_rows, &s);
  return s.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}
