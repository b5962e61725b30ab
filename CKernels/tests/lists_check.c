#include "check.h"

static const farro_metric metrics[] = {FARRO_METRIC_SQUARED_EUCLIDEAN, FARRO_METRIC_EUCLIDEAN, FARRO_METRIC_COSINE,
                                       FARRO_METRIC_INNER_PRODUCT};

// Rows that belong to lists at random, with room between the lists; some rows are equal, and one is zeros.
typedef struct {
  farro_lists lists;
  size_t n, places, queries;
  float *rows, *x;
  int32_t *labels;
  int64_t *places_of_rows, *starts, *counts, *ids;
  float *centers, *mean, *codebooks, *terms;
  uint8_t *entries;
  uint32_t *numbers;
  size_t entry_bytes;
} fixture;

static void unit(fixture *f, size_t count, float *rows) {
  if (f->lists.metric == FARRO_METRIC_COSINE) farro_unit_rows_f32(count, f->lists.d, rows, rows);
}

// Where each row goes: lists in reverse order, a block between them.
static void place_rows(fixture *f) {
  const size_t count = f->lists.count;
  for (size_t i = 0; i < count; i++) f->counts[i] = 0;
  for (size_t i = 0; i < f->n; i++) f->counts[f->labels[i]]++;
  int64_t next = 0;
  for (size_t i = count; i-- > 0;) {
    f->starts[i] = next;
    next += (f->counts[i] + FARRO_LIST_BLOCK - 1) / FARRO_LIST_BLOCK * FARRO_LIST_BLOCK + FARRO_LIST_BLOCK;
  }
  f->places = (size_t)next;
  int64_t *at = malloc(count * sizeof *at);
  memcpy(at, f->starts, count * sizeof *at);
  for (size_t i = 0; i < f->n; i++) f->places_of_rows[i] = at[f->labels[i]]++;
  free(at);
}

static fixture make(farro_metric metric, farro_list_codes codes, size_t n, size_t count, size_t d, size_t subspaces,
                    float shift) {
  fixture f = {.n = n, .queries = 7};
  f.lists = (farro_lists){.metric = metric, .codes = codes, .count = count, .d = d, .subspaces = subspaces};
  f.rows = guarded_allocate(n * d * 4), f.x = guarded_allocate(f.queries * d * 4);
  f.centers = guarded_allocate(count * d * 4), f.mean = guarded_allocate(d * 4);
  f.codebooks = guarded_allocate(d * 16 * 4);
  f.labels = guarded_allocate(n * 4), f.places_of_rows = guarded_allocate(n * 8), f.ids = guarded_allocate(n * 8);
  f.starts = guarded_allocate(count * 8), f.counts = guarded_allocate(count * 8);
  fill_f32(f.rows, n * d), fill_f32(f.x, f.queries * d), fill_f32(f.centers, count * d);
  fill_f32(f.codebooks, d * 16);
  for (size_t i = 0; i < n * d; i++) f.rows[i] += shift;
  for (size_t i = 0; i < f.queries * d; i++) f.x[i] += shift;
  for (size_t i = 0; i < count * d; i++) f.centers[i] += shift;
  for (size_t k = 0; k < d; k++) f.mean[k] = shift;
  for (size_t i = 0; i < n; i++) {
    f.labels[i] = (int32_t)random_below(count), f.ids[i] = 3 * (int64_t)i;
    if (i % 5 == 4) memcpy(f.rows + i * d, f.rows + (i - 3) * d, d * 4);
  }
  if (n > 6) memset(f.rows + 6 * d, 0, d * 4);
  if (n > 2) memcpy(f.x, f.rows + 2 * d, d * 4);
  memset(f.x + 3 * d, 0, d * 4);
  unit(&f, n, f.rows), unit(&f, f.queries, f.x), unit(&f, count, f.centers);
  place_rows(&f);
  f.entry_bytes = farro_list_entry_bytes(codes, d, subspaces);
  f.entries = guarded_allocate(f.places * f.entry_bytes), memset(f.entries, 0xab, f.places * f.entry_bytes);
  f.terms = guarded_allocate(f.places * 4), f.numbers = guarded_allocate(f.places * 4);
  for (size_t i = 0; i < n; i++) f.numbers[f.places_of_rows[i]] = (uint32_t)i;
  f.lists.centers = f.centers, f.lists.starts = f.starts, f.lists.counts = f.counts;
  f.lists.numbers = f.numbers, f.lists.entries = f.entries, f.lists.ids = f.ids;
  f.lists.codebooks = f.codebooks, f.lists.scale = 2.0f / 127;
  if (codes != FARRO_LIST_ROWS) f.lists.terms = f.terms;
  if (metric != FARRO_METRIC_INNER_PRODUCT) f.lists.mean = f.mean;
  const farro_status status = farro_lists_write_f32(&f.lists, n, f.rows, f.labels, f.places_of_rows);
  EXPECT(status == FARRO_OK, "lists are not written: %d", status);
  return f;
}

