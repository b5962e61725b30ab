// Likelihoods of rows: four rows and a group of classes at once, whose sums stay in registers, so that an element is
// read once for all classes of a group. What the last look at a row tells, its best class, is taken from a block of
// them while they are in the first cache: one pass over memory.

// Sums are four times as many as the classes of a group; what else is needed takes up to 8 registers.
enum { KERNEL(rows_at_once) = 4, KERNEL(most_group) = VECTOR_REGISTERS == 32 ? 5 : 2, KERNEL(block_rows) = 64 };

typedef enum { KERNEL(squares), KERNEL(flags), KERNEL(products) } KERNEL(term);

// Groups are as even as can be: sizes differ by 1 at most.
INLINE size_t KERNEL(group_of)(size_t class_count, size_t first) {
  const size_t groups = (class_count + KERNEL(most_group) - 1) / KERNEL(most_group);
  const size_t small = class_count / groups, larger = class_count % groups;
  return first < larger * (small + 1) ? small + 1 : small;
}

static size_t KERNEL(packed_count)(size_t columns, size_t class_count, bool has_means) {
  return (columns + LANES - 1) / LANES * LANES * class_count * (has_means ? 2 : 1);
}

// One stream of vectors, in the order in which they are needed: of a group, for each vector of columns, of each class
// the means and the factors. Behind the columns are zeros.
static void KERNEL(pack)(size_t columns, size_t class_count, const void *means, const void *factors, void *packed) {
  SCALAR *to = packed;
  for (size_t first = 0, group; first < class_count; first += group) {
    group = KERNEL(group_of)(class_count, first);
    for (size_t j = 0; j < columns; j += LANES)
      for (size_t c = first; c < first + group; c++) {
        const size_t lanes = columns - j < LANES ? columns - j : LANES;
        if (means) {
          store(to, load_up_to((const SCALAR *)means + c * columns + j, lanes));
          to += LANES;
        }
        store(to, load_up_to((const SCALAR *)factors + c * columns + j, lanes));
        to += LANES;
      }
  }
}

// What rows tell beside their sums.
typedef struct {
  VECTOR nothing[KERNEL(rows_at_once)]; // 0 times each element: NaN where one is not finite
  VECTOR least;
} KERNEL(seen);

INLINE const SCALAR *KERNEL(add_terms)(const KERNEL(term) term, const size_t group,
                                       const SCALAR *const four[KERNEL(rows_at_once)], size_t j, const size_t lanes,
                                       const SCALAR *packed, SCALAR threshold,
                                       VECTOR sums[KERNEL(most_group)][KERNEL(rows_at_once)], KERNEL(seen) * seen) {
  VECTOR x[KERNEL(rows_at_once)];
  UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) x[r] = load_up_to(four[r] + j, lanes);
  if (term == KERNEL(flags))
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) seen->nothing[r] =
        multiply_add(x[r], broadcast((SCALAR)0), seen->nothing[r]);
  if (term == KERNEL(products))
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) seen->least = x[r] < seen->least ? x[r] : seen->least;
  UNROLL for (size_t c = 0; c < group; c++) {
    VECTOR mean;
    if (term == KERNEL(squares)) mean = load(packed), packed += LANES;
    const VECTOR factor = load(packed);
    packed += LANES;
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) {
      if (term == KERNEL(squares)) {
        const VECTOR z = (x[r] - mean) * factor;
        sums[c][r] = multiply_add(z, z, sums[c][r]);
      } else if (term == KERNEL(flags)) {
        sums[c][r] += x[r] > broadcast(threshold) ? factor : (VECTOR){0};
      } else {
        sums[c][r] = multiply_add(x[r], factor, sums[c][r]);
      }
    }
  }
  return packed;
}

// As much of the memory behind x as four rows take, in its order, which its own prefetching needs to help: of the step
// at column j.
INLINE void KERNEL(fetch_step)(const SCALAR *x, size_t j) {
  const uintptr_t at = (uintptr_t)x + KERNEL(rows_at_once) * j * sizeof(SCALAR);
  UNROLL for (size_t k = 0; k < KERNEL(rows_at_once) * VECTOR_BYTES; k += 64)
      __builtin_prefetch((const void *)(at + k));
}

// The sums of four rows for a group of classes: those of a class lie block_rows behind those of the one before.
// Elements `ahead` are fetched.
INLINE void KERNEL(sums_of_four)(const KERNEL(term) term, const size_t group,
                                 const SCALAR *const four[KERNEL(rows_at_once)], size_t ahead, size_t columns,
                                 const SCALAR *packed, SCALAR threshold, SCALAR *to, VECTOR *least) {
  VECTOR sums[KERNEL(most_group)][KERNEL(rows_at_once)];
  KERNEL(seen) seen = {.nothing = {0}, .least = *least};
  UNROLL for (size_t c = 0; c < group; c++) UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) sums[c][r] =
      (VECTOR){0};
  size_t j = 0;
  for (; j + LANES <= columns; j += LANES) {
    KERNEL(fetch_step)(four[0] + ahead, j);
    packed = KERNEL(add_terms)(term, group, four, j, LANES, packed, threshold, sums, &seen);
  }
  if (j < columns) {
    KERNEL(fetch_step)(four[0] + ahead, j);
    KERNEL(add_terms)(term, group, four, j, columns - j, packed, threshold, sums, &seen);
  }
  *least = seen.least;
  UNROLL for (size_t c = 0; c < group; c++) {
    if (term == KERNEL(flags)) UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) sums[c][r] += seen.nothing[r];
    four_sums(sums[c], to + c * KERNEL(block_rows));
  }
}

