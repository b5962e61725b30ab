// Builds a tree of halves: the first levels on row numbers, one after the other, and what lies below each of the last
// of them on a copy of its rows that stays in the cache.
#include "kd_tree.h"

#include <stdatomic.h>
#include <string.h>

enum { copied_bytes = 1 << 17, sampled_rows = 128, sampled_keys = 64 };

// Rough speed of one thread, to decide about waking others.
static const double nanoseconds_per_item = 5;

typedef struct {
  farro_kd_tree *tree;
  const char *x;
  size_t ldx, level; // level: that is cut now
  size_t copied;     // the level whose nodes are copied
  uint64_t *items;   // (n), where the rows will be: keys, and below them the numbers of rows
  atomic_bool failed;
} kd_build;

// Rows among which numbers are: all, or a copy.
typedef struct {
  const farro_kd_tree *tree;
  const char *x;
  size_t ld;
} kd_rows;

static double element_of(const kd_rows *r, size_t row, size_t column) {
  const size_t at = row * r->ld + column;
  return r->tree->is_double ? ((const double *)r->x)[at] : (double)((const float *)r->x)[at];
}

// ---- selection ----

static void sort_few(uint64_t *items, size_t count) {
  for (size_t i = 1; i < count; i++) {
    const uint64_t item = items[i];
    size_t at = i;
    for (; at > 0 && items[at - 1] > item; at--) items[at] = items[at - 1];
    items[at] = item;
  }
}

// Brings the smaller ones than the item at `pivot` to the front, without a branch that depends on them, and it behind
// them; returns where. Out of line, as compilers make a branch of it elsewhere: selection then takes twice the time.
static __attribute__((noinline)) size_t part(uint64_t *items, size_t count, size_t pivot) {
  const uint64_t value = items[pivot];
  size_t to = 0;
  items[pivot] = items[count - 1];
  for (size_t i = 0; i + 1 < count; i++) {
    const uint64_t item = items[i];
    items[i] = items[to], items[to] = item;
    to += item < value;
  }
  items[count - 1] = items[to], items[to] = value;
  return to;
}

// Brings the `wanted` smallest items to the front. No two are equal.
//
// Pivots are a little to the side of the place that is wanted, as a sample tells, so that two of them leave a small
// part between them: R. Floyd and R. Rivest, "Expected time bounds for selection", 1975.
static void halve(uint64_t *items, size_t count, size_t wanted) {
  while (count > 24) {
    uint64_t sample[sampled_keys];
    const size_t taken = count > 1024 ? sampled_keys : 9, step = count / taken, aside = taken / 10;
    // A place follows its key, so that the pivot is found again.
    for (size_t i = 0; i < taken; i++) sample[i] = items[i * step];
    sort_few(sample, taken);
    const size_t place = wanted * taken / count;
    const size_t chosen = 2 * place < taken ? smaller(place + aside, taken - 1) : place - smaller(aside, place);
    size_t pivot = 0;
    while (items[pivot] != sample[smaller(chosen, taken - 1)]) pivot += step;
    const size_t less = part(items, count, pivot);
    if (less == wanted || less + 1 == wanted) return;
    if (less > wanted)
      count = less;
    else
      items += less + 1, count -= less + 1, wanted -= less + 1;
  }
  sort_few(items, count);
}

// ---- nodes ----

// The column in which some of the rows are widest apart.
static size_t widest(const kd_rows *r, const uint64_t *items, size_t count) {
  const size_t step = ceil_divide(count, sampled_rows);
  size_t found = 0;
  double width = 0;
  for (size_t j = 0; j < r->tree->d; j++) {
    double least = element_of(r, (uint32_t)items[0], j), most = least;
    for (size_t i = step; i < count; i += step) {
      const double value = element_of(r, (uint32_t)items[i], j);
      least = value < least ? value : least;
      most = value > most ? value : most;
    }
    if (most / 2 - least / 2 > width) found = j, width = most / 2 - least / 2;
  }
  return found;
}

