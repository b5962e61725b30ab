// Builds a tree of boxes: level by level, each node's rows halved along the widest side of their box.
#include "kd_tree.h"

#include <string.h>

enum { most_levels = 31 };

// Rough speed of one thread, to decide about waking others.
static const double nanoseconds_per_element = 2;

typedef struct {
  double key;
  uint32_t row;
} kd_item;

typedef struct {
  farro_kd_tree *tree;
  const void *x;
  size_t ldx, level;
  kd_item *items; // (n)
} kd_build;

static double element_of(const kd_build *b, size_t row, size_t column) {
  const size_t at = row * b->ldx + column;
  return b->tree->is_double ? ((const double *)b->x)[at] : (double)((const float *)b->x)[at];
}

static bool is_before(kd_item a, kd_item b) { return a.key < b.key || (a.key == b.key && a.row < b.row); }

// Brings the `wanted` smallest items to the front (C. A. R. Hoare, "Algorithm 65: find", 1961). No two are equal.
static void split(kd_item *items, size_t count, size_t wanted) {
  ptrdiff_t first = 0, last = (ptrdiff_t)count - 1;
  const ptrdiff_t place = (ptrdiff_t)wanted;
  uint32_t random = 1;
  while (first < last) {
    random = random * 1664525 + 1013904223;
    const kd_item pivot = items[first + (ptrdiff_t)(random >> 8) % (last - first + 1)];
    ptrdiff_t i = first, j = last;
    while (i <= j) {
      while (is_before(items[i], pivot)) i++;
      while (is_before(pivot, items[j])) j--;
      if (i > j) break;
      const kd_item item = items[i];
      items[i++] = items[j], items[j--] = item;
    }
    if (place <= j)
      last = j;
    else if (place >= i)
      first = i;
    else
      return;
  }
}

#define BOX(type, scalar)                                                                                              \
  static size_t box_##type(const kd_build *b, size_t first, size_t end, scalar *least) {                               \
    const size_t d = b->tree->d;                                                                                       \
    scalar *most = least + d;                                                                                          \
    for (size_t j = 0; j < 2 * d && first == end; j++) least[j] = 0;                                                   \
    for (size_t i = first; i < end; i++) {                                                                             \
      const scalar *row = (const scalar *)b->x + b->tree->order[i] * b->ldx;                                           \
      for (size_t j = 0; j < d; j++) {                                                                                 \
        least[j] = i == first || row[j] < least[j] ? row[j] : least[j];                                                \
        most[j] = i == first || row[j] > most[j] ? row[j] : most[j];                                                   \
      }                                                                                                                \
    }                                                                                                                  \
    size_t widest = 0;                                                                                                 \
    double width = 0;                                                                                                  \
    for (size_t j = 0; j < d; j++)                                                                                     \
      if ((double)most[j] / 2 - (double)least[j] / 2 > width)                                                          \
        widest = j, width = (double)most[j] / 2 - (double)least[j] / 2;                                                \
    return widest;                                                                                                     \
  }

BOX(f32, float)
BOX(f64, double)

static void build_nodes(void *context, size_t first, size_t last) {
  const kd_build *b = context;
  farro_kd_tree *t = b->tree;
  for (size_t place = first; place < last; place++) {
    const size_t start = kd_start(t, b->level, place), end = kd_start(t, b->level, place + 1);
    const size_t node = ((size_t)1 << b->level) - 1 + place;
    char *box = t->boxes + node * 2 * t->d * kd_element(t);
    const size_t widest = t->is_double ? box_f64(b, start, end, (double *)box) : box_f32(b, start, end, (float *)box);
    if (b->level == t->levels) continue;
    for (size_t i = start; i < end; i++) b->items[i] = (kd_item){element_of(b, t->order[i], widest), t->order[i]};
    split(b->items + start, end - start, kd_start(t, b->level + 1, 2 * place + 1) - start);
    for (size_t i = start; i < end; i++) t->order[i] = b->items[i].row;
  }
}

static void copy_rows(void *context, size_t first, size_t last) {
  const kd_build *b = context;
  const size_t bytes = b->tree->d * kd_element(b->tree), pitch = b->ldx * kd_element(b->tree);
  for (size_t i = first; i < last; i++)
    memcpy(b->tree->rows + i * bytes, (const char *)b->x + b->tree->order[i] * pitch, bytes);
}

static farro_status build(size_t n, size_t d, const void *x, size_t ldx, size_t leaf_size, bool is_double,
                          farro_kd_tree **tree) {
  if (d == 0 || leaf_size == 0 || n >= UINT32_MAX || !are_rows(n, d, ldx) || !can_exist(n, d, 4))
    return FARRO_ERROR_ARGUMENT;
  farro_kd_tree t = {.n = n, .d = d, .is_double = is_double};
  while (t.levels < most_levels && ceil_divide(n, (size_t)1 << t.levels) > leaf_size) t.levels++;
  const size_t nodes = ((size_t)2 << t.levels) - 1, element = kd_element(&t);
  if (!can_exist(nodes, 2 * d, 4)) return FARRO_ERROR_ARGUMENT;
  const size_t head = round_up(sizeof t, 64), rows = round_up(n * d * element, 64),
               boxes = round_up(nodes * 2 * d * element, 64);
  t.bytes = head + rows + boxes + n * sizeof *t.order;
  char *memory = farro_allocate(t.bytes);
  kd_item *items = farro_allocate(n * sizeof *items);
  if (!memory || !items) {
    farro_release(memory, t.bytes);
    farro_release(items, n * sizeof *items);
    return FARRO_ERROR_MEMORY;
  }
  t.rows = memory + head, t.boxes = t.rows + rows, t.order = (uint32_t *)(t.boxes + boxes);
  for (size_t i = 0; i < n; i++) t.order[i] = (uint32_t)i;
  kd_build b = {.tree = &t, .x = x, .ldx = ldx, .items = items};
  const double elements = (double)n * (double)(d + 4);
  for (b.level = 0; b.level <= t.levels; b.level++)
    farro_parallel_for((size_t)1 << b.level, ceil_divide((size_t)1 << b.level, 64), elements * nanoseconds_per_element,
                       build_nodes, &b);
  farro_parallel_for(n, 4096, elements * nanoseconds_per_element, copy_rows, &b);
  farro_release(items, n * sizeof *items);
  *(farro_kd_tree *)memory = t;
  *tree = (farro_kd_tree *)memory;
  return FARRO_OK;
}

farro_status farro_kd_tree_build_f32(size_t n, size_t d, const float *x, size_t ldx, size_t leaf_size,
                                     farro_kd_tree **tree) {
  return build(n, d, x, ldx, leaf_size, false, tree);
}

farro_status farro_kd_tree_build_f64(size_t n, size_t d, const double *x, size_t ldx, size_t leaf_size,
                                     farro_kd_tree **tree) {
  return build(n, d, x, ldx, leaf_size, true, tree);
}

void farro_kd_tree_release(farro_kd_tree *tree) {
  if (tree) farro_release(tree, tree->bytes);
}
