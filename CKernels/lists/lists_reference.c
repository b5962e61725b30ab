// The search of lists as its definition reads.
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lists/lists.h"

void farro_lists_row_reference_f32(const farro_lists *l, size_t list, int64_t place, float *row) {
  const size_t bytes = farro_list_entry_bytes(l->codes, l->d, l->subspaces);
  const float *center = l->centers + list * l->d;
  const uint8_t *entry = (const uint8_t *)l->entries + (size_t)place * bytes;
  const uint8_t *block = (const uint8_t *)l->entries + (size_t)(place / FARRO_LIST_BLOCK) * FARRO_LIST_BLOCK * bytes;
  for (size_t k = 0; k < l->d; k++) {
    if (l->codes == FARRO_LIST_ROWS) {
      row[k] = ((const float *)entry)[k];
    } else if (l->codes == FARRO_LIST_BYTES) {
      row[k] = center[k] + l->scale * (float)((int32_t)entry[k] - 128);
    } else {
      const size_t width = l->d / l->subspaces, piece = k / width;
      const uint8_t pair = block[piece / 2 * FARRO_LIST_BLOCK + list_byte_of((size_t)place % FARRO_LIST_BLOCK)];
      const size_t code = piece % 2 ? pair >> 4 : pair & 15;
      row[k] = center[k] + l->codebooks[k * list_codewords + code];
    }
  }
}

static double key_of(const farro_lists *l, const float *x, const float *y) {
  double squares = 0, product = 0, y_squares = 0, x_squares = 0;
  for (size_t k = 0; k < l->d; k++) {
    const double a = (double)x[k], b = (double)y[k];
    squares += (a - b) * (a - b), product += a * b, x_squares += a * a, y_squares += b * b;
  }
  if (l->metric == FARRO_METRIC_INNER_PRODUCT) return -product;
  if (l->metric != FARRO_METRIC_COSINE) return squares;
  return x_squares == 0 || y_squares == 0 ? 2 : squares;
}

typedef struct {
  double key;
  int64_t id;
} keyed;

static int compare(const void *a, const void *b) {
  const keyed *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

static float distance_of(farro_metric metric, double key) {
  return (float)(metric == FARRO_METRIC_EUCLIDEAN       ? sqrt(key)
                 : metric == FARRO_METRIC_COSINE        ? key / 2
                 : metric == FARRO_METRIC_INNER_PRODUCT ? -key
                                                        : key);
}

farro_status farro_lists_search_reference_f32(const farro_lists *l, const farro_lists_walk *walk, size_t m,
                                              const float *queries, float *distances, int64_t *ids) {
  size_t rows = 0;
  for (size_t i = 0; i < l->count; i++) rows += (size_t)l->counts[i];
  keyed *found = malloc((rows + 1) * sizeof *found);
  float *row = malloc((l->d + 1) * sizeof *row);
  for (size_t query = 0; query < m && found && row; query++) {
    size_t count = 0;
    for (size_t list = 0; list < l->count; list++)
      for (int64_t place = l->starts[list]; place < l->starts[list] + l->counts[list]; place++) {
        const uint32_t number = l->numbers[place];
        if (walk->accepted && !(walk->accepted[number / 64] >> number % 64 & 1)) continue;
        farro_lists_row_reference_f32(l, list, place, row);
        found[count++] = (keyed){key_of(l, queries + query * l->d, row), l->ids[number]};
      }
    qsort(found, count, sizeof *found, compare);
    for (size_t i = 0; i < walk->k; i++) {
      const float none = l->metric == FARRO_METRIC_INNER_PRODUCT ? -INFINITY : INFINITY;
      distances[query * walk->k + i] = i < count ? distance_of(l->metric, found[i].key) : none;
      ids[query * walk->k + i] = i < count ? found[i].id : -1;
    }
  }
  const bool has_memory = found && row;
  free(found), free(row);
  return has_memory ? FARRO_OK : FARRO_ERROR_MEMORY;
}