static void release(fixture *f) {
  const size_t n = f->n, d = f->lists.d, count = f->lists.count;
  guarded_free(f->rows, n * d * 4), guarded_free(f->x, f->queries * d * 4);
  guarded_free(f->centers, count * d * 4), guarded_free(f->mean, d * 4), guarded_free(f->codebooks, d * 16 * 4);
  guarded_free(f->labels, n * 4), guarded_free(f->places_of_rows, n * 8), guarded_free(f->ids, n * 8);
  guarded_free(f->starts, count * 8), guarded_free(f->counts, count * 8);
  guarded_free(f->entries, f->places * f->entry_bytes);
  guarded_free(f->terms, f->places * 4), guarded_free(f->numbers, f->places * 4);
}

// ---- exact ----

// What a search of all lists finds is what the search of all rows finds, bit for bit.
static void expect_exact(fixture *f, size_t k, size_t measured, bool filters) {
  const farro_lists *l = &f->lists;
  uint64_t accepted[64] = {0};
  uint8_t keep[4096];
  for (size_t i = 0; i < f->n; i++) {
    keep[i] = i % 3 != 1;
    if (keep[i]) accepted[i / 64] |= (uint64_t)1 << i % 64;
  }
  const size_t bytes = f->queries * k * 12;
  float *distances = guarded_allocate(bytes), *expected = guarded_allocate(bytes);
  int64_t *ids = guarded_allocate(f->queries * k * 8), *rows = guarded_allocate(f->queries * k * 8);
  const farro_lists_walk walk = {
      .k = k, .probes = l->count, .measured = measured, .accepted = filters ? accepted : NULL};
  const farro_neighbors_shape shape = {.queries = f->queries,
                                       .base = f->n,
                                       .d = l->d,
                                       .ld_queries = l->d,
                                       .ld_base = l->d,
                                       .keep = filters ? keep : NULL};
  farro_nearest_neighbors_f32((farro_distance){.metric = l->metric}, &shape, f->x, f->rows, k, expected, rows);
  for (size_t some = 1; some <= f->queries; some += 3) {
    farro_lists_search_f32(l, &walk, some, f->x, distances, ids);
    for (size_t i = 0; i < some * k; i++) {
      const int64_t id = rows[i] < 0 ? -1 : f->ids[rows[i]];
      // Rows of length 1 are made so once more by the search of all rows.
      const bool is_near = l->metric == FARRO_METRIC_COSINE
                               ? fabs((double)distances[i] - (double)expected[i]) < 1e-6 || isinf(expected[i])
                               : distances[i] == expected[i] && ids[i] == id;
      EXPECT(is_near, "lists d %zu k %zu: %g of %lld instead of %g of %lld", l->d, k, (double)distances[i],
             (long long)ids[i], (double)expected[i], (long long)id);
    }
  }
  guarded_free(distances, bytes), guarded_free(expected, bytes);
  guarded_free(ids, f->queries * k * 8), guarded_free(rows, f->queries * k * 8);
}

// ---- estimates ----

