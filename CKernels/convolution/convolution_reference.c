// Convolution as its definition reads: walk() visits every product of a filter's weight and an element of the image.
#include "include/convolution.h"

#include "include/matmul.h"
#include "windows.h"

// A product: indices of its elements in x, the weights and y.
typedef struct {
  size_t x, weight, y;
} term;

typedef void (*term_visitor)(void *context, term t);

static void walk(const farro_convolution_shape *s, term_visitor visit, void *context) {
  const farro_window *r = &s->rows, *c = &s->columns;
  const size_t rows = farro_window_outputs(r, false), columns = farro_window_outputs(c, false);
  const size_t group_channels = s->channels / s->groups, group_filters = s->filters / s->groups;
  term t = {0};
  for (size_t n = 0; n < s->batch; n++)
    for (size_t f = 0; f < s->filters; f++)
      for (size_t p = 0; p < rows; p++)
        for (size_t q = 0; q < columns; q++, t.y++)
          for (size_t k = 0; k < group_channels; k++)
            for (size_t i = 0; i < r->size; i++)
              for (size_t j = 0; j < c->size; j++) {
                size_t row, column;
                if (!place_on_axis(r, p, i, &row) || !place_on_axis(c, q, j, &column)) continue;
                const size_t channel = f / group_filters * group_channels + k;
                t.x = ((n * s->channels + channel) * r->length + row) * c->length + column;
                t.weight = ((f * group_channels + k) * r->size + i) * c->size + j;
                visit(context, t);
              }
}

static bool is_valid(const farro_convolution_shape *s) {
  const farro_window *w[2] = {&s->rows, &s->columns};
  for (int i = 0; i < 2; i++)
    if (w[i]->size == 0 || w[i]->stride == 0 || w[i]->dilation == 0) return false;
  return s->groups > 0 && s->channels % s->groups == 0 && s->filters % s->groups == 0;
}

static size_t outputs_of(const farro_convolution_shape *s) {
  return farro_window_outputs(&s->rows, false) * farro_window_outputs(&s->columns, false);
}

// Sums of products `to`, in a wider type, of x, weights and y, two of which are factors.
#define REFERENCE(type, scalar, wide)                                                                                  \
  typedef struct {                                                                                                     \
    const scalar *x, *weight, *y;                                                                                      \
    wide *to;                                                                                                          \
  } sums_##type;                                                                                                       \
                                                                                                                       \
  static void add_to_y_##type(void *context, term t) {                                                                 \
    const sums_##type *s = context;                                                                                    \
    s->to[t.y] += (wide)s->x[t.x] * (wide)s->weight[t.weight];                                                         \
  }                                                                                                                    \
  static void add_to_x_##type(void *context, term t) {                                                                 \
    const sums_##type *s = context;                                                                                    \
    s->to[t.x] += (wide)s->y[t.y] * (wide)s->weight[t.weight];                                                         \
  }                                                                                                                    \
  static void add_to_weight_##type(void *context, term t) {                                                            \
    const sums_##type *s = context;                                                                                    \
    s->to[t.weight] += (wide)s->y[t.y] * (wide)s->x[t.x];                                                              \
  }                                                                                                                    \
                                                                                                                       \
  static farro_status sum_terms_##type(const farro_convolution_shape *shape, sums_##type s, term_visitor visit,        \
                                       size_t count, scalar *result) {                                                 \
    if (!is_valid(shape)) return FARRO_ERROR_ARGUMENT;                                                                 \
    s.to = farro_allocate(count * sizeof *s.to);                                                                       \
    if (!s.to) return FARRO_ERROR_MEMORY;                                                                              \
    for (size_t i = 0; i < count; i++) s.to[i] = 0;                                                                    \
    walk(shape, visit, &s);                                                                                            \
    for (size_t i = 0; i < count; i++) result[i] = (scalar)s.to[i];                                                    \
    farro_release(s.to, count * sizeof *s.to);                                                                         \
    return FARRO_OK;                                                                                                   \
  }                                                                                                                    \
                                                                                                                       \
  /* The activation is that of a product of nothing, to which each sum is added. */                                    \
  farro_status farro_convolution_reference_##type(const farro_convolution_shape *s, const scalar *x,                   \
                                                  const scalar *weight, const scalar *bias,                            \
                                                  farro_activation activation, scalar *y) {                            \
    const size_t outputs = outputs_of(s), count = s->batch * s->filters * outputs;                                     \
    const farro_status status = sum_terms_##type(s, (sums_##type){x, weight, NULL, NULL}, add_to_y_##type, count, y);  \
    if (status != FARRO_OK) return status;                                                                             \
    for (size_t i = 0; i < count && bias; i++) y[i] += bias[i / outputs % s->filters];                                 \
    const farro_matmul_shape all = {.batch = 1, .m = 1, .n = count, .ldb = count, .ldc = count};                       \
    const farro_epilogue epilogue = {.activation = activation};                                                        \
    return farro_matmul_fused_reference_##type(&all, 1, NULL, NULL, 1, y, &epilogue);                                  \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_convolution_backward_x_reference_##type(const farro_convolution_shape *s, const scalar *grad_y,   \
                                                             const scalar *weight, scalar *grad_x) {                   \
    return sum_terms_##type(s, (sums_##type){NULL, weight, grad_y, NULL}, add_to_x_##type,                             \
                            s->batch * s->channels * s->rows.length * s->columns.length, grad_x);                      \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_convolution_backward_weight_reference_##type(                                                     \
      const farro_convolution_shape *s, const scalar *grad_y, const scalar *x, scalar *grad_weight) {                  \
    const size_t group_channels = s->groups ? s->channels / s->groups : 0;                                             \
    return sum_terms_##type(s, (sums_##type){x, NULL, grad_y, NULL}, add_to_weight_##type,                             \
                            s->filters * group_channels * s->rows.size * s->columns.size, grad_weight);                \
  }                                                                                                                    \
                                                                                                                       \
  farro_status farro_convolution_backward_bias_reference_##type(const farro_convolution_shape *s,                      \
                                                                const scalar *grad_y, scalar *grad_bias) {             \
    const size_t outputs = outputs_of(s);                                                                              \
    for (size_t f = 0; f < s->filters; f++) {                                                                          \
      wide sum = 0;                                                                                                    \
      for (size_t n = 0; n < s->batch; n++)                                                                            \
        for (size_t i = 0; i < outputs; i++) sum += (wide)grad_y[(n * s->filters + f) * outputs + i];                  \
      grad_bias[f] = (scalar)sum;                                                                                      \
    }                                                                                                                  \
    return FARRO_OK;                                                                                                   \
  }

REFERENCE(f32, float, double)
REFERENCE(f64, double, long double)
