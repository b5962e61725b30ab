// Entry of ranking: check, deal the rows out into buckets, sort each, add up what is asked for.
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "ranking.h"

#include "include/ranking.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"

enum {
  bucket_rows = 16 * 1024, // as many as sort in the cache, twice
  most_steps = 1024,       // each is a page that the dealing writes to
  range_rows = 64 * 1024,
  most_ranges = 64,
  sample_rows = 128,
};

// Rough speed of one thread, to decide about waking others.
static const double deal_nanoseconds = 2, sort_nanoseconds = 5, walk_nanoseconds = 2;

typedef enum { asks_area, asks_average_precision, asks_curve } question;

typedef struct {
  const ranking_kernels *kernels;
  question question;
  size_t n;
  const char *scores, *weights;
  const uint8_t *positive;
  ranking_scale scale;
  size_t buckets, range, ranges;
  uint32_t *counts;      // (ranges, buckets, 2); places of the buckets' next items once these are known
  size_t *first_nan;     // of each range
  char *items;           // bucket by bucket
  size_t *starts;        // of buckets, and the end of the last
  ranking_counts *above; // what stands in higher buckets
  ranking_sum *sums;     // of buckets
  size_t *thresholds;    // of a bucket, then of those above it
  void *to;
  double *true_positives, *false_positives;
  atomic_bool failed; // for want of memory
} ranking_work;

static void count_ranges(void *context, size_t first, size_t last) {
  ranking_work *w = context;
  const size_t element = w->kernels->element_bytes;
  for (size_t r = first; r < last; r++) {
    const size_t from = r * w->range, rows = smaller(w->range, w->n - from);
    uint32_t *counts = w->counts + r * 2 * w->buckets;
    memset(counts, 0, 2 * w->buckets * sizeof *counts);
    w->first_nan[r] = from + w->kernels->count(w->scale, w->scores + from * element, w->positive + from,
                                               w->weights ? w->weights + from * element : NULL, rows, counts);
    if (w->first_nan[r] == from + rows) w->first_nan[r] = w->n;
  }
}

static void deal_ranges(void *context, size_t first, size_t last) {
  ranking_work *w = context;
  const size_t element = w->kernels->element_bytes;
  for (size_t r = first; r < last; r++) {
    const size_t from = r * w->range;
    w->kernels->scatter(w->scale, w->scores + from * element, w->positive + from,
                        w->weights ? w->weights + from * element : NULL, smaller(w->range, w->n - from),
                        w->counts + r * 2 * w->buckets, w->items);
  }
}

// From counts to places: bucket by bucket, and in each the ranges in their order. The counts of the buckets' classes go
// to `above`.
static void place_buckets(ranking_work *w) {
  size_t place = 0;
  for (size_t b = 0; b < w->buckets; b++) {
    size_t positives = 0;
    w->starts[b] = place;
    for (size_t r = 0; r < w->ranges; r++) {
      uint32_t *counts = w->counts + r * 2 * w->buckets;
      const size_t here = (size_t)counts[2 * b] + counts[2 * b + 1];
      positives += counts[2 * b + 1];
      // A place is one number, and overwrites what has been read.
      counts[b] = (uint32_t)place;
      place += here;
    }
    w->above[b] = (ranking_counts){(double)positives, (double)(place - w->starts[b] - positives)};
  }
  w->starts[w->buckets] = place;
}

// From the counts of each bucket to those above it; answers those of all.
static ranking_counts stack(ranking_work *w) {
  ranking_counts total = {0, 0};
  size_t thresholds = 0;
  for (size_t b = w->buckets; b-- > 0;) {
    const ranking_counts here = w->above[b];
    const size_t number = w->thresholds[b];
    w->above[b] = total;
    w->thresholds[b] = thresholds;
    total.positives += here.positives;
    total.negatives += here.negatives;
    thresholds += number;
  }
  w->thresholds[w->buckets] = thresholds;
  return total;
}