static double length(const float *x, const float *y, size_t d) {
  double squares = 0;
  for (size_t k = 0; k < d; k++) squares += ((double)x[k] - (double)y[k]) * ((double)x[k] - (double)y[k]);
  return sqrt(squares);
}

// By how much an estimate may differ from what the codes express, as the header says.
static double bound(const fixture *f, const float *x) {
  const farro_lists *l = &f->lists;
  const size_t d = l->d;
  const bool product = l->metric == FARRO_METRIC_INNER_PRODUCT;
  double step = 0, l1 = 0, reach = 0, most = 0;
  float *zero = calloc(d, sizeof *zero), *row = malloc(d * sizeof *row);
  const float *mean = product ? zero : f->mean;
  if (l->codes == FARRO_LIST_PRODUCT) {
    const size_t width = d / l->subspaces;
    for (size_t j = 0; j < l->subspaces; j++) {
      double least = INFINITY, largest = -INFINITY;
      for (size_t c = 0; c < 16; c++) {
        double sum = 0;
        for (size_t k = j * width; k < (j + 1) * width; k++)
          sum += ((double)x[k] - (double)mean[k]) * (double)f->codebooks[k * 16 + c];
        least = fmin(least, sum), largest = fmax(largest, sum);
      }
      step = fmax(step, (largest - least) / 127);
    }
    step *= (double)l->subspaces / 2;
  } else {
    for (size_t k = 0; k < d; k++) reach = fmax(reach, fabs((double)x[k] - (double)mean[k]) / 127);
  }
  for (size_t i = 0; i < f->n; i++) {
    const float *center = f->centers + (size_t)f->labels[i] * d;
    farro_lists_row_reference_f32(l, (size_t)f->labels[i], f->places_of_rows[i], row);
    double sum = 0;
    for (size_t k = 0; k < d; k++) sum += fabs((double)row[k] - (double)center[k]);
    l1 = fmax(l1, sum);
    const double size = length(x, mean, d) + length(center, mean, d) + length(row, mean, d);
    most = fmax(most, size * size + length(x, zero, d) * length(row, zero, d) * (product ? 1 : 0));
  }
  // A reference row is rounded to f32 where it is far from 0.
  const double shift = 0x1p-22 * fabs((double)mean[0]) * sqrt((double)d) * sqrt(most);
  free(zero), free(row);
  return (product ? 1 : 2) * (step + reach / 2 * l1) + (2 * (double)d + 40) * 0x1p-24 * most + shift;
}

static void expect_estimates(fixture *f, size_t k) {
  const farro_lists *l = &f->lists;
  const size_t count = f->queries * k;
  float *distances = guarded_allocate(count * 4), *expected = guarded_allocate(count * 4);
  int64_t *ids = guarded_allocate(count * 8), *rows = guarded_allocate(count * 8);
  const farro_lists_walk walk = {.k = k, .probes = l->count};
  farro_lists_search_f32(l, &walk, f->queries, f->x, distances, ids);
  farro_lists_search_reference_f32(l, &walk, f->queries, f->x, expected, rows);
  for (size_t query = 0; query < f->queries; query++) {
    const double error = bound(f, f->x + query * l->d) / (l->metric == FARRO_METRIC_COSINE ? 2 : 1);
    // Codes do not tell zeros from rows of length 1.
    if (l->metric == FARRO_METRIC_COSINE && query == 3) continue;
    for (size_t i = query * k; i < query * k + k; i++) {
      // What codes of rows of length 1 express may be longer, but no distance is above 2.
      const double truth = l->metric == FARRO_METRIC_COSINE ? fmin((double)expected[i], 2) : (double)expected[i];
      const double difference = fabs((double)distances[i] - truth);
      EXPECT(difference <= error || (isinf(expected[i]) && ids[i] == rows[i]),
             "codes %d metric %d d %zu: estimate %g instead of %g, bound %g", l->codes, l->metric, l->d,
             (double)distances[i], (double)expected[i], error);
      EXPECT(i % k == 0 || l->metric == FARRO_METRIC_INNER_PRODUCT || distances[i - 1] <= distances[i], "out of order");
    }
  }
  guarded_free(distances, count * 4), guarded_free(expected, count * 4);
  guarded_free(ids, count * 8), guarded_free(rows, count * 8);
}