static double middle_of(double a, double b, double c) {
  const double low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : c > high ? high : c;
}

// Numbers in the order of floats.
static uint64_t key_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits >> 31 ? ~bits : bits | 0x80000000;
}

// Orders by a column as exactly as floats tell elements from one of the middle: boundaries are of the elements.
static void order_by(const kd_rows *r, uint64_t *items, size_t count, size_t column) {
  const double center =
      middle_of(element_of(r, (uint32_t)items[0], column), element_of(r, (uint32_t)items[count / 2], column),
                element_of(r, (uint32_t)items[count - 1], column));
#define KEYS(scalar)                                                                                                   \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    const uint32_t row = (uint32_t)items[i];                                                                           \
    const double value = (double)((const scalar *)r->x)[row * r->ld + column];                                         \
    items[i] = key_of((float)(value - center)) << 32 | row;                                                            \
  }
  if (r->tree->is_double)
    KEYS(double)
  else
    KEYS(float)
#undef KEYS
}

static void cut(const kd_rows *r, uint64_t *items, size_t level, size_t place) {
  const farro_kd_tree *t = r->tree;
  const size_t start = kd_start(t, level, place), count = kd_start(t, level, place + 1) - start;
  const size_t left = kd_start(t, level + 1, 2 * place + 1) - start, node = ((size_t)1 << level) - 1 + place;
  if (left == 0 || left == count) { // at most one row: none is ever looked for in the other half
    const double value = count ? element_of(r, (uint32_t)items[0], 0) : 0;
    if (t->is_double)
      ((kd_split_f64 *)t->splits)[node] = (kd_split_f64){value, value, 0};
    else
      ((kd_split_f32 *)t->splits)[node] = (kd_split_f32){(float)value, (float)value, 0};
    return;
  }
  const size_t column = widest(r, items, count);
  order_by(r, items, count, column);
  halve(items, count, left);
  double most = element_of(r, (uint32_t)items[0], column), least = element_of(r, (uint32_t)items[left], column);
  for (size_t i = 1; i < left; i++) {
    const double value = element_of(r, (uint32_t)items[i], column);
    most = value > most ? value : most;
  }
  for (size_t i = left + 1; i < count; i++) {
    const double value = element_of(r, (uint32_t)items[i], column);
    least = value < least ? value : least;
  }
  if (t->is_double)
    ((kd_split_f64 *)t->splits)[node] = (kd_split_f64){most, least, (uint32_t)column};
  else
    ((kd_split_f32 *)t->splits)[node] = (kd_split_f32){(float)most, (float)least, (uint32_t)column};
}

static void cut_nodes(void *context, size_t first, size_t last) {
  const kd_build *b = context;
  const kd_rows rows = {b->tree, b->x, b->ldx};
  for (size_t place = first; place < last; place++)
    cut(&rows, b->items + kd_start(b->tree, b->level, place), b->level, place);
}

// ---- what lies below a copied node ----

static void write_leaf(const kd_rows *r, const uint64_t *items, size_t count, char *to) {
  const size_t d = r->tree->d;
#define COLUMNS(scalar)                                                                                                \
  for (size_t i = 0; i < count; i++) {                                                                                 \
    const scalar *row = (const scalar *)r->x + (uint32_t)items[i] * d;                                                 \
    for (size_t j = 0; j < d; j++) ((scalar *)to)[j * count + i] = row[j];                                             \
  }
  if (r->tree->is_double)
    COLUMNS(double)
  else
    COLUMNS(float)
#undef COLUMNS
}

