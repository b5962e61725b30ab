// Entry of the conversions: check, plan, partition.
#include "conversion.h"

#include <float.h>
#include <math.h>

#include "include/conversion.h"
#include "runtime/dispatch.h"
#include "runtime/sizes.h"
#include "runtime/streaming.h"

enum {
  chunk_elements = 16 * 1024, // of one task: some microseconds, and whole pages
  streaming_columns = 1024,   // shorter rows would spend too much on their unaligned ends
  range_rows = 1024,          // of one task that looks for the ranges of columns
};

// Rough speed of one thread, to decide about waking others.
static const double bytes_per_nanosecond = 60;

// ---- 16-bit floating point ----

typedef struct {
  void (*convert)(const void *x, size_t n, void *out, bool streaming);
  const char *x;
  char *out;
  size_t x_bytes, out_bytes; // of an element
  size_t n;
  bool streaming;
} conversion_work;

static void run_conversion(void *context, size_t first, size_t last) {
  const conversion_work *w = context;
  const size_t at = first * chunk_elements, n = smaller(last * chunk_elements, w->n) - at;
  w->convert(w->x + at * w->x_bytes, n, w->out + at * w->out_bytes, w->streaming);
}

static farro_status convert(conversion which, size_t n, const void *x, size_t x_bytes, void *out, size_t out_bytes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  conversion_work w = {.convert = kernels->conversion->convert[which],
                       .x = x,
                       .out = out,
                       .x_bytes = x_bytes,
                       .out_bytes = out_bytes,
                       .n = n,
                       .streaming = farro_should_stream(n * (x_bytes + out_bytes))};
  farro_parallel_for(ceil_divide(n, chunk_elements), 1, (double)(n * (x_bytes + out_bytes)) / bytes_per_nanosecond,
                     run_conversion, &w);
  return FARRO_OK;
}

farro_status farro_convert_f32_to_bf16(size_t n, const float *x, uint16_t *out) {
  return convert(conversion_f32_to_bf16, n, x, sizeof *x, out, sizeof *out);
}
farro_status farro_convert_f32_to_f16(size_t n, const float *x, uint16_t *out) {
  return convert(conversion_f32_to_f16, n, x, sizeof *x, out, sizeof *out);
}
farro_status farro_convert_bf16_to_f32(size_t n, const uint16_t *x, float *out) {
  return convert(conversion_bf16_to_f32, n, x, sizeof *x, out, sizeof *out);
}
farro_status farro_convert_f16_to_f32(size_t n, const uint16_t *x, float *out) {
  return convert(conversion_f16_to_f32, n, x, sizeof *x, out, sizeof *out);
}

// ---- 8-bit integers ----

typedef struct {
  void (*quantize)(const quantization_view *view);
  farro_quantization_shape shape;
  const farro_quantization *by;
  const char *x;
  char *out;
  size_t x_bytes, out_bytes;
  size_t row_chunks; // tasks per row; with 1, tasks are whole rows
  bool streaming;
} quantization_work;

static void run_quantization(void *context, size_t first, size_t last) {
  static const int32_t zero = 0;
  const quantization_work *w = context;
  const farro_quantization *by = w->by;
  const bool by_column = by->axis == FARRO_QUANTIZATION_COLUMN, by_row = by->axis == FARRO_QUANTIZATION_ROW;
  for (size_t task = first; task < last; task++) {
    const size_t row = task / w->row_chunks, column = task % w->row_chunks * chunk_elements;
    const size_t index = by_column ? column : by_row ? row : 0;
    const quantization_view view = {.columns = w->row_chunks == 1 ? w->shape.columns
                                                                  : smaller(chunk_elements, w->shape.columns - column),
                                    .x = w->x + (row * w->shape.x_row + column) * w->x_bytes,
                                    .out = w->out + (row * w->shape.out_row + column) * w->out_bytes,
                                    .scale = by->scale + index,
                                    .zero_point = by->zero_point ? by->zero_point + index : &zero,
                                    .scale_step = by_column,
                                    .zero_point_step = by_column && by->zero_point,
                                    .streaming = w->streaming};
    w->quantize(&view);
  }
}

