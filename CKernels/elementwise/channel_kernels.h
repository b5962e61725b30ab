// Activations over channels: the gradients of PReLU, maxout and its gradient.

// ---- PReLU ----

// What becomes of a vector of the gradient; the products for the slope's are added to `sum`. NaN counts as not above 0.
INLINE VECTOR KERNEL(prelu_gradient)(VECTOR gradient, VECTOR x, VECTOR slope, VECTOR *sum) {
  const INTEGER_VECTOR is_above = x > (SCALAR)0;
  *sum += is_above ? broadcast((SCALAR)0) : gradient * x;
  return is_above ? gradient : slope * gradient;
}

// Channels are rows: n elements of one. Returns its part of the slope's gradient.
INLINE double KERNEL(prelu_backward_row)(const SCALAR *gradient, const SCALAR *x, SCALAR slope, SCALAR *out, size_t n) {
  double total = 0;
  const VECTOR s = broadcast(slope);
  for (size_t start = 0; start < n; start += prelu_run) {
    const size_t end = n - start < prelu_run ? n : start + prelu_run;
    VECTOR sums[4] = {0};
    size_t i = start;
    for (; i + 4 * LANES <= end; i += 4 * LANES)
      UNROLL for (size_t j = 0; j < 4; j++)
          store(out + i + j * LANES,
                KERNEL(prelu_gradient)(load(gradient + i + j * LANES), load(x + i + j * LANES), s, &sums[j]));
    for (; i < end; i += LANES) {
      const size_t m = end - i < LANES ? end - i : LANES;
      store_up_to(out + i, KERNEL(prelu_gradient)(load_up_to(gradient + i, m), load_up_to(x + i, m), s, &sums[0]), m);
    }
    total += (double)horizontal_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
  return total;
}

// Channels are columns: `rows` rows of n of them, sums of at most prelu_run rows in the element type.
INLINE void KERNEL(prelu_backward_columns)(const SCALAR *gradient, const SCALAR *x, const SCALAR *slope, SCALAR *out,
                                           size_t rows, size_t stride, size_t n, double *sums) {
  enum { most = 16 * LANES };
  for (size_t first = 0; first < n; first += most) {
    const size_t width = n - first < most ? n - first : most;
    for (size_t start = 0; start < rows; start += prelu_run) {
      const size_t end = rows - start < prelu_run ? rows : start + prelu_run;
      SCALAR partial[most] = {0};
      for (size_t row = start; row < end; row++)
        for (size_t i = 0; i < width; i += LANES) {
          const size_t m = width - i < LANES ? width - i : LANES, at = row * stride + first + i;
          VECTOR sum = load(partial + i);
          const VECTOR v = KERNEL(prelu_gradient)(load_up_to(gradient + at, m), load_up_to(x + at, m),
                                                  load_up_to(slope + first + i, m), &sum);
          store_up_to(out + at, v, m);
          store(partial + i, sum);
        }
      for (size_t i = 0; i < width; i++) sums[first + i] += (double)partial[i];
    }
  }
}

static void KERNEL(prelu_backward)(const prelu_view *v) {
  const SCALAR *gradient = v->grad_y, *x = v->x, *slope = v->slope;
  SCALAR *out = v->grad_x;
  if (v->inner == 1 && v->channel_step == 1) {
    KERNEL(prelu_backward_columns)(gradient, x, slope, out, v->rows, v->channels, v->channels, v->sums);
    return;
  }
  for (size_t row = 0; row < v->rows; row++)
    for (size_t c = 0; c < v->channels; c++) {
      const size_t at = (row * v->channels + c) * v->channel_step;
      v->sums[c] += KERNEL(prelu_backward_row)(gradient + at, x + at, slope[c], out + at, v->inner);
    }
}

// ---- maxout ----

typedef int32_t KERNEL(positions) __attribute__((ext_vector_type(LANES), aligned(4)));

// The first n lanes of elements `step` apart.
INLINE VECTOR KERNEL(load_spread)(const SCALAR *x, size_t step, size_t n) {
  if (step == 1) return load_up_to(x, n);
  SCALAR lanes[LANES] = {0};
  for (size_t i = 0; i < n; i++) lanes[i] = x[i * step];
  return load(lanes);
}

static void KERNEL(maxout)(const maxout_view *v) {
  for (size_t row = 0; row < v->rows; row++)
    for (size_t i = 0; i < v->columns; i += LANES) {
      const size_t n = v->columns - i < LANES ? v->columns - i : LANES, at = row * v->columns + i;
      const SCALAR *x = (const SCALAR *)v->x + row * v->x_row + i * v->step;
      VECTOR best = KERNEL(load_spread)(x, v->step, n);
      INTEGER_VECTOR position = {0};
      for (size_t k = 1; k < v->pieces; k++) {
        const VECTOR other = KERNEL(load_spread)(x + k * v->piece_step, v->step, n);
        const INTEGER_VECTOR is_better = (other > best) | ((other != other) & (best == best));
        best = is_better ? other : best;
        position = is_better ? (INTEGER_VECTOR)(__typeof__(position[0]))k : position;
      }
      store_up_to((SCALAR *)v->y + at, best, n);
      if (!v->argmax) continue;
      const KERNEL(positions) narrow = __builtin_convertvector(position, KERNEL(positions));
      if (n == LANES)
        *(KERNEL(positions) *)(v->argmax + at) = narrow;
      else
        for (size_t j = 0; j < n; j++) v->argmax[at + j] = narrow[j];
    }
}

// Where pieces follow one another, element by element.
INLINE void KERNEL(spread_gradient)(const SCALAR *gradient, const int32_t *argmax, SCALAR *x, size_t n, size_t pieces) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < pieces; k++) x[i * pieces + k] = argmax[i] == (int32_t)k ? gradient[i] : 0;
}

static void KERNEL(maxout_backward)(const maxout_view *v) {
  for (size_t row = 0; row < v->rows; row++) {
    const SCALAR *gradient = (const SCALAR *)v->y + row * v->columns;
    const int32_t *argmax = v->argmax + row * v->columns;
    SCALAR *x = (SCALAR *)v->x + row * v->x_row;
    if (v->step > 1) {
      KERNEL(spread_gradient)(gradient, argmax, x, v->columns, v->pieces);
      continue;
    }
    for (size_t i = 0; i < v->columns; i += LANES) {
      const size_t n = v->columns - i < LANES ? v->columns - i : LANES;
      const VECTOR g = load_up_to(gradient + i, n);
      KERNEL(positions) narrow = {0};
      if (n == LANES)
        narrow = *(const KERNEL(positions) *)(argmax + i);
      else
        for (size_t j = 0; j < n; j++) narrow[j] = argmax[i + j];
      const INTEGER_VECTOR position = __builtin_convertvector(narrow, INTEGER_VECTOR);
      for (size_t k = 0; k < v->pieces; k++) {
        const INTEGER_VECTOR is_it = position == (INTEGER_VECTOR)(__typeof__(position[0]))k;
        store_up_to(x + k * v->piece_step + i, is_it ? g : broadcast((SCALAR)0), n);
      }
    }
  }
}
