// What trees predict: a block of rows at a time goes through all trees, several rows at once, so that each one's loads
// need not wait for another's.
#include <string.h>

#include "boosting.h"

#include "runtime/sizes.h"

enum { block_rows = 64, together = 8, most_tasks_rows = 512 };

static const double step_nanoseconds = 1; // a row's way through one level of a tree

typedef struct {
  const farro_boosting_forest *forest;
  size_t first_iteration, last_iteration, n, x_row;
  const void *x;
  double *raw;
} predict_work;

// Where a row goes that has no ordinary number at a split: missing ones, and categories.
static bool goes_left_rarely(const farro_boosting_forest *f, size_t at, double x) {
  const bool is_known = x >= 0 && x < boosting_bins && x == floor(x);
  if (!(f->flags[at] & 2) || !is_known) return f->flags[at] & 1;
  const size_t category = (size_t)x;
  return f->categories[8 * (size_t)f->thresholds[at] + category / 32] >> (category % 32) & 1;
}

#define PREDICT(type, scalar)                                                                                          \
  static void predict_rows_##type(void *context, size_t first, size_t last) {                                          \
    const predict_work *w = context;                                                                                   \
    const farro_boosting_forest *f = w->forest;                                                                        \
    for (size_t block = first; block < last; block += block_rows) {                                                    \
      const size_t end = smaller(block + block_rows, last);                                                            \
      for (size_t i = w->first_iteration * f->trees; i < w->last_iteration * f->trees; i++) {                          \
        const size_t root = f->roots[i];                                                                               \
        const int32_t *features = f->features + root, *left = f->left + root;                                          \
        const double *thresholds = f->thresholds + root;                                                               \
        const uint8_t *flags = f->flags + root;                                                                        \
        double *raw = w->raw + i % f->trees * w->n;                                                                    \
        for (size_t row = block; row < end; row += together) {                                                         \
          const size_t count = smaller(together, end - row);                                                           \
          const scalar *x[together];                                                                                   \
          size_t at[together] = {0};                                                                                   \
          for (size_t j = 0; j < together; j++) x[j] = (const scalar *)w->x + (row + (j < count ? j : 0)) * w->x_row;  \
          for (bool moves = true; moves;) {                                                                            \
            moves = false;                                                                                             \
            for (size_t j = 0; j < together; j++) {                                                                    \
              const int32_t feature = features[at[j]];                                                                 \
              if (feature < 0) continue;                                                                               \
              const double value = (double)x[j][feature];                                                              \
              size_t right = !(value <= thresholds[at[j]]);                                                            \
              if (value != value || flags[at[j]] & 2) right = !goes_left_rarely(f, root + at[j], value);               \
              at[j] = (size_t)left[at[j]] + right;                                                                     \
              moves = true;                                                                                            \
            }                                                                                                          \
          }                                                                                                            \
          for (size_t j = 0; j < count; j++) raw[row + j] += thresholds[at[j]];                                        \
        }                                                                                                              \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  farro_status farro_boosting_predict_##type(const farro_boosting_forest *forest, size_t first_iteration,              \
                                             size_t last_iteration, size_t n, size_t d, const scalar *x, size_t x_row, \
                                             double *raw) {                                                            \
    if (first_iteration > last_iteration || last_iteration > forest->iterations || !are_rows(n, d, x_row))             \
      return FARRO_ERROR_ARGUMENT;                                                                                     \
    predict_work w = {.forest = forest,                                                                                \
                      .first_iteration = first_iteration,                                                              \
                      .last_iteration = last_iteration,                                                                \
                      .n = n,                                                                                          \
                      .x_row = x_row,                                                                                  \
                      .x = x,                                                                                          \
                      .raw = raw};                                                                                     \
    const double trees = (double)((last_iteration - first_iteration) * forest->trees);                                 \
    farro_parallel_for(n, most_tasks_rows, 8 * step_nanoseconds * trees * (double)n, predict_rows_##type, &w);         \
    return FARRO_OK;                                                                                                   \
  }

PREDICT(f32, float)
PREDICT(f64, double)