static bool has_valid_rows(const farro_quantization_shape *s) {
  return s->rows < 2 || (s->x_row >= s->columns && s->out_row >= s->columns);
}

static bool is_axis(farro_quantization_axis axis) { return (unsigned)axis <= FARRO_QUANTIZATION_COLUMN; }

static size_t count_of(const farro_quantization_shape *s, farro_quantization_axis axis) {
  return axis == FARRO_QUANTIZATION_TENSOR ? 1 : axis == FARRO_QUANTIZATION_ROW ? s->rows : s->columns;
}

static bool is_valid(const farro_quantization_shape *s, const farro_quantization *by, int32_t lowest) {
  if (!has_valid_rows(s) || !is_axis(by->axis)) return false;
  for (size_t i = 0; i < count_of(s, by->axis); i++) {
    if (!(by->scale[i] > 0 && by->scale[i] <= FLT_MAX)) return false;
    if (by->zero_point && (by->zero_point[i] < lowest || by->zero_point[i] > lowest + 255)) return false;
  }
  return true;
}

static farro_status quantize(quantization which, int32_t lowest, const farro_quantization_shape *shape,
                             const farro_quantization *by, const void *x, size_t x_bytes, void *out, size_t out_bytes) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_valid(shape, by, lowest)) return FARRO_ERROR_ARGUMENT;
  farro_quantization_shape s = *shape;
  if (by->axis == FARRO_QUANTIZATION_TENSOR && s.x_row == s.columns && s.out_row == s.columns) {
    s.columns *= s.rows; // rows without gaps are one long row
    s.rows = 1;
  }
  if (s.rows == 0 || s.columns == 0) return FARRO_OK;
  const size_t elements = s.rows * s.columns, chunks = ceil_divide(s.columns, chunk_elements);
  quantization_work w = {.quantize = kernels->conversion->quantize[which],
                         .shape = s,
                         .by = by,
                         .x = x,
                         .out = out,
                         .x_bytes = x_bytes,
                         .out_bytes = out_bytes,
                         .row_chunks = chunks,
                         .streaming =
                             s.columns >= streaming_columns && farro_should_stream(elements * (x_bytes + out_bytes))};
  farro_parallel_for(s.rows * chunks, chunks > 1 ? 1 : ceil_divide(chunk_elements, s.columns),
                     (double)(elements * (x_bytes + out_bytes)) / bytes_per_nanosecond, run_quantization, &w);
  return FARRO_OK;
}

farro_status farro_quantize_f32_to_u8(const farro_quantization_shape *shape, const farro_quantization *by,
                                      const float *x, uint8_t *out) {
  return quantize(quantization_f32_to_u8, 0, shape, by, x, sizeof *x, out, sizeof *out);
}
farro_status farro_quantize_f32_to_s8(const farro_quantization_shape *shape, const farro_quantization *by,
                                      const float *x, int8_t *out) {
  return quantize(quantization_f32_to_s8, -128, shape, by, x, sizeof *x, out, sizeof *out);
}
farro_status farro_dequantize_u8_to_f32(const farro_quantization_shape *shape, const farro_quantization *by,
                                        const uint8_t *x, float *out) {
  return quantize(quantization_u8_to_f32, 0, shape, by, x, sizeof *x, out, sizeof *out);
}
farro_status farro_dequantize_s8_to_f32(const farro_quantization_shape *shape, const farro_quantization *by,
                                        const int8_t *x, float *out) {
  return quantize(quantization_s8_to_f32, -128, shape, by, x, sizeof *x, out, sizeof *out);
}

// ---- choice of scales and zero points ----

typedef struct {
  const conversion_kernels *kernels;
  const farro_quantization_shape *shape;
  const float *x;
  size_t row_chunks;
  float *low, *high; // of rows: one per chunk of a row; of columns: `columns` per block of rows
} range_work;

static void find_row_ranges(void *context, size_t first, size_t last) {
  const range_work *w = context;
  for (size_t task = first; task < last; task++) {
    const size_t row = task / w->row_chunks, column = task % w->row_chunks * chunk_elements;
    w->low[task] = w->high[task] = 0;
    w->kernels->range(w->x + row * w->shape->x_row + column, smaller(chunk_elements, w->shape->columns - column),
                      w->low + task, w->high + task);
  }
}

