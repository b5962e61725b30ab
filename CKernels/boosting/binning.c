// Borders between bins, and rows in bins.
#include <string.h>

#include "boosting.h"

#include "runtime/dispatch.h"
#include "runtime/sizes.h"

// A sort of doubles by their bytes, and a search among 256 borders, in nanoseconds.
static const double sort_nanoseconds = 6, bin_nanoseconds = 1.5;

static const size_t cached_bytes = (size_t)16 << 20; // what a machine's last cache holds

// ---- borders ----

typedef struct {
  size_t n, d, x_row, samples, most_bins;
  bool single;
  const void *x;
  const double *weights;
  const uint32_t *sample;
  double *thresholds;
  uint16_t *counts;
  bool *failed; // of each column
} threshold_work;

static inline double number_at(const void *numbers, bool single, size_t at) {
  return single ? ((const float *)numbers)[at] : ((const double *)numbers)[at];
}

static double between(double a, double b) {
  const double sum = a + b;
  const double middle = isfinite(sum) ? sum / 2 : a / 2 + b / 2;
  return isnan(middle) ? 0 : middle; // of both infinities
}

// The numbers of a column, ascending, and the sums of the weights up to each, or NULL.
typedef struct {
  const void *numbers;
  const double *sums;
  size_t n;
  bool single;
} sorted_column;

static inline double sorted_number(const sorted_column *c, size_t at) { return number_at(c->numbers, c->single, at); }

// The last of the smallest numbers whose weights are a part of all, or the middle between two of them.
static double border_at(const sorted_column *c, double part, size_t *at) {
  const size_t last = c->n - 1;
  if (c->sums) {
    const double wanted = part * c->sums[last];
    while (*at < last && c->sums[*at] < wanted) (*at)++;
    const bool is_within = c->sums[*at] - wanted > 0x1p-52 || *at == last;
    return is_within ? sorted_number(c, *at) : between(sorted_number(c, *at), sorted_number(c, *at + 1));
  }
  const double position = (double)c->n * part - 1, whole = floor(position);
  const size_t below = whole < 0 ? 0 : (size_t)whole, above = smaller(below + 1, last);
  if (position > whole) return sorted_number(c, whole < 0 ? 0 : above);
  return between(sorted_number(c, below), sorted_number(c, above));
}

// Borders of sorted numbers by their number or, where they are few, by their values.
static size_t thresholds_of(const sorted_column *c, size_t most_bins, double *to) {
  size_t different = c->n > 0, count = 0;
  for (size_t i = 1; i < c->n && different <= most_bins; i++)
    different += sorted_number(c, i) != sorted_number(c, i - 1);
  if (different < 2) return 0;
  if (different <= most_bins) {
    for (size_t i = 1; i < c->n; i++) {
      const double a = sorted_number(c, i - 1), b = sorted_number(c, i);
      if (a != b) to[count++] = between(a, b);
    }
  } else {
    const double step = 100.0 / (double)most_bins;
    for (size_t i = 1, at = 0; i < most_bins; i++) {
      const double border = border_at(c, step * (double)i / 100, &at);
      if (count == 0 || border > to[count - 1]) to[count++] = border;
    }
  }
  for (size_t i = 0; i < count; i++) to[i] = to[i] > 1e300 ? 1e300 : to[i] < -1e300 ? -1e300 : to[i];
  size_t kept = count > 0; // those that are clipped may be equal
  for (size_t i = 1; i < count; i++)
    if (to[i] > to[kept - 1]) to[kept++] = to[i];
  return kept;
}

// Bytes of work space per sampled row: of each column of a task its number, and for one of them room to sort it or,
// with weights, also to bring these into its order and to sum them.
static size_t bytes_per_row(const threshold_work *w, size_t columns) {
  const size_t element = w->single ? sizeof(float) : sizeof(double);
  if (!w->weights) return (columns + 2) * element;
  const size_t item = w->single ? 8 : 16;
  return (columns + 1) * element + 2 * item + sizeof(int64_t) + 2 * sizeof(double);
}

// Sorts m numbers without NaN and those that do not count; with weights, which are those of the sample's rows, also
// sums them in their order.
static sorted_column sort_column(const threshold_work *w, void *numbers, size_t m, char *work) {
  const farro_kernels *kernels = farro_current_kernels();
  const sorting_kernels *sorting = w->single ? kernels->sorting_f32 : kernels->sorting_f64;
  sorted_column c = {.numbers = numbers, .single = w->single};
  double *sums = (double *)work, *weights = sums + m;
  for (size_t i = 0; i < m; i++) {
    const double number = number_at(numbers, w->single, i);
    if (isnan(number)) continue;
    if (w->weights) {
      weights[c.n] = w->weights[w->sample ? w->sample[i] : i];
      if (weights[c.n] == 0) continue;
    }
    if (w->single)
      ((float *)numbers)[c.n++] = (float)number;
    else
      ((double *)numbers)[c.n++] = number;
  }
  if (!w->weights) {
    sorting->sort(numbers, c.n, false, numbers, NULL, work);
    return c;
  }
  int64_t *order = (int64_t *)(weights + m);
  char *sorted = (char *)(order + m), *items = sorted + m * sorting->element_bytes;
  sorting->sort(numbers, c.n, false, sorted, order, items);
  c.numbers = sorted, c.sums = sums;
  double sum = 0;
  for (size_t i = 0; i < c.n; i++) sums[i] = sum += weights[order[i]];
  return c;
}

