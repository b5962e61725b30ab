// The way of one query through a tree, to the nearer half first. Leaves lie column by column, so that a vector has the
// distances of as many rows as it has lanes.

// Squared distances to LANES rows, whose columns lie `stride` apart: added up as row_kernels.measure does.
INLINE VECTOR KERNEL(leaf_squares)(const size_t d, const SCALAR *query, const SCALAR *rows, size_t stride) {
  enum { chains = 4 };
  VECTOR sums[LANES];
  size_t lanes = d < LANES ? d : LANES;
  if (d <= LANES) {
    for (size_t j = 0; j < d; j++) {
      const VECTOR difference = query[j] - load(rows + j * stride);
      sums[j] = multiply_add(difference, difference, (VECTOR){0});
    }
  } else {
    VECTOR parts[chains][LANES];
    for (size_t c = 0; c < chains; c++)
      for (size_t l = 0; l < LANES; l++) parts[c][l] = (VECTOR){0};
    const size_t in_chains = d / (chains * LANES) * (chains * LANES), whole = d / LANES * LANES;
    for (size_t j = 0; j < d; j++) {
      const size_t chain = j < in_chains ? j / LANES % chains : j < whole ? 0 : 1;
      const VECTOR difference = query[j] - load(rows + j * stride);
      parts[chain][j % LANES] = multiply_add(difference, difference, parts[chain][j % LANES]);
    }
    for (size_t l = 0; l < LANES; l++) sums[l] = (parts[0][l] + parts[1][l]) + (parts[2][l] + parts[3][l]);
  }
  UNROLL for (size_t width = LANES / 2; width > 0; width /= 2) {
    for (size_t l = 0; l + width < lanes; l++) sums[l] += sums[l + width];
    lanes = lanes < width ? lanes : width;
  }
  return sums[0];
}

// Out of line: most vectors have no row that is near enough.
static __attribute__((noinline)) void KERNEL(take_found)(kd_query *q, const SCALAR *squares, const uint32_t *order,
                                                         size_t count) {
  for (size_t i = 0; i < count; i++)
    if ((double)squares[i] <= q->limit) q->found(q, (double)squares[i], order[i]);
}

INLINE void KERNEL(look_at_leaf)(kd_query *q, size_t place, const size_t d) {
  const farro_kd_tree *t = q->tree;
  const size_t start = kd_start(t, t->levels, place), count = kd_start(t, t->levels, place + 1) - start;
  const SCALAR *rows = (const SCALAR *)t->rows + start * d;
  for (size_t i = 0; i < count; i += LANES) {
    const VECTOR squares = KERNEL(leaf_squares)(d, q->query, rows + i, count);
    const INTEGER_VECTOR near = squares <= (SCALAR)q->limit;
    if (!__builtin_reduce_or(near &
                             (lane_numbers(near) < (INTEGER_VECTOR)(int32_t)(count - i < LANES ? count - i : LANES))))
      continue;
    SCALAR kept[LANES];
    store(kept, squares);
    KERNEL(take_found)(q, kept, t->order + start + i, count - i < LANES ? count - i : LANES);
  }
}

INLINE void KERNEL(search_tree)(kd_query *q, const size_t d) {
  typedef struct {
    uint32_t node, column;
    double bound, offset;
  } half;
  const farro_kd_tree *t = q->tree;
  const SCALAR *query = q->query, *box = t->box;
  const KERNEL(kd_split) *splits = t->splits;
  const size_t leaves = ((size_t)1 << t->levels) - 1;
  half open[kd_most_levels];
  // How far the query is outside the node in each column, and the sum of their squares; behind that, of those open.
  double *now = q->offsets, bound = 0;
  for (size_t j = 0; j < d; j++) {
    const double below = (double)box[j] - (double)query[j], above = (double)query[j] - (double)box[d + j];
    now[j] = below > 0 ? below : above > 0 ? above : 0;
    bound += now[j] * now[j];
  }
  size_t node = 0, depth = 0;
  for (;;) {
    while (node < leaves) {
      const KERNEL(kd_split) s = splits[node];
      const double at = (double)query[s.column], before = now[s.column];
      const double to_right = (double)s.least - at, to_left = at - (double)s.most;
      const bool goes_left = to_left < to_right;
      const double further = goes_left ? to_right : to_left, offset = further > before ? further : before;
      const double other = bound + (offset * offset - before * before);
      node = 2 * node + 1 + !goes_left;
      if (other * q->shrink - q->least > q->limit) continue;
      open[depth++] = (half){(uint32_t)(goes_left ? node + 1 : node - 1), s.column, other, offset};
      for (size_t j = 0; j < d; j++) now[depth * d + j] = now[j];
    }
    KERNEL(look_at_leaf)(q, node - leaves, d);
    do {
      if (depth == 0) return;
      depth--;
    } while (open[depth].bound * q->shrink - q->least > q->limit);
    for (size_t j = 0; j < d; j++) now[j] = now[(depth + 1) * d + j];
    now[open[depth].column] = open[depth].offset;
    bound = open[depth].bound, node = open[depth].node;
  }
}

static void KERNEL(kd_search)(kd_query *q) {
  switch (q->tree->d) {
  case 1:
    KERNEL(search_tree)(q, 1);
    break;
  case 2:
    KERNEL(search_tree)(q, 2);
    break;
  case 3:
    KERNEL(search_tree)(q, 3);
    break;
  default:
    KERNEL(search_tree)(q, q->tree->d);
  }
}

static void KERNEL(kd_locate)(const farro_kd_tree *t, size_t count, const void *queries, size_t ldq, uint32_t *leaves) {
  const KERNEL(kd_split) *splits = t->splits;
  const size_t first = ((size_t)1 << t->levels) - 1;
  for (size_t i = 0; i < count; i++) {
    const SCALAR *query = (const SCALAR *)queries + i * ldq;
    size_t node = 0;
    while (node < first) {
      const KERNEL(kd_split) s = splits[node];
      const double at = (double)query[s.column];
      node = 2 * node + 1 + !(at - (double)s.most < (double)s.least - at);
    }
    leaves[i] = (uint32_t)(node - first);
  }
}

static const kd_kernels KERNEL(kd_table) = {
    .search = KERNEL(kd_search),
    .locate = KERNEL(kd_locate),
};