static void find_column_ranges(void *context, size_t first, size_t last) {
  const range_work *w = context;
  const size_t columns = w->shape->columns;
  for (size_t block = first; block < last; block++) {
    float *low = w->low + block * columns, *high = w->high + block * columns;
    for (size_t j = 0; j < columns; j++) low[j] = high[j] = 0;
    w->kernels->column_ranges(w->x + block * range_rows * w->shape->x_row,
                              smaller(range_rows, w->shape->rows - block * range_rows), columns, w->shape->x_row, low,
                              high);
  }
}

// In double, where neither the difference nor the quotient of two floats overflows.
static void choose_one(double low, double high, bool symmetric, int32_t lowest, float *scale, int32_t *zero_point) {
  low = fmax(low, -FLT_MAX);
  high = fmin(high, FLT_MAX);
  const double width = symmetric ? fmax(-low, high) / 127 : (high - low) / 255;
  *scale = width == 0 ? 1 : (float)fmax(width, FLT_MIN);
  *zero_point = lowest + (symmetric ? 128 : (int32_t)fmin(nearbyint(-low / (double)*scale), 255));
}

// Of the parts of each: part p of index i is at i * step + p * part_step.
static void choose_all(const range_work *w, size_t count, size_t step, size_t parts, size_t part_step, bool symmetric,
                       int32_t lowest, float *scale, int32_t *zero_point) {
  for (size_t i = 0; i < count; i++) {
    float low = 0, high = 0;
    for (size_t p = 0; p < parts; p++) {
      low = fminf(low, w->low[i * step + p * part_step]);
      high = fmaxf(high, w->high[i * step + p * part_step]);
    }
    choose_one((double)low, (double)high, symmetric, lowest, scale + i, zero_point + i);
  }
}

static farro_status choose(const farro_quantization_shape *s, farro_quantization_axis axis, bool symmetric,
                           int32_t lowest, const float *x, float *scale, int32_t *zero_point) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (!is_axis(axis) || (s->rows > 1 && s->x_row < s->columns)) return FARRO_ERROR_ARGUMENT;
  const bool by_column = axis == FARRO_QUANTIZATION_COLUMN;
  const size_t chunks = ceil_divide(s->columns, chunk_elements), blocks = ceil_divide(s->rows, range_rows);
  const size_t parts = by_column ? blocks * s->columns : s->rows * chunks, bytes = 2 * parts * sizeof(float);
  float *space = farro_allocate(bytes);
  if (!space) return FARRO_ERROR_MEMORY;
  range_work w = {kernels->conversion, s, x, chunks, space, space + parts};
  const double nanoseconds = (double)(s->rows * s->columns * sizeof *x) / bytes_per_nanosecond;
  if (by_column && parts > 0)
    farro_parallel_for(blocks, 1, nanoseconds, find_column_ranges, &w);
  else if (parts > 0)
    farro_parallel_for(parts, chunks > 1 ? 1 : ceil_divide(chunk_elements, s->columns), nanoseconds, find_row_ranges,
                       &w);
  if (by_column)
    choose_all(&w, s->columns, 1, blocks, s->columns, symmetric, lowest, scale, zero_point);
  else if (axis == FARRO_QUANTIZATION_ROW)
    choose_all(&w, s->rows, chunks, chunks, 1, symmetric, lowest, scale, zero_point);
  else
    choose_all(&w, 1, 0, parts, 1, symmetric, lowest, scale, zero_point);
  farro_release(space, bytes);
  return FARRO_OK;
}

farro_status farro_choose_quantization_u8(const farro_quantization_shape *shape, farro_quantization_axis axis,
                                          bool symmetric, const float *x, float *scale, int32_t *zero_point) {
  return choose(shape, axis, symmetric, 0, x, scale, zero_point);
}
farro_status farro_choose_quantization_s8(const farro_quantization_shape *shape, farro_quantization_axis axis,
                                          bool symmetric, const float *x, float *scale, int32_t *zero_point) {
  return choose(shape, axis, symmetric, -128, x, scale, zero_point);
}
