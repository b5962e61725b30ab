// What is done to the windows of one plane: depthwise convolution and pooling. A vector holds the windows of as many
// neighbouring outputs; their elements are contiguous in the patch (convolution.h).

// `vectors` sums at a time, `step` elements of the patch apart: side by side, or below one another where rows are
// short. Each multiply-add has a load of its own, which the two load ports keep up with; 4 sums hide the latency. The
// last vector has `last` outputs, the others `each`.
INLINE void KERNEL(depthwise_block)(const size_t vectors, const window_work *w, const SCALAR *from, size_t step,
                                    SCALAR *y, size_t y_step, size_t each, size_t last) {
  VECTOR sums[4];
  const SCALAR *weights = w->weights, *bias = w->bias;
  UNROLL for (size_t v = 0; v < vectors; v++) sums[v] = broadcast(bias ? *bias : (SCALAR)0);
  for (size_t t = 0; t < w->taps; t++) {
    const VECTOR weight = broadcast(weights[t]);
    const SCALAR *at = from + w->offsets[t];
    UNROLL for (size_t v = 0; v < vectors; v++) sums[v] = multiply_add(weight, load(at + v * step), sums[v]);
  }
  if (w->relu) UNROLL for (size_t v = 0; v < vectors; v++) sums[v] = vector_relu(sums[v]);
  UNROLL for (size_t v = 0; v < vectors; v++) store_up_to(y + v * y_step, sums[v], v + 1 < vectors ? each : last);
}

INLINE void KERNEL(depthwise_blocks)(size_t vectors, const window_work *w, const SCALAR *from, size_t step, SCALAR *y,
                                     size_t y_step, size_t each, size_t last) {
  if (vectors == 4)
    KERNEL(depthwise_block)(4, w, from, step, y, y_step, each, last);
  else if (vectors == 3)
    KERNEL(depthwise_block)(3, w, from, step, y, y_step, each, last);
  else if (vectors == 2)
    KERNEL(depthwise_block)(2, w, from, step, y, y_step, each, last);
  else
    KERNEL(depthwise_block)(1, w, from, step, y, y_step, each, last);
}

static void KERNEL(depthwise)(const window_work *w) {
  const window_patch *patch = w->patch;
  const size_t columns = patch->columns, down = patch->grid.rows.stride * patch->pitch;
  const SCALAR *from = w->elements;
  SCALAR *y = w->y;
  if (columns > 2 * LANES) {
    for (size_t p = 0; p < patch->rows; p++)
      for (size_t q = 0, vectors; q < columns; q += vectors * LANES) {
        const size_t left = (columns - q + LANES - 1) / LANES;
        vectors = left < 4 ? left : 4;
        const size_t last = columns - q < vectors * LANES ? columns - q - (vectors - 1) * LANES : LANES;
        KERNEL(depthwise_blocks)(vectors, w, from + p * down + q, LANES, y + p * w->y_row + q, LANES, LANES, last);
      }
    return;
  }
  for (size_t q = 0; q < columns; q += LANES) {
    const size_t lanes = columns - q < LANES ? columns - q : LANES;
    for (size_t p = 0, vectors; p < patch->rows; p += vectors) {
      vectors = patch->rows - p < 4 ? patch->rows - p : 4;
      KERNEL(depthwise_blocks)(vectors, w, from + p * down + q, down, y + p * w->y_row + q, w->y_row, lanes, lanes);
    }
  }
}

// Tap by tap over all outputs: the next tap's elements overlap this one's, and a load that needs parts of two stores
// which have not left for L1 yet waits for both.
static void KERNEL(depthwise_backward_x)(const window_work *w, void *elements) {
  const window_patch *patch = w->patch;
  const size_t columns = patch->columns, down = patch->grid.rows.stride * patch->pitch;
  for (size_t t = 0; t < w->taps; t++) {
    const VECTOR weight = broadcast(((const SCALAR *)w->weights)[t]);
    for (size_t p = 0; p < patch->rows; p++) {
      const SCALAR *y = (const SCALAR *)w->y + p * w->y_row;
      SCALAR *to = (SCALAR *)elements + p * down + w->offsets[t];
      size_t q = 0;
      for (; q + LANES <= columns; q += LANES) store(to + q, multiply_add(weight, load(y + q), load(to + q)));
      const size_t tail = columns - q;
      if (tail > 0) store_first(to + q, multiply_add(weight, load_first(y + q, tail), load_first(to + q, tail)), tail);
    }
  }
}