static void walk_bucket(ranking_work *w, size_t b, const void *sorted) {
  const bool is_weighted = w->weights != NULL;
  const size_t rows = w->starts[b + 1] - w->starts[b], at = w->thresholds[b];
  if (w->question == asks_curve) {
    const bool is_negative = b <= w->kernels->last_negative(w->scale);
    w->kernels->curve[is_weighted](sorted, rows, is_negative, w->above[b],
                                   (char *)w->to + at * w->kernels->element_bytes, w->true_positives + at,
                                   w->false_positives + at);
  } else {
    ranking_walk *const walk =
        w->question == asks_area ? w->kernels->area[is_weighted] : w->kernels->average_precision[is_weighted];
    w->sums[b] = walk(sorted, rows, w->above[b]);
  }
}

static void walk_buckets(void *context, size_t first, size_t last) {
  ranking_work *w = context;
  const size_t item = w->kernels->item_bytes[w->weights != NULL];
  for (size_t b = first; b < last; b++) walk_bucket(w, b, w->items + w->starts[b] * item);
}

// Where counts are known before, a bucket is walked while it is in the cache.
static bool walks_at_once(const ranking_work *w) { return !w->weights && w->question != asks_curve; }

static void sort_buckets(void *context, size_t first, size_t last) {
  ranking_work *w = context;
  const bool is_weighted = w->weights != NULL;
  const size_t item = w->kernels->item_bytes[is_weighted];
  size_t most = 0;
  for (size_t b = first; b < last; b++) most = larger(most, w->starts[b + 1] - w->starts[b]);
  void *spare = farro_allocate(most * item);
  if (!spare) {
    w->failed = true;
    return;
  }
  for (size_t b = first; b < last; b++) {
    const size_t rows = w->starts[b + 1] - w->starts[b];
    char *items = w->items + w->starts[b] * item;
    const void *sorted = w->kernels->sort[is_weighted](items, spare, rows);
    if (walks_at_once(w)) {
      walk_bucket(w, b, sorted);
    } else {
      if (sorted != items) memcpy(items, sorted, rows * item);
      w->thresholds[b] = w->kernels->thresholds[is_weighted](items, rows, &w->above[b]);
    }
  }
  farro_release(spare, most * item);
}

static void conclude(const ranking_work *w, ranking_counts total, farro_ranking *ranking) {
  uint64_t pairs = 0;
  double sum = 0;
  for (size_t b = 0; b < w->buckets && w->question != asks_curve; b++) {
    if (w->question == asks_area && !w->weights)
      pairs += w->sums[b].pairs;
    else
      sum += w->sums[b].sum;
  }
  ranking->positives = total.positives;
  ranking->negatives = total.negatives;
  ranking->thresholds = w->question == asks_curve ? w->thresholds[w->buckets] : 0;
  if (w->question == asks_area && total.positives > 0 && total.negatives > 0)
    ranking->value = (w->weights ? sum : (double)pairs) / (2 * total.positives) / total.negatives;
  if (w->question == asks_average_precision && total.positives > 0) ranking->value = sum / total.positives;
}

static farro_status run(ranking_work *w, farro_ranking *ranking) {
  const double n = (double)w->n;
  farro_parallel_for(w->ranges, 1, deal_nanoseconds * n, count_ranges, w);
  for (size_t r = 0; r < w->ranges; r++) ranking->first_nan = smaller(ranking->first_nan, w->first_nan[r]);
  if (ranking->first_nan < w->n) return FARRO_OK;
  place_buckets(w);
  farro_parallel_for(w->ranges, 1, deal_nanoseconds * n, deal_ranges, w);
  memset(w->thresholds, 0, (w->buckets + 1) * sizeof *w->thresholds);
  ranking_counts total = {0, 0};
  if (walks_at_once(w)) total = stack(w);
  farro_parallel_for(w->buckets, 1, (sort_nanoseconds + walk_nanoseconds) * n, sort_buckets, w);
  if (w->failed) return FARRO_ERROR_MEMORY;
  if (!walks_at_once(w)) {
    total = stack(w);
    farro_parallel_for(w->buckets, 1, walk_nanoseconds * n, walk_buckets, w);
  }
  conclude(w, total, ranking);
  return FARRO_OK;
}

