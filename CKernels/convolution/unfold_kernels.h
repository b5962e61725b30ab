// From images to the matrices that matmul multiplies, and back.
//
// Outputs of one image row that a window's element reads are contiguous in the image (a stride apart, if there is one),
// and where they begin and end is the same for all channels: it is worked out once for each run of outputs and each
// element of the window, and the loop inside runs over channels.

// The elements start, start + stride ... of an axis: those first..<last of `count` lie on it.
#ifndef FARRO_CONVOLUTION_RUN
  #define FARRO_CONVOLUTION_RUN
typedef struct {
  size_t first, last;
} axis_run;

INLINE size_t run_until(ptrdiff_t start, ptrdiff_t end, size_t stride, size_t count) {
  if (start >= end) return 0;
  const size_t elements = ((size_t)(end - start) + stride - 1) / stride;
  return elements < count ? elements : count;
}

INLINE axis_run run_on_axis(ptrdiff_t start, size_t length, size_t stride, size_t count) {
  const axis_run run = {run_until(start, 0, stride, count), run_until(start, (ptrdiff_t)length, stride, count)};
  return run;
}
#endif

INLINE void KERNEL(convolution_fill_run)(SCALAR *to, size_t n, SCALAR value) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(to + i, broadcast(value));
  if (i < n) store_first(to + i, broadcast(value), n - i);
}

INLINE void KERNEL(convolution_copy_run)(const SCALAR *from, size_t n, SCALAR *to) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(to + i, load(from + i));
  if (i < n) store_first(to + i, load_first(from + i, n - i), n - i);
}

// Lanes 0, 2, 4 ... of a and then of b.
INLINE VECTOR KERNEL(convolution_even_lanes)(VECTOR a, VECTOR b) {
  VECTOR even;
  even.lo = a.even, even.hi = b.even;
  return even;
}

// Lanes 1, 3, 5 ...
INLINE VECTOR KERNEL(convolution_odd_lanes)(VECTOR a, VECTOR b) {
  VECTOR odd;
  odd.lo = a.odd, odd.hi = b.odd;
  return odd;
}

// Elements 0, 2, 4 ... of which there are n, 0 < n <= LANES: nothing behind the last of them is read.
INLINE VECTOR KERNEL(convolution_load_every_second)(const SCALAR *from, size_t n) {
  const size_t span = 2 * n - 1;
  if (span > LANES) return KERNEL(convolution_even_lanes)(load(from), load_up_to(from + LANES, span - LANES));
  return KERNEL(convolution_even_lanes)(load_up_to(from, span), broadcast((SCALAR)0));
}

INLINE void KERNEL(convolution_copy_every)(const SCALAR *from, size_t stride, size_t n, SCALAR *to) {
  if (stride == 1) {
    KERNEL(convolution_copy_run)(from, n, to);
  } else if (stride == 2) {
    for (size_t i = 0; i < n; i += LANES) {
      const size_t count = n - i < LANES ? n - i : LANES;
      store_up_to(to + i, KERNEL(convolution_load_every_second)(from + 2 * i, count), count);
    }
  } else {
    for (size_t i = 0; i < n; i++) to[i] = from[i * stride];
  }
}

// ---- the matrix of windows ----

// The same runs of `rows` channels, a plane apart, to rows of the matrix, `step` apart. What a row needs is worked out
// before the loops: its parts are as many loops, without a branch inside.
typedef struct {
  size_t rows, plane, step;
} KERNEL(channel_rows);

INLINE void KERNEL(unfold_zeros)(KERNEL(channel_rows) c, size_t n, SCALAR *to) {
  for (size_t row = 0; row < c.rows && n > 0; row++, to += c.step) KERNEL(convolution_fill_run)(to, n, 0);
}

// `whole` vectors and, with a tail, part of another.
INLINE void KERNEL(unfold_vectors)(const size_t whole, const bool has_tail, KERNEL(channel_rows) c, size_t tail,
                                   const SCALAR *from, SCALAR *to) {
  enum { ahead = 4 };
  for (size_t row = 0; row < c.rows; row++, from += c.plane, to += c.step) {
    __builtin_prefetch(from + ahead * c.plane);
    UNROLL for (size_t v = 0; v < whole; v++) store(to + v * LANES, load(from + v * LANES));
    if (has_tail) store_first(to + whole * LANES, load_first(from + whole * LANES, tail), tail);
  }
}