// `taps` taps from `first` on, 9 at most: each element of y meets all of them. A sum is added to once per vector of y,
// so that 8 of them hide the latency.
INLINE void KERNEL(depthwise_weight_taps)(const size_t taps, const window_work *w, size_t first, double *sums) {
  const window_patch *patch = w->patch;
  const size_t columns = patch->columns, down = patch->grid.rows.stride * patch->pitch;
  const SCALAR *from = w->elements;
  VECTOR parts[9] = {0};
  for (size_t p = 0; p < patch->rows; p++)
    for (size_t q = 0; q < columns; q += LANES) {
      const size_t count = columns - q < LANES ? columns - q : LANES;
      const VECTOR y = load_up_to((const SCALAR *)w->y + p * w->y_row + q, count);
      UNROLL for (size_t t = 0; t < taps; t++) parts[t] =
          multiply_add(y, load_up_to(from + p * down + q + w->offsets[first + t], count), parts[t]);
    }
  UNROLL for (size_t t = 0; t < taps; t++) sums[first + t] += (double)horizontal_sum(parts[t]);
}

static void KERNEL(depthwise_backward_weight)(const window_work *w, double *sums) {
  size_t t = 0;
  for (; t + 9 <= w->taps; t += 9) KERNEL(depthwise_weight_taps)(9, w, t, sums);
  for (; t + 4 <= w->taps; t += 4) KERNEL(depthwise_weight_taps)(4, w, t, sums);
  if (t + 2 <= w->taps) KERNEL(depthwise_weight_taps)(2, w, t, sums), t += 2;
  if (t < w->taps) KERNEL(depthwise_weight_taps)(1, w, t, sums);
}

// ---- pooling ----

// The same element of the windows of neighbouring outputs: `at` is the first one's, and stands in column j of its
// window. With a step of 2 it is every second lane of two vectors, which begin with the first window's element or end
// with the last one's: nothing outside of the windows is read.
INLINE VECTOR KERNEL(window_load)(const SCALAR *at, size_t j, const size_t step) {
  if (step == 1) return load(at);
  if (j == 0) return KERNEL(convolution_even_lanes)(load(at), load(at + LANES));
  return KERNEL(convolution_odd_lanes)(load(at - 1), load(at - 1 + LANES));
}

// Where the vector of outputs at q begins: the last one covers some outputs again rather than be a part.
INLINE size_t KERNEL(window_whole)(size_t q, size_t columns) {
  return q + LANES <= columns || columns < LANES ? q : columns - LANES;
}

INLINE void KERNEL(window_average_rows)(const window_work *w, const size_t step) {
  const window_patch *patch = w->patch;
  const size_t columns = patch->columns, down = patch->grid.rows.stride * patch->pitch;
  const size_t high = patch->grid.rows.size, wide = patch->grid.columns.size;
  const size_t count = columns < LANES ? columns : LANES;
  const SCALAR *divisors = w->divisors;
  for (size_t p = 0; p < patch->rows; p++)
    for (size_t from = 0; from < columns; from += LANES) {
      const size_t q = KERNEL(window_whole)(from, columns);
      const SCALAR *elements = (const SCALAR *)w->elements + p * down + q * step;
      const size_t *offsets = w->offsets;
      VECTOR sum = {0};
      for (size_t i = 0; i < high; i++, offsets += wide)
        for (size_t j = 0; j < wide; j++) sum += KERNEL(window_load)(elements + offsets[j], j, step);
      const VECTOR divisor = broadcast((SCALAR)w->row_divisors[p]) * load_first_or(divisors + q, count, 1);
      store_up_to((SCALAR *)w->y + p * w->y_row + q, sum / divisor, count);
    }
}

static void KERNEL(window_average)(const window_work *w) {
  if (w->patch->grid.columns.step == 1)
    KERNEL(window_average_rows)(w, 1);
  else
    KERNEL(window_average_rows)(w, 2);
}

static void KERNEL(window_divide)(size_t n, const void *y, double row_count, const void *column_counts, void *shares) {
  const VECTOR rows = broadcast((SCALAR)row_count);
  for (size_t q = 0; q < n; q += LANES) {
    const size_t count = n - q < LANES ? n - q : LANES;
    const VECTOR divisor = rows * load_first_or((const SCALAR *)column_counts + q, count, 1);
    store_up_to((SCALAR *)shares + q, load_up_to((const SCALAR *)y + q, count) / divisor, count);
  }
}