static void check_codes_of(farro_metric metric, farro_list_codes codes, size_t n, size_t d, size_t subspaces,
                           float shift) {
  fixture f = make(metric, codes, n, 3, d, subspaces, shift);
  expect_estimates(&f, n < 20 ? n + 2 : 20);
  f.lists.vectors = f.rows;
  expect_exact(&f, 5, n, false);
  expect_exact(&f, n + 1, n, true);
  release(&f);
}

// An entry is the same after it has been moved, and its neighbours too.
static void check_moves(farro_list_codes codes) {
  enum { d = 12 };
  fixture f = make(FARRO_METRIC_SQUARED_EUCLIDEAN, codes, 150, 2, d, 6, 0);
  float before[d], after[d], kept[d], still[d];
  const int64_t last = f.starts[1] + f.counts[1] - 1, first = f.starts[1] + 1;
  const float term = f.terms[last];
  farro_lists_row_reference_f32(&f.lists, 1, last, before);
  farro_lists_row_reference_f32(&f.lists, 1, first + 1, kept);
  farro_lists_move(&f.lists, last, first);
  farro_lists_row_reference_f32(&f.lists, 1, first, after);
  farro_lists_row_reference_f32(&f.lists, 1, first + 1, still);
  EXPECT(memcmp(before, after, sizeof before) == 0 && memcmp(kept, still, sizeof kept) == 0, "codes %d: moved", codes);
  EXPECT(codes == FARRO_LIST_ROWS || f.terms[first] == term, "codes %d: a term was left behind", codes);
  release(&f);
}

static void check_threads(farro_list_codes codes, size_t k) {
  fixture f = make(FARRO_METRIC_SQUARED_EUCLIDEAN, codes, 4000, 5, 24, 12, 0);
  enum { most = 7 * 60 };
  float one[most] = {0}, many[most] = {0};
  int64_t one_ids[most] = {0}, many_ids[most] = {0};
  const farro_lists_walk walk = {.k = k, .probes = 3};
  int32_t previous;
  farro_set_local_threads(1, &previous);
  farro_lists_search_f32(&f.lists, &walk, 7, f.x, one, one_ids);
  farro_set_local_threads(previous, NULL);
  farro_lists_search_f32(&f.lists, &walk, 7, f.x, many, many_ids);
  EXPECT(memcmp(one, many, sizeof one) == 0 && memcmp(one_ids, many_ids, sizeof one_ids) == 0, "codes %d: threads",
         codes);
  release(&f);
}

// Of more equal rows than are kept, those with the smallest ids remain.
static void check_equal_rows(farro_list_codes codes) {
  fixture f = make(FARRO_METRIC_SQUARED_EUCLIDEAN, codes, 700, 1, 8, 4, 0);
  for (size_t i = 1; i < f.n; i++) memcpy(f.rows + i * f.lists.d, f.rows, f.lists.d * 4);
  for (size_t i = 0; i < f.n; i++) f.ids[i] = 3 * (int64_t)(i * 457 % f.n);
  farro_lists_write_f32(&f.lists, f.n, f.rows, f.labels, f.places_of_rows);
  if (codes != FARRO_LIST_ROWS) f.lists.vectors = f.rows;
  for (size_t k = 20; k <= 60; k += 20) {
    float distances[60];
    int64_t ids[60];
    const farro_lists_walk walk = {.k = k, .probes = 1, .measured = k + 3};
    farro_lists_search_f32(&f.lists, &walk, 1, f.x, distances, ids);
    for (size_t i = 0; i < k; i++)
      EXPECT(ids[i] == 3 * (int64_t)i, "codes %d: %lld is number %zu of equal rows", codes, (long long)ids[i], i);
  }
  release(&f);
}