INLINE void KERNEL(unfold_copies)(KERNEL(channel_rows) c, const SCALAR *from, size_t stride, size_t n, SCALAR *to) {
  if (stride == 1 && n < LANES)
    KERNEL(unfold_vectors)(0, true, c, n, from, to);
  else if (stride == 1 && n == LANES)
    KERNEL(unfold_vectors)(1, false, c, 0, from, to);
  else if (stride == 1 && n < 2 * LANES)
    KERNEL(unfold_vectors)(1, true, c, n - LANES, from, to);
  else if (stride == 1 && n == 2 * LANES)
    KERNEL(unfold_vectors)(2, false, c, 0, from, to);
  else
    for (size_t row = 0; row < c.rows; row++, from += c.plane, to += c.step)
      KERNEL(convolution_copy_every)(from, stride, n, to);
}

// `count` outputs from (p, q) on, of one row of outputs, and rows row0..<row1 of the matrix.
INLINE void KERNEL(unfold_run)(const window_grid *grid, const SCALAR *x, size_t p, size_t q, size_t count, size_t row0,
                               size_t row1, SCALAR *to, size_t pitch) {
  const window_axis *rows = &grid->rows, *columns = &grid->columns;
  const size_t taps = rows->size * columns->size, plane = rows->length * columns->length, stride = columns->stride;
  for (size_t j = 0; j < columns->size; j++) {
    const ptrdiff_t start = (ptrdiff_t)(q * stride + j * columns->dilation) - (ptrdiff_t)columns->pad;
    const axis_run run = run_on_axis(start, columns->length, stride, count);
    ptrdiff_t row = (ptrdiff_t)(p * rows->stride) - (ptrdiff_t)rows->pad;
    for (size_t i = 0; i < rows->size; i++, row += (ptrdiff_t)rows->dilation) {
      const size_t tap = i * columns->size + j, channel = tap >= row0 ? 0 : (row0 - tap + taps - 1) / taps;
      const size_t first = channel * taps + tap;
      if (first >= row1) continue;
      const KERNEL(channel_rows) c = {(row1 - first + taps - 1) / taps, plane, taps * pitch};
      SCALAR *out = to + (first - row0) * pitch;
      if (row < 0 || row >= (ptrdiff_t)rows->length || run.first == run.last) {
        KERNEL(unfold_zeros)(c, count, out);
        continue;
      }
      const SCALAR *from =
          x + channel * plane + (size_t)row * columns->length + (size_t)(start + (ptrdiff_t)(run.first * stride));
      KERNEL(unfold_zeros)(c, run.first, out);
      KERNEL(unfold_copies)(c, from, stride, run.last - run.first, out + run.first);
      KERNEL(unfold_zeros)(c, count - run.last, out + run.last);
    }
  }
}

static void KERNEL(unfold)(const window_grid *grid, const void *x, size_t first, size_t used, size_t width, size_t row0,
                           size_t row1, void *to, size_t pitch) {
  const size_t outputs = grid->columns.outputs;
  for (size_t at = 0, count; at < used; at += count) {
    const size_t p = (first + at) / outputs, q = (first + at) % outputs, left = used - at;
    count = outputs - q < left ? outputs - q : left;
    KERNEL(unfold_run)(grid, x, p, q, count, row0, row1, (SCALAR *)to + at, pitch);
  }
  if (used < width)
    for (size_t k = row0; k < row1; k++)
      KERNEL(convolution_fill_run)((SCALAR *)to + (k - row0) * pitch + used, width - used, 0);
}

INLINE void KERNEL(convolution_add_run)(const SCALAR *from, size_t n, SCALAR *to) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store(to + i, load(to + i) + load(from + i));
  if (i < n) store_first(to + i, load_first(to + i, n - i) + load_first(from + i, n - i), n - i);
}

