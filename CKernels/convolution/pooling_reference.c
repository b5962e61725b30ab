// Pooling as its definition reads.
#include "include/pooling.h"

#include <math.h>

#include "windows.h"

static bool counts_on_axis(const farro_window *w, bool counts_padding, size_t o, size_t t) {
  size_t place;
  return counts_padding ? o * w->stride + t * w->dilation < w->pad_before + w->length + w->pad_after
                        : place_on_axis(w, o, t, &place);
}

static bool is_valid(const farro_pooling_shape *s) {
  const farro_window *w[2] = {&s->rows, &s->columns};
  for (int i = 0; i < 2; i++)
    if (w[i]->size == 0 || w[i]->stride == 0 || w[i]->dilation == 0) return false;
  return true;
}

static size_t window_count(const farro_pooling_shape *s, bool counts_padding, size_t p, size_t q) {
  size_t count = 0;
  for (size_t i = 0; i < s->rows.size; i++)
    for (size_t j = 0; j < s->columns.size; j++)
      count += counts_on_axis(&s->rows, counts_padding, p, i) && counts_on_axis(&s->columns, counts_padding, q, j);
  return count;
}

// Declares p, q, i, j, and `place` on the plane, for every element of every window that is no padding, of plane n.
#define FOR_EACH_ELEMENT(s, ...)                                                                                       \
  for (size_t i = 0; i < (s)->rows.size; i++)                                                                          \
    for (size_t j = 0; j < (s)->columns.size; j++) {                                                                   \
      size_t row, column;                                                                                              \
      if (!place_on_axis(&(s)->rows, p, i, &row) || !place_on_axis(&(s)->columns, q, j, &column)) continue;            \
      const size_t place = row * (s)->columns.length + column;                                                         \
      __VA_ARGS__                                                                                                      \
    }

#define FOR_EACH_WINDOW(s, ...)                                                                                        \
  if (!is_valid(s)) return FARRO_ERROR_ARGUMENT;                                                                       \
  const size_t rows = farro_window_outputs(&(s)->rows, (s)->ceiling);                                                  \
  const size_t columns = farro_window_outputs(&(s)->columns, (s)->ceiling),                                            \
               plane = s->rows.length * s->columns.length;                                                             \
  for (size_t n = 0, output = 0; n < (s)->planes; n++)                                                                 \
    for (size_t p = 0; p < rows; p++)                                                                                  \
      for (size_t q = 0; q < columns; q++, output++) __VA_ARGS__                                                       \
  return FARRO_OK;

#define REFERENCE(type, scalar, wide)                                                                                  \
  farro_status farro_max_pool_reference_##type(const farro_pooling_shape *s, const scalar *x, scalar *y,               \
                                               int64_t *indices){                                                      \
      FOR_EACH_WINDOW(s,                                                                                               \
                      {                                                                                                \
                        scalar most = (scalar) - INFINITY;                                                             \
                        int64_t index = -1;                                                                            \
                        FOR_EACH_ELEMENT(s, {                                                                          \
                          const scalar v = x[n * plane + place];                                                       \
                          if (index < 0 || v > most || (v != v && most == most)) most = v, index = (int64_t)place;     \
                        })                                                                                             \
                        y[output] = most;                                                                              \
                        if (indices) indices[output] = index;                                                          \
                      })}                                                                                              \
                                                                                                                       \
  farro_status farro_max_pool_backward_reference_##type(const farro_pooling_shape *s, const scalar *grad_y,            \
                                                        const int64_t *indices, scalar *grad_x) {                      \
    for (size_t i = 0; i < s->planes * s->rows.length * s->columns.length; i++) grad_x[i] = 0;                         \
    FOR_EACH_WINDOW(s, {                                                                                               \
      if (indices[output] >= 0) grad_x[n * plane + (size_t)indices[output]] += grad_y[output];                         \
    })                                                                                                                 \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_average_pool_reference_##type(const farro_pooling_shape *s, bool counts_padding, const scalar *x, \
                                                   scalar *y) {                                                        \
    FOR_EACH_WINDOW(s, {                                                                                               \
      wide sum = 0;                                                                                                    \
      FOR_EACH_ELEMENT(s, { sum += (wide)x[n * plane + place]; })                                                      \
      const size_t count = window_count(s, counts_padding, p, q);                                                      \
      y[output] = count ? (scalar)(sum / (wide)count) : 0;                                                             \
    })                                                                                                                 \
  }                                                                                                                    \
                                                                                                                       \
  static farro_status spread_##type(const farro_pooling_shape *s, bool counts_padding, const scalar *grad_y,           \
                                    wide *sums){                                                                       \
      FOR_EACH_WINDOW(s,                                                                                               \
                      {                                                                                                \
                        const wide share = (wide)grad_y[output] / (wide)window_count(s, counts_padding, p, q);         \
                        FOR_EACH_ELEMENT(s, { sums[n * plane + place] += share; })                                     \
                      })}                                                                                              \
                                                                                                                       \
  farro_status farro_average_pool_backward_reference_##type(const farro_pooling_shape *s, bool counts_padding,         \
                                                            const scalar *grad_y, scalar *grad_x) {                    \
    const size_t count = s->planes * s->rows.length * s->columns.length;                                               \
    wide *sums = farro_allocate(count * sizeof *sums);                                                                 \
    if (!sums) return FARRO_ERROR_MEMORY;                                                                              \
    for (size_t i = 0; i < count; i++) sums[i] = 0;                                                                    \
    const farro_status status = spread_##type(s, counts_padding, grad_y, sums);                                        \
    for (size_t i = 0; i < count && status == FARRO_OK; i++) grad_x[i] = (scalar)sums[i];                              \
    farro_release(sums, count * sizeof *sums);                                                                         \
    return status;                                                                                                     \
  }

REFERENCE(f32, float, double)
REFERENCE(f64, double, long double)