// The highest likelihood of each row of a block so far, and its class.
typedef struct {
  _Alignas(64) SCALAR highest[KERNEL(block_rows)], scores[KERNEL(most_group) * KERNEL(block_rows)];
  _Alignas(64) BITS best[KERNEL(block_rows)];
  INTEGER_VECTOR odd; // -1 where one was NaN, or the highest not finite
  VECTOR least;
} KERNEL(block);

INLINE void KERNEL(score_block)(const likelihood_rows *l, const KERNEL(term) term, const size_t group, const SCALAR *x,
                                size_t rows, size_t ahead, const SCALAR *packed, size_t class, KERNEL(block) * block) {
  size_t i = 0;
  for (; i < rows; i += KERNEL(rows_at_once)) {
    const SCALAR *four[KERNEL(rows_at_once)]; // of fewer, the last stands for those that are missing
    UNROLL for (size_t r = 0; r < KERNEL(rows_at_once); r++) four[r] = x + (i + r < rows ? i + r : rows - 1) * l->x_row;
    KERNEL(sums_of_four)(term, group, four, ahead, l->columns, packed, (SCALAR)l->threshold, block->scores + i,
                         &block->least);
  }
  // The last vector's lanes behind that hold what was there before, which is odd where it was minus infinity.
  for (; i % LANES != 0; i++)
    for (size_t c = 0; c < group; c++)
      block->scores[c * KERNEL(block_rows) + i] = block->scores[c * KERNEL(block_rows) + rows - 1];
  // Constants in two parts: sums are of the element type.
  const VECTOR factor = broadcast(term == KERNEL(squares) ? (SCALAR)-0.5 : (SCALAR)1);
  VECTOR constants[KERNEL(most_group)], rests[KERNEL(most_group)];
  UNROLL for (size_t c = 0; c < group; c++) {
    const SCALAR constant = (SCALAR)l->constants[class + c];
    const double rest = l->constants[class + c] - (double)constant;
    constants[c] = broadcast(constant), rests[c] = broadcast(rest - rest == 0 ? (SCALAR)rest : (SCALAR)0);
  }
  for (i = 0; i < rows; i += LANES) {
    VECTOR highest = class == 0 ? broadcast((SCALAR)-__builtin_inf()) : load(block->highest + i);
    BITS_VECTOR best = class == 0 ? (BITS_VECTOR){0} : load(block->best + i);
    UNROLL for (size_t c = 0; c < group; c++) {
      SCALAR *at = block->scores + c * KERNEL(block_rows) + i;
      const VECTOR score = multiply_add(load(at), factor, constants[c]) + rests[c];
      if (l->likelihood) store(at, score);
      const INTEGER_VECTOR better = score > highest;
      highest = better ? score : highest;
      best = better ? (BITS_VECTOR)(BITS)(class + c) : best;
      block->odd |= score != score;
    }
    store(block->highest + i, highest);
    store(block->best + i, best);
  }
}

INLINE void KERNEL(likelihoods)(likelihood_rows *l, const KERNEL(term) term) {
  enum { block_bytes = 32 * 1024, few_rows = 16 };
  const size_t row_bytes = (l->columns + 1) * sizeof(SCALAR), wanted = block_bytes / row_bytes / few_rows * few_rows;
  const size_t most = wanted < few_rows ? few_rows : wanted < KERNEL(block_rows) ? wanted : KERNEL(block_rows);
  const size_t classes = l->class_count;
  KERNEL(block) block = {0};
  for (size_t i = 0; i < l->rows; i += most) {
    const SCALAR *x = (const SCALAR *)l->x + i * l->x_row, *packed = l->packed;
    const size_t rows = l->rows - i < most ? l->rows - i : most;
    // Where rows are missing behind the block, it is fetched itself, which costs little.
    const size_t ahead = l->rows_behind + l->rows - i >= 2 * most ? most * l->x_row : 0;
    for (size_t class = 0, group; class < classes; class += group) {
      group = KERNEL(group_of)(classes, class);
      switch (group) {
      case 1:
        KERNEL(score_block)(l, term, 1, x, rows, ahead, packed, class, &block);
        break;
      case 2:
        KERNEL(score_block)(l, term, 2, x, rows, ahead, packed, class, &block);
        break;
#if VECTOR_REGISTERS == 32
      case 3:
        KERNEL(score_block)(l, term, 3, x, rows, ahead, packed, class, &block);
        break;
      case 4:
        KERNEL(score_block)(l, term, 4, x, rows, ahead, packed, class, &block);
        break;
      case 5:
        KERNEL(score_block)(l, term, 5, x, rows, ahead, packed, class, &block);
        break;
#endif
      }
      packed += KERNEL(packed_count)(l->columns, group, term == KERNEL(squares));
      if (l->likelihood)
        for (size_t r = 0; r < rows; r++)
          for (size_t c = 0; c < group; c++)
            ((SCALAR *)l->likelihood)[(i + r) * classes + class + c] = block.scores[c * KERNEL(block_rows) + r];
    }
    for (size_t r = 0; r < rows; r += LANES) {
      const VECTOR highest = load(block.highest + r);
      block.odd |= ~(highest - highest == 0);
    }
    if (l->best)
      for (size_t r = 0; r < rows; r++) l->best[i + r] = (int32_t)block.best[r];
  }
  for (size_t lane = 0; lane < LANES; lane++) {
    l->finite &= block.odd[lane] == 0;
    if (block.least[lane] < l->least) l->least = (double)block.least[lane];
  }
}

static void KERNEL(normal_likelihood)(likelihood_rows *l) { KERNEL(likelihoods)(l, KERNEL(squares)); }
static void KERNEL(flag_likelihood)(likelihood_rows *l) { KERNEL(likelihoods)(l, KERNEL(flags)); }
static void KERNEL(product_likelihood)(likelihood_rows *l) { KERNEL(likelihoods)(l, KERNEL(products)); }