INLINE void KERNEL(fold_run)(const window_grid *grid, const SCALAR *from, size_t pitch, size_t p, size_t q,
                             size_t count, size_t matrix_rows, SCALAR *x) {
  const window_axis *rows = &grid->rows, *columns = &grid->columns;
  const size_t taps = rows->size * columns->size, plane = rows->length * columns->length, stride = columns->stride;
  for (size_t tap = 0; tap < taps; tap++) {
    const size_t i = tap / columns->size, j = tap % columns->size;
    const ptrdiff_t row = (ptrdiff_t)(p * rows->stride + i * rows->dilation) - (ptrdiff_t)rows->pad;
    const ptrdiff_t start = (ptrdiff_t)(q * stride + j * columns->dilation) - (ptrdiff_t)columns->pad;
    const axis_run run = run_on_axis(start, columns->length, stride, count);
    if (row < 0 || row >= (ptrdiff_t)rows->length || run.first == run.last) continue;
    SCALAR *to = x + row * (ptrdiff_t)columns->length + start + (ptrdiff_t)(run.first * stride);
    const size_t used = run.last - run.first;
    for (size_t k = tap; k < matrix_rows; k += taps, to += plane) {
      const SCALAR *products = from + k * pitch + run.first;
      if (stride == 1)
        KERNEL(convolution_add_run)(products, used, to);
      else
        for (size_t l = 0; l < used; l++) to[l * stride] += products[l];
    }
  }
}

static void KERNEL(fold_windows)(const window_grid *grid, const void *from, size_t pitch, size_t first, size_t used,
                                 size_t rows, void *x) {
  const size_t outputs = grid->columns.outputs;
  for (size_t at = 0, count; at < used; at += count) {
    const size_t p = (first + at) / outputs, q = (first + at) % outputs, left = used - at;
    count = outputs - q < left ? outputs - q : left;
    KERNEL(fold_run)(grid, (const SCALAR *)from + at, pitch, p, q, count, rows, x);
  }
}

// ---- patches ----

static void KERNEL(gather_patch)(const window_patch *patch, const void *plane, double pad, void *to) {
  const window_axis *rows = &patch->grid.rows, *columns = &patch->grid.columns;
  const size_t phases = columns->stride / columns->step;
  for (size_t phase = 0; phase < phases; phase++) {
    const ptrdiff_t start = (ptrdiff_t)(patch->column * columns->stride + phase) - (ptrdiff_t)columns->pad;
    const axis_run run = run_on_axis(start, columns->length, phases, patch->phase);
    const ptrdiff_t skipped = start + (ptrdiff_t)(run.first * phases);
    SCALAR *out = (SCALAR *)to + phase * patch->phase;
    ptrdiff_t row = (ptrdiff_t)(patch->row * rows->stride) - (ptrdiff_t)rows->pad;
    for (size_t r = 0; r < patch->height; r++, row++, out += patch->pitch) {
      if (row < 0 || row >= (ptrdiff_t)rows->length || run.first == run.last) {
        KERNEL(convolution_fill_run)(out, patch->phase, (SCALAR)pad);
        continue;
      }
      const SCALAR *from = (const SCALAR *)plane + row * (ptrdiff_t)columns->length + skipped;
      KERNEL(convolution_fill_run)(out, run.first, (SCALAR)pad);
      KERNEL(convolution_copy_every)(from, phases, run.last - run.first, out + run.first);
      KERNEL(convolution_fill_run)(out + run.last, patch->phase - run.last, (SCALAR)pad);
    }
  }
}