static void check_edges(void) {
  fixture f = make(FARRO_METRIC_INNER_PRODUCT, FARRO_LIST_ROWS, 40, 4, 3, 1, 0);
  float distance[2] = {1, 1};
  int64_t id[2] = {7, 7};
  const farro_lists_walk none = {.k = 2};
  EXPECT(farro_lists_search_f32(&f.lists, &none, 1, f.x, distance, id) == FARRO_OK && id[1] == -1 &&
             distance[0] == -INFINITY,
         "no list was searched");
  const farro_lists_walk all = {.probes = 9};
  EXPECT(farro_lists_search_f32(&f.lists, &all, 1, f.x, NULL, NULL) == FARRO_OK, "k of 0 is refused");
  farro_lists odd = f.lists;
  odd.metric = FARRO_METRIC_MANHATTAN;
  EXPECT(farro_lists_search_f32(&odd, &all, 1, f.x, NULL, NULL) == FARRO_ERROR_ARGUMENT, "Manhattan is not refused");
  odd = f.lists, odd.codes = FARRO_LIST_PRODUCT, odd.subspaces = 2;
  EXPECT(farro_lists_search_f32(&odd, &all, 1, f.x, NULL, NULL) == FARRO_ERROR_ARGUMENT, "3 elements in 2 pieces");
  release(&f);
}

// Where all codes are the largest, sums are as large as they can be.
static void check_largest_sums(void) {
  enum { d = FARRO_LIST_MOST_SUBSPACES };
  fixture f = make(FARRO_METRIC_INNER_PRODUCT, FARRO_LIST_PRODUCT, 64, 1, d, d, 0);
  for (size_t k = 0; k < d; k++) {
    for (size_t c = 0; c < 16; c++) f.codebooks[k * 16 + c] = (float)c;
    for (size_t i = 0; i < f.n; i++) f.rows[i * d + k] = f.centers[k] + 15;
    f.x[k] = 1;
  }
  farro_lists_write_f32(&f.lists, f.n, f.rows, f.labels, f.places_of_rows);
  f.queries = 1;
  expect_estimates(&f, 20);
  f.queries = 7;
  release(&f);
}

void check_lists(void) {
  for (size_t i = 0; i < tail_size_count; i++)
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
      const size_t d = tail_sizes[i];
      if (d == 0 || d > 150) continue;
      fixture f = make(metrics[m], FARRO_LIST_ROWS, 150 + i, 3, d, 1, m == 0 ? 100 : 0);
      expect_exact(&f, 1 + i, 0, i % 2 == 0);
      release(&f);
    }
  for (size_t i = 1; i < tail_size_count; i++) {
    fixture f = make(FARRO_METRIC_SQUARED_EUCLIDEAN, FARRO_LIST_ROWS, tail_sizes[i], 2, 5, 1, 0);
    expect_exact(&f, tail_sizes[i] / 2 + 3, 0, false);
    release(&f);
  }
  for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
    if (metrics[m] == FARRO_METRIC_EUCLIDEAN) continue;
    for (size_t d = 1; d < 140; d += 23)
      check_codes_of(metrics[m], FARRO_LIST_BYTES, 1 + 13 * d % 200, d, 1, metrics[m] ? 0 : 100);
    for (size_t subspaces = 1; subspaces < 20; subspaces++)
      check_codes_of(metrics[m], FARRO_LIST_PRODUCT, 1 + 37 * subspaces % 300, subspaces * (1 + subspaces % 3),
                     subspaces, 0);
    check_codes_of(metrics[m], FARRO_LIST_PRODUCT, 700, 64, 32, metrics[m] == FARRO_METRIC_SQUARED_EUCLIDEAN ? 10 : 0);
  }
  for (int codes = FARRO_LIST_ROWS; codes <= FARRO_LIST_PRODUCT; codes++) {
    check_moves((farro_list_codes)codes);
    check_threads((farro_list_codes)codes, 30);
    check_threads((farro_list_codes)codes, 60);
    check_equal_rows((farro_list_codes)codes);
  }
  check_largest_sums();
  check_edges();
}