static void find_thresholds(void *context, size_t first, size_t last) {
  const threshold_work *w = context;
  const size_t columns = last - first, m = w->samples, bytes = bytes_per_row(w, columns) * m + 64;
  char *work = farro_allocate(bytes);
  for (size_t j = first; j < last; j++) w->failed[j] = !work;
  if (!work) return;
  // All columns of the range at once, as they share cache lines. Behind them, 8-byte numbers must be aligned.
  const size_t column_bytes = m * (w->single ? sizeof(float) : sizeof(double));
  for (size_t i = 0; i < m; i++) {
    const size_t row = w->sample ? w->sample[i] : i;
    for (size_t j = first; j < last; j++) {
      const size_t at = row * w->x_row + j;
      char *to = work + (j - first) * column_bytes;
      if (w->single)
        ((float *)to)[i] = ((const float *)w->x)[at];
      else
        ((double *)to)[i] = ((const double *)w->x)[at];
    }
  }
  for (size_t j = first; j < last; j++) {
    char *spare = work + round_up(columns * column_bytes, 64);
    const sorted_column c = sort_column(w, work + (j - first) * column_bytes, m, spare);
    w->counts[j] = (uint16_t)thresholds_of(&c, w->most_bins, w->thresholds + j * (w->most_bins - 1));
  }
  farro_release(work, bytes);
}

void boosting_sort(double *values, size_t n, double *spare) {
  farro_current_kernels()->sorting_f64->sort(values, n, false, values, NULL, spare);
}

bool boosting_sort_pairs(double *values, double *weights, size_t n) {
  const size_t bytes = 7 * n * sizeof(double);
  double *items = farro_allocate(bytes);
  if (!items) return false;
  double *sorted = items + 4 * n, *others = sorted + n;
  int64_t *order = (int64_t *)(others + n);
  farro_current_kernels()->sorting_f64->sort(values, n, false, sorted, order, items);
  for (size_t i = 0; i < n; i++) others[i] = weights[order[i]];
  memcpy(values, sorted, n * sizeof *values), memcpy(weights, others, n * sizeof *weights);
  farro_release(items, bytes);
  return true;
}