// The first place on the plane that tap 0, 1 ... of output (p, q) reads; -1 when all are padding.
static int64_t KERNEL(window_first)(const window_grid *grid, size_t p, size_t q) {
  const window_axis *rows = &grid->rows, *columns = &grid->columns;
  for (size_t i = 0; i < rows->size; i++) {
    const ptrdiff_t row = (ptrdiff_t)(p * rows->stride + i * rows->dilation) - (ptrdiff_t)rows->pad;
    if (row < 0 || row >= (ptrdiff_t)rows->length) continue;
    for (size_t j = 0; j < columns->size; j++) {
      const ptrdiff_t column = (ptrdiff_t)(q * columns->stride + j * columns->dilation) - (ptrdiff_t)columns->pad;
      if (column >= 0 && column < (ptrdiff_t)columns->length) return row * (ptrdiff_t)columns->length + column;
    }
  }
  return -1;
}

// places: of the maxima, from those of the windows' first elements; below 0 where there is none.
INLINE void KERNEL(window_max_indices)(const window_work *w, size_t p, size_t q, size_t count, INTEGER_VECTOR places) {
  const window_grid *grid = &w->patch->grid;
  const window_axis *rows = &grid->rows, *columns = &grid->columns;
  const size_t row = w->patch->row + p, column = w->patch->column + q;
  const size_t first = (row * rows->stride - rows->pad) * columns->length + column * columns->stride - columns->pad;
  int64_t *to = w->indices + p * w->y_row + q;
  if (count == LANES && __builtin_reduce_or(places < 0) == 0) {
    store_positions(to, places, (int64_t)first, (int64_t)columns->stride);
    return;
  }
  for (size_t l = 0; l < count; l++)
    to[l] = places[l] < 0 ? KERNEL(window_first)(grid, row, column + l)
                          : (int64_t)(first + l * columns->stride + (size_t)places[l]);
}

// Nothing is larger than a NaN, so that the first one stays; -infinity, as padding, is never taken.
INLINE void KERNEL(window_max_rows)(const window_work *w, const size_t step, const bool has_indices) {
  const window_patch *patch = w->patch;
  const size_t columns = patch->columns, down = patch->grid.rows.stride * patch->pitch;
  const size_t high = patch->grid.rows.size, wide = patch->grid.columns.size;
  const size_t count = columns < LANES ? columns : LANES;
  for (size_t p = 0; p < patch->rows; p++)
    for (size_t from = 0; from < columns; from += LANES) {
      const size_t q = KERNEL(window_whole)(from, columns);
      const SCALAR *elements = (const SCALAR *)w->elements + p * down + q * step;
      VECTOR most = broadcast((SCALAR)-INFINITY);
      INTEGER_VECTOR places = (INTEGER_VECTOR){0} - 1, are_numbers = places;
      for (size_t i = 0, t = 0; i < high; i++)
        for (size_t j = 0; j < wide; j++, t++) {
          const VECTOR v = KERNEL(window_load)(elements + w->offsets[t], j, step);
          const INTEGER_VECTOR is_more = ~(v <= most) & are_numbers;
          most = is_more ? v : most;
          are_numbers &= v == v;
          if (has_indices) places = is_more ? (INTEGER_VECTOR)(__typeof__(places[0]))w->places[t] : places;
        }
      store_up_to((SCALAR *)w->y + p * w->y_row + q, most, count);
      if (has_indices) KERNEL(window_max_indices)(w, p, q, count, places);
    }
}

static void KERNEL(window_max)(const window_work *w) {
  const size_t step = w->patch->grid.columns.step;
  if (step == 1 && w->indices)
    KERNEL(window_max_rows)(w, 1, true);
  else if (step == 1)
    KERNEL(window_max_rows)(w, 1, false);
  else if (w->indices)
    KERNEL(window_max_rows)(w, 2, true);
  else
    KERNEL(window_max_rows)(w, 2, false);
}

static const convolution_kernels KERNEL(convolution) = {
    .element_bytes = sizeof(SCALAR),
    .lanes = LANES,
    .unfold = KERNEL(unfold),
    .fold = KERNEL(fold_windows),
    .fill_rows = KERNEL(convolution_fill_rows),
    .activate = KERNEL(convolution_activate),
    .add = KERNEL(convolution_add_rows),
    .sum = KERNEL(convolution_plane_sum),
    .maximum = KERNEL(convolution_plane_maximum),
    .gather_patch = KERNEL(gather_patch),
    .scatter_patch = KERNEL(scatter_patch),
    .depthwise = KERNEL(depthwise),
    .depthwise_backward_x = KERNEL(depthwise_backward_x),
    .depthwise_backward_weight = KERNEL(depthwise_backward_weight),
    .average = KERNEL(window_average),
    .divide = KERNEL(window_divide),
    .max = KERNEL(window_max),
};