static void KERNEL(scatter_patch)(const window_patch *patch, const void *from, void *plane) {
  const window_axis *rows = &patch->grid.rows, *columns = &patch->grid.columns;
  const size_t stride = columns->stride;
  for (size_t row = 0; row < rows->length; row++) {
    SCALAR *out = (SCALAR *)plane + row * columns->length;
    KERNEL(convolution_fill_run)(out, columns->length, 0);
    if (row + rows->pad >= patch->height) continue;
    const SCALAR *in = (const SCALAR *)from + (row + rows->pad) * patch->pitch;
    for (size_t phase = 0; phase < stride; phase++, in += patch->phase) {
      const ptrdiff_t start = (ptrdiff_t)phase - (ptrdiff_t)columns->pad;
      const axis_run run = run_on_axis(start, columns->length, stride, patch->phase);
      SCALAR *to = out + start;
      if (stride == 1 && run.first < run.last)
        KERNEL(convolution_copy_run)(in + run.first, run.last - run.first, to + run.first);
      else
        for (size_t l = run.first; l < run.last; l++) to[l * stride] = in[l];
    }
  }
}

// ---- rows ----

static void KERNEL(convolution_fill_rows)(size_t rows, size_t columns, const void *values, void *to, size_t ld) {
  for (size_t i = 0; i < rows; i++)
    KERNEL(convolution_fill_run)((SCALAR *)to + i * ld, columns, ((const SCALAR *)values)[i]);
}

static void KERNEL(convolution_add_rows)(size_t n, const void *x, void *sums) {
  KERNEL(convolution_add_run)(x, n, sums);
}

INLINE void KERNEL(convolution_activate_run)(const farro_activation activation, size_t n, SCALAR *x) {
  for (size_t i = 0; i < n; i += LANES) {
    const size_t count = n - i < LANES ? n - i : LANES;
    store_up_to(x + i, KERNEL(matmul_activate)(activation, load_up_to(x + i, count)), count);
  }
}

static void KERNEL(convolution_activate)(farro_activation activation, size_t n, void *x) {
#define CONVOLUTION_ACTIVATE(name)                                                                                     \
  case name:                                                                                                           \
    KERNEL(convolution_activate_run)(name, n, x);                                                                      \
    break;
  switch (activation) {
    CONVOLUTION_ACTIVATE(FARRO_ACTIVATION_RELU)
    CONVOLUTION_ACTIVATE(FARRO_ACTIVATION_GELU)
    CONVOLUTION_ACTIVATE(FARRO_ACTIVATION_GELU_TANH)
    CONVOLUTION_ACTIVATE(FARRO_ACTIVATION_SIGMOID)
    CONVOLUTION_ACTIVATE(FARRO_ACTIVATION_TANH)
    CONVOLUTION_ACTIVATE(FARRO_ACTIVATION_SILU)
  default:
    break;
  }
#undef CONVOLUTION_ACTIVATE
}

// Four sums hide the latency of an addition.
INLINE double KERNEL(convolution_sum_block)(size_t n, const SCALAR *x) {
  VECTOR sums[4] = {0};
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) UNROLL for (size_t j = 0; j < 4; j++) sums[j] += load(x + i + j * LANES);
  for (; i + LANES <= n; i += LANES) sums[0] += load(x + i);
  if (i < n) sums[1] += load_first(x + i, n - i);
  return (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

static double KERNEL(convolution_plane_sum)(size_t n, const void *x) {
  enum { block = 4096 };
  double sum = 0;
  for (size_t i = 0; i < n; i += block)
    sum += KERNEL(convolution_sum_block)(n - i < block ? n - i : block, (const SCALAR *)x + i);
  return sum;
}

// Which block it is in is found at full speed, and its place by a second look at that block.
static double KERNEL(convolution_plane_maximum)(size_t n, const void *from, size_t *index) {
  enum { block = 1024 };
  const SCALAR *x = from;
  SCALAR most = x[0];
  *index = 0;
  for (size_t first = 0; first < n && most == most; first += block) {
    const size_t last = n - first < block ? n : first + block;
    VECTOR found = broadcast(x[first]);
    size_t i = first;
    for (; i + LANES <= last; i += LANES) {
      const VECTOR v = load(x + i);
      found = MAXIMUM(v, found);
    }
    SCALAR here = horizontal_max(found);
    for (; i < last; i++) here = MAXIMUM(x[i], here);
    if (here <= most) continue;
    size_t at = first;
    while (x[at] != here && x[at] == x[at]) at++;
    most = here, *index = at;
  }
  return (double)most;
}
