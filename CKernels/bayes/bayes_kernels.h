// Rows of one class at a time into its sums, which stay in registers for some columns: memory is then the bound.

// Elements at once, and how many times: with moments there are as many sums, squares and centres.
enum { KERNEL(sum_step) = 2 * f64_lanes, KERNEL(most_steps) = VECTOR_REGISTERS / 8 };

typedef enum { KERNEL(of_elements), KERNEL(of_flags), KERNEL(of_moments) } KERNEL(sum_kind);

// Of columns first... so many steps, or with none the rest. Meanwhile as much memory is fetched as is read.
INLINE void KERNEL(add_columns)(class_rows *r, const KERNEL(sum_kind) kind, size_t first, const size_t steps,
                                const bool weighted) {
  enum { step = KERNEL(sum_step) };
  const size_t width = steps ? steps : 1, lanes = steps ? step : r->columns - first;
  f64v sums[2 * KERNEL(most_steps)], squares[2 * KERNEL(most_steps)], centers[2 * KERNEL(most_steps)];
  f64v least[2] = {broadcast(*r->least), broadcast(*r->least)};
  UNROLL for (size_t v = 0; v < 2 * width; v++) {
    const size_t at = first + v * f64_lanes;
    sums[v] = load(r->sums + at);
    if (kind == KERNEL(of_moments)) squares[v] = load(r->squares + at), centers[v] = load(r->centers + at);
  }
  const char *next = r->next;
  for (size_t i = 0; i < r->count; i++) {
    const size_t row = r->rows[i];
    const SCALAR *x = (const SCALAR *)r->x + row * r->x_row + first;
    const double weight = weighted ? r->weights[row] : 1;
    UNROLL for (size_t k = 0; k < width * step * sizeof(SCALAR); k += 64) __builtin_prefetch(next + k);
    next += width * lanes * sizeof(SCALAR);
    UNROLL for (size_t k = 0; k < width; k++) {
      f64v values[2];
      load_doubles(x + k * step, lanes, values);
      UNROLL for (size_t h = 0; h < 2; h++) {
        const size_t v = 2 * k + h;
        const f64v value = values[h];
        if (kind == KERNEL(of_elements)) {
          sums[v] += weighted ? weight * value : value;
          least[h] = value < least[h] ? value : least[h];
        } else if (kind == KERNEL(of_flags)) {
          // NaN and infinity stay in the sum.
          sums[v] += multiply_add(value, broadcast(0.0), value > r->threshold ? broadcast(weight) : broadcast(0.0));
        } else {
          const f64v z = value - centers[v], by = weighted ? weight * z : z;
          sums[v] += by;
          squares[v] = multiply_add(by, z, squares[v]);
        }
      }
    }
  }
  r->next = next;
  UNROLL for (size_t v = 0; v < 2 * width; v++) {
    const size_t at = first + v * f64_lanes;
    store(r->sums + at, sums[v]);
    if (kind == KERNEL(of_moments)) store(r->squares + at, squares[v]);
  }
  if (kind != KERNEL(of_elements)) return;
  const double smallest = horizontal_min(least[1] < least[0] ? least[1] : least[0]);
  if (smallest < *r->least) *r->least = smallest;
}

INLINE void KERNEL(add_rows)(class_rows *r, const KERNEL(sum_kind) kind, const bool weighted) {
  enum { step = KERNEL(sum_step), most = KERNEL(most_steps) };
  size_t first = 0;
  for (; first + most * step <= r->columns; first += most * step) KERNEL(add_columns)(r, kind, first, most, weighted);
  if (most > 2 && first + 2 * step <= r->columns) {
    KERNEL(add_columns)(r, kind, first, 2, weighted);
    first += 2 * step;
  }
  if (most > 1 && first + step <= r->columns) {
    KERNEL(add_columns)(r, kind, first, 1, weighted);
    first += step;
  }
  if (first < r->columns) KERNEL(add_columns)(r, kind, first, 0, weighted);
}

static void KERNEL(add_class_rows)(class_rows *r) {
  if (r->weights)
    KERNEL(add_rows)(r, KERNEL(of_elements), true);
  else
    KERNEL(add_rows)(r, KERNEL(of_elements), false);
}
static void KERNEL(add_class_flags)(class_rows *r) {
  if (r->weights)
    KERNEL(add_rows)(r, KERNEL(of_flags), true);
  else
    KERNEL(add_rows)(r, KERNEL(of_flags), false);
}
static void KERNEL(add_class_moments)(class_rows *r) {
  if (r->weights)
    KERNEL(add_rows)(r, KERNEL(of_moments), true);
  else
    KERNEL(add_rows)(r, KERNEL(of_moments), false);
}

static const bayes_kernels KERNEL(bayes_table) = {
    .element_bytes = sizeof(SCALAR),
    .sum_step = KERNEL(sum_step),
    .add = KERNEL(add_class_rows),
    .add_above = KERNEL(add_class_flags),
    .add_moments = KERNEL(add_class_moments),
    .packed_count = KERNEL(packed_count),
    .pack = KERNEL(pack),
    .normal_likelihood = KERNEL(normal_likelihood),
    .flag_likelihood = KERNEL(flag_likelihood),
    .product_likelihood = KERNEL(product_likelihood),
};