static void finish_node(const kd_build *b, size_t place, char *copy, uint64_t *items, uint32_t *numbers) {
  const farro_kd_tree *t = b->tree;
  const size_t start = kd_start(t, b->copied, place), end = kd_start(t, b->copied, place + 1);
  const size_t row_bytes = t->d * kd_element(t);
#define COPY(scalar)                                                                                                   \
  for (size_t i = 0; i < end - start; i++)                                                                             \
    for (size_t j = 0; j < t->d; j++)                                                                                  \
      ((scalar *)copy)[i * t->d + j] = ((const scalar *)b->x)[t->order[start + i] * b->ldx + j];
  if (t->is_double)
    COPY(double)
  else
    COPY(float)
#undef COPY
  for (size_t i = 0; i < end - start; i++) numbers[i] = t->order[start + i], items[i] = i;
  const kd_rows rows = {t, copy, t->d};
  for (size_t level = b->copied; level < t->levels; level++) {
    const size_t below = level - b->copied;
    for (size_t p = place << below; p < (place + 1) << below; p++)
      cut(&rows, items + kd_start(t, level, p) - start, level, p);
  }
  const size_t below = t->levels - b->copied;
  for (size_t p = place << below; p < (place + 1) << below; p++) {
    const size_t first = kd_start(t, t->levels, p), count = kd_start(t, t->levels, p + 1) - first;
    write_leaf(&rows, items + first - start, count, t->rows + first * row_bytes);
    for (size_t i = first; i < first + count; i++) t->order[i] = numbers[(uint32_t)items[i - start]];
  }
}

static void finish_nodes(void *context, size_t first, size_t last) {
  kd_build *b = context;
  const farro_kd_tree *t = b->tree;
  const size_t most = ceil_divide(t->n, (size_t)1 << b->copied) + 1, row_bytes = round_up(t->d * kd_element(t), 8);
  const size_t bytes = most * (row_bytes + sizeof(uint64_t) + sizeof(uint32_t));
  char *copy = farro_allocate(bytes);
  if (!copy) {
    b->failed = true;
    return;
  }
  uint64_t *items = (uint64_t *)(copy + most * row_bytes);
  for (size_t place = first; place < last; place++) finish_node(b, place, copy, items, (uint32_t *)(items + most));
  farro_release(copy, bytes);
}

// ---- the tree ----

static void number_rows(void *context, size_t first, size_t last) {
  const kd_build *b = context;
  for (size_t i = first; i < last; i++) b->items[i] = i;
}

static void take_order(void *context, size_t first, size_t last) {
  const kd_build *b = context;
  for (size_t i = first; i < last; i++) b->tree->order[i] = (uint32_t)b->items[i];
}

#define BOX(scalar)                                                                                                    \
  for (size_t i = 0; i < b->tree->n; i++)                                                                              \
    for (size_t j = 0; j < d; j++) {                                                                                   \
      const scalar value = ((const scalar *)b->x)[i * b->ldx + j];                                                     \
      scalar *least = (scalar *)b->tree->box + j, *most = least + d;                                                   \
      *least = i == 0 || value < *least ? value : *least;                                                              \
      *most = i == 0 || value > *most ? value : *most;                                                                 \
    }

static void find_box(const kd_build *b) {
  const size_t d = b->tree->d;
  memset(b->tree->box, 0, 2 * d * kd_element(b->tree));
  if (b->tree->is_double)
    BOX(double)
  else
    BOX(float)
}
#undef BOX

static farro_status grow(farro_kd_tree *t, const char *x, size_t ldx) {
  kd_build b = {.tree = t, .x = x, .ldx = ldx, .items = (uint64_t *)t->rows};
  const double level_cost = (double)t->n * nanoseconds_per_item;
  const size_t copied_rows = larger(copied_bytes / (t->d * kd_element(t)), 1);
  while (b.copied < t->levels && ceil_divide(t->n, (size_t)1 << b.copied) > copied_rows) b.copied++;
  find_box(&b);
  farro_parallel_for(t->n, 1 << 16, (double)t->n / 2, number_rows, &b);
  for (; b.level < b.copied; b.level++)
    farro_parallel_for((size_t)1 << b.level, ceil_divide((size_t)1 << b.level, 64), level_cost, cut_nodes, &b);
  farro_parallel_for(t->n, 1 << 16, (double)t->n / 2, take_order, &b);
  farro_parallel_for((size_t)1 << b.copied, 1, level_cost * (double)(t->levels - b.copied + 1), finish_nodes, &b);
  return b.failed ? FARRO_ERROR_MEMORY : FARRO_OK;
}