static farro_status thresholds(threshold_work *w) {
  if (!farro_current_kernels()) return FARRO_ERROR_ISA;
  if (!w->sample) w->samples = w->n;
  if (w->n == 0 || w->d == 0 || w->most_bins < 2 || w->most_bins > farro_boosting_most_bins ||
      !are_rows(w->n, w->d, w->x_row) || !can_exist(w->samples, boosting_group + 9, sizeof(double)) ||
      !can_exist(w->d, w->most_bins, 1) || w->samples >= UINT32_MAX)
    return FARRO_ERROR_ARGUMENT;
  w->failed = farro_allocate(w->d * sizeof *w->failed);
  if (!w->failed) return FARRO_ERROR_MEMORY;
  const double nanoseconds = sort_nanoseconds * (double)w->samples * (double)w->d;
  // Few columns at a time take less work space; where x is too large for the cache, more share a line of it.
  const size_t x_bytes = w->n * w->x_row * (w->single ? sizeof(float) : sizeof(double));
  const bool takes_few = w->weights || x_bytes <= cached_bytes;
  const size_t together = w->d < 2 * boosting_group ? 1 : takes_few ? boosting_group / 4 : boosting_group;
  farro_parallel_for(w->d, together, nanoseconds, find_thresholds, w);
  bool failed = false;
  for (size_t j = 0; j < w->d; j++) failed |= w->failed[j];
  farro_release(w->failed, w->d * sizeof *w->failed);
  return failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

// ---- rows in bins ----

typedef struct {
  farro_booster *b;
  const void *x;
  size_t x_row;
  const uint32_t *rows;  // NULL: all
  const double *borders; // (features, 256), with infinities behind the last
  uint8_t *is_missing;   // (blocks, features)
} bin_work;

// The number of borders below x, of 256 of which the last is infinite.
static inline size_t bin_of(const double *borders, double x) {
  size_t at = 0;
#pragma clang loop unroll(full)
  for (size_t half = 128; half > 0; half /= 2) at += half & -(size_t)(borders[at + half - 1] < x);
  return x == x ? at : farro_boosting_missing_bin;
}

#define BIN_ROWS(type, scalar)                                                                                         \
  static void bin_block_##type(void *context, size_t first, size_t last) {                                             \
    const bin_work *w = context;                                                                                       \
    const farro_booster *b = w->b;                                                                                     \
    const size_t d = b->problem.features, n = b->problem.rows, block = first / boosting_block;                         \
    uint8_t *is_missing = w->is_missing + block * d;                                                                   \
    memset(is_missing, 0, d);                                                                                          \
    for (size_t group = 0; group < b->groups; group++) {                                                               \
      const size_t begin = group * boosting_group, columns = smaller(boosting_group, d - begin);                       \
      for (size_t row = first; row < last; row++) {                                                                    \
        const scalar *x = (const scalar *)w->x + (w->rows ? w->rows[row] : row) * w->x_row + begin;                    \
        uint8_t *bins = b->bins + (group * n + row) * boosting_group;                                                  \
        for (size_t j = 0; j < columns; j++) {                                                                         \
          bins[j] = (uint8_t)bin_of(w->borders + (begin + j) * boosting_bins, (double)x[j]);                           \
          is_missing[begin + j] |= bins[j] == farro_boosting_missing_bin;                                              \
        }                                                                                                              \
        for (size_t j = columns; j < boosting_group; j++) bins[j] = 0;                                                 \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  farro_status boosting_bin_rows_##type(farro_booster *b, const scalar *x, size_t x_row, const uint32_t *rows) {       \
    return bin_rows(b, x, x_row, rows, bin_block_##type);                                                              \
  }                                                                                                                    \
  farro_status farro_boosting_thresholds_##type(size_t n, size_t d, const scalar *x, size_t x_row,                     \
                                                const double *weights, const uint32_t *sample, size_t samples,         \
                                                size_t most_bins, double *to, uint16_t *counts) {                      \
    threshold_work w = {.n = n,                                                                                        \
                        .d = d,                                                                                        \
                        .x = x,                                                                                        \
                        .x_row = x_row,                                                                                \
                        .single = sizeof(scalar) == sizeof(float),                                                     \
                        .weights = weights,                                                                            \
                        .sample = sample,                                                                              \
                        .samples = samples,                                                                            \
                        .most_bins = most_bins,                                                                        \
                        .thresholds = to,                                                                              \
                        .counts = counts};                                                                             \
    return thresholds(&w);                                                                                             \
  }                                                                                                                    \
  farro_status farro_boosting_encode_##type(size_t n, size_t x_row, scalar *x, size_t column,                          \
                                            const double *categories, size_t count) {                                  \
    if (!are_rows(n, column + 1, x_row)) return FARRO_ERROR_ARGUMENT;                                                  \
    for (size_t row = 0; row < n; row++) {                                                                             \
      scalar *at = x + row * x_row + column;                                                                           \
      size_t low = 0;                                                                                                  \
      for (size_t left = count; left > 0;) {                                                                           \
        const size_t half = left / 2;                                                                                  \
        const bool is_above = categories[low + half] < (double)*at;                                                    \
        low += is_above ? half + 1 : 0, left = is_above ? left - half - 1 : half;                                      \
      }                                                                                                                \
      *at = low < count && categories[low] == (double)*at ? (scalar)low : (scalar)NAN;                                 \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

static farro_status bin_rows(farro_booster *b, const void *x, size_t x_row, const uint32_t *rows, farro_body body) {
  const farro_boosting_problem *p = &b->problem;
  const size_t d = p->features, blocks = ceil_divide(p->rows, boosting_block);
  const size_t bytes = d * boosting_bins * sizeof(double), missing_bytes = blocks * d;
  double *borders = farro_allocate(bytes);
  uint8_t *is_missing = farro_allocate(missing_bytes);
  if (borders && is_missing) {
    for (size_t j = 0; j < d; j++) {
      const size_t count = p->threshold_counts[j];
      memcpy(borders + j * boosting_bins, p->thresholds + j * (p->most_bins - 1), count * sizeof *borders);
      for (size_t i = count; i < boosting_bins; i++) borders[j * boosting_bins + i] = INFINITY;
    }
    bin_work w = {.b = b, .x = x, .x_row = x_row, .rows = rows, .borders = borders, .is_missing = is_missing};
    farro_parallel_for(p->rows, boosting_block, bin_nanoseconds * (double)p->rows * (double)d, body, &w);
    for (size_t j = 0; j < d; j++) b->has_missing[j] = 0;
    for (size_t i = 0; i < missing_bytes; i++) b->has_missing[i % d] |= is_missing[i];
  }
  const bool failed = !borders || !is_missing;
  farro_release(borders, bytes), farro_release(is_missing, missing_bytes);
  return failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

BIN_ROWS(f32, float)
BIN_ROWS(f64, double)