static ranking_scale scale_of(const ranking_work *w) {
  double sample[sample_rows]; // room for the widest elements
  const size_t element = w->kernels->element_bytes, count = smaller(sample_rows, w->n);
  for (size_t i = 0; i < count; i++)
    memcpy((char *)sample + i * element, w->scores + i * (w->n / count) * element, element);
  return w->kernels->scale(sample, count, smaller(most_steps, w->n / bucket_rows));
}

static farro_status rank(ranking_work *w, farro_ranking *ranking) {
  *ranking = (farro_ranking){.first_nan = w->n};
  if (w->n > UINT32_MAX) return FARRO_ERROR_ARGUMENT;
  if (w->n == 0) return FARRO_OK;
  w->scale = scale_of(w);
  w->buckets = w->scale.steps + 1;
  w->range = larger(range_rows, ceil_divide(w->n, most_ranges));
  w->ranges = ceil_divide(w->n, w->range);
  const size_t items = round_up(w->n * w->kernels->item_bytes[w->weights != NULL], 64), table = w->buckets + 1;
  const size_t counts = round_up(w->ranges * 2 * w->buckets * sizeof *w->counts, 64);
  const size_t bytes = items + counts + w->ranges * sizeof *w->first_nan +
                       table * (2 * sizeof(size_t) + sizeof(ranking_counts) + sizeof(ranking_sum));
  w->items = farro_allocate(bytes);
  if (!w->items) return FARRO_ERROR_MEMORY;
  w->counts = (uint32_t *)(w->items + items);
  w->above = (ranking_counts *)((char *)w->counts + counts);
  w->sums = (ranking_sum *)(w->above + table);
  w->starts = (size_t *)(w->sums + table);
  w->thresholds = w->starts + table;
  w->first_nan = w->thresholds + table;
  const farro_status status = run(w, ranking);
  farro_release(w->items, bytes);
  return status;
}

// ---- entries ----

#define ENTRIES(type, scalar)                                                                                          \
  static farro_status rank_##type(question question, size_t n, const scalar *scores, const uint8_t *positive,          \
                                  const scalar *weights, scalar *thresholds, double *true_positives,                   \
                                  double *false_positives, farro_ranking *ranking) {                                   \
    const farro_kernels *kernels = farro_current_kernels();                                                            \
    if (!kernels) return FARRO_ERROR_ISA;                                                                              \
    ranking_work w = {.kernels = kernels->ranking_##type,                                                              \
                      .question = question,                                                                            \
                      .n = n,                                                                                          \
                      .scores = (const char *)scores,                                                                  \
                      .weights = (const char *)weights,                                                                \
                      .positive = positive,                                                                            \
                      .to = thresholds,                                                                                \
                      .true_positives = true_positives,                                                                \
                      .false_positives = false_positives};                                                             \
    return rank(&w, ranking);                                                                                          \
  }                                                                                                                    \
  farro_status farro_roc_area_##type(size_t n, const scalar *scores, const uint8_t *positive, const scalar *weights,   \
                                     farro_ranking *ranking) {                                                         \
    return rank_##type(asks_area, n, scores, positive, weights, NULL, NULL, NULL, ranking);                            \
  }                                                                                                                    \
  farro_status farro_average_precision_##type(size_t n, const scalar *scores, const uint8_t *positive,                 \
                                              const scalar *weights, farro_ranking *ranking) {                         \
    return rank_##type(asks_average_precision, n, scores, positive, weights, NULL, NULL, NULL, ranking);               \
  }                                                                                                                    \
  farro_status farro_ranking_curve_##type(size_t n, const scalar *scores, const uint8_t *positive,                     \
                                          const scalar *weights, scalar *thresholds, double *true_positives,           \
                                          double *false_positives, farro_ranking *ranking) {                           \
    return rank_##type(asks_curve, n, scores, positive, weights, thresholds, true_positives, false_positives,          \
                       ranking);                                                                                       \
  }

ENTRIES(f32, float)
ENTRIES(f64, double)