static farro_status build(size_t n, size_t d, const void *x, size_t ldx, size_t leaf_size, bool is_double,
                          farro_kd_tree **tree) {
  if (d == 0 || d > UINT32_MAX || leaf_size == 0 || n >= UINT32_MAX || !are_rows(n, d, ldx) || !can_exist(n, d, 4))
    return FARRO_ERROR_ARGUMENT;
  farro_kd_tree t = {.n = n, .d = d, .is_double = is_double};
  while (t.levels < kd_most_levels && ceil_divide(n, (size_t)1 << t.levels) > leaf_size) t.levels++;
  const size_t element = kd_element(&t), split = is_double ? sizeof(kd_split_f64) : sizeof(kd_split_f32);
  const size_t head = round_up(sizeof t, 64);
  // Rows are read in whole vectors.
  const size_t used = n * larger(d * element, sizeof(uint64_t)), rows = round_up(used + 64, 64);
  const size_t splits = round_up((((size_t)1 << t.levels) - 1) * split, 64), box = round_up(2 * d * element, 64);
  t.bytes = head + rows + splits + box + n * sizeof *t.order;
  char *memory = farro_allocate(t.bytes);
  if (!memory) return FARRO_ERROR_MEMORY;
  t.rows = memory + head, t.splits = t.rows + rows, t.box = (char *)t.splits + splits;
  t.order = (uint32_t *)((char *)t.box + box);
  memset(t.rows + used, 0, rows - used);
  const farro_status status = grow(&t, x, ldx);
  *(farro_kd_tree *)memory = t;
  if (status == FARRO_OK)
    *tree = (farro_kd_tree *)memory;
  else
    farro_release(memory, t.bytes);
  return status;
}

farro_status farro_kd_tree_build_f32(size_t n, size_t d, const float *x, size_t ldx, size_t leaf_size,
                                     farro_kd_tree **tree) {
  return build(n, d, x, ldx, leaf_size, false, tree);
}

farro_status farro_kd_tree_build_f64(size_t n, size_t d, const double *x, size_t ldx, size_t leaf_size,
                                     farro_kd_tree **tree) {
  return build(n, d, x, ldx, leaf_size, true, tree);
}

typedef struct {
  const farro_kd_tree *tree;
  char *to;
} kd_unpacking;

static void unpack_leaves(void *context, size_t first, size_t last) {
  const kd_unpacking *u = context;
  const farro_kd_tree *t = u->tree;
  const size_t d = t->d;
  for (size_t place = first; place < last; place++) {
    const size_t start = kd_start(t, t->levels, place), count = kd_start(t, t->levels, place + 1) - start;
#define ROWS(scalar)                                                                                                   \
  for (size_t i = 0; i < count; i++)                                                                                   \
    for (size_t j = 0; j < d; j++)                                                                                     \
      ((scalar *)u->to)[t->order[start + i] * d + j] = ((const scalar *)t->rows)[start * d + j * count + i];
    if (t->is_double)
      ROWS(double)
    else
      ROWS(float)
#undef ROWS
  }
}

static farro_status unpack(const farro_kd_tree *t, bool is_double, char *to) {
  if (t->is_double != is_double) return FARRO_ERROR_ARGUMENT;
  kd_unpacking u = {t, to};
  farro_parallel_for((size_t)1 << t->levels, 1024, (double)t->n * (double)(t->d + 4), unpack_leaves, &u);
  return FARRO_OK;
}

farro_status farro_kd_tree_rows_f32(const farro_kd_tree *tree, float *rows) {
  return unpack(tree, false, (char *)rows);
}

farro_status farro_kd_tree_rows_f64(const farro_kd_tree *tree, double *rows) {
  return unpack(tree, true, (char *)rows);
}

void farro_kd_tree_release(farro_kd_tree *tree) {
  if (tree) farro_release(tree, tree->bytes);
}
