// Histograms of leaves, and the best split of each column.
//
// A task has up to 8 columns, whose bins of a row are one word, and their cells, which fit the first cache: per row it
// loads that word and the row's gradients once, and adds to a cell of each column. A cell counts rows in the lowest 16
// bits of the sum of gradients, so that counts cost no addition of their own; 65535 rows at most go into it before it
// is emptied. Where hessians are constant, a cell is that one word, otherwise a pair with the sum of hessians.
#include <string.h>

#include "boosting.h"

#include "runtime/sizes.h"

enum { least_support = 10 };

static const double add_nanoseconds = 0.4, scan_nanoseconds = 2;

#define INLINED static inline __attribute__((always_inline))

// ---- cells ----

// Adds rows to cells: those that are named, or as many from `words` on. Words of rows to come are fetched ahead, as a
// leaf's rows are as good as random where it is small.
#define DEFINE_ADD(name, cell)                                                                                         \
  INLINED void add_##name(const uint64_t *words, const uint32_t *rows, size_t n, const cell *gradients, int shift,     \
                          cell *cells, const int width) {                                                              \
    for (size_t i = 0; i < n; i++) {                                                                                   \
      if (rows) __builtin_prefetch(words + rows[i + 24 < n ? i + 24 : i]);                                             \
      uint64_t word = words[rows ? rows[i] : i] >> shift;                                                              \
      const cell gradient = gradients[i];                                                                              \
      _Pragma("clang loop unroll(full)") for (int j = 0; j < width; j++, word >>= 8) {                                 \
        cells[j * boosting_bins + (word & 255)] += gradient;                                                           \
      }                                                                                                                \
    }                                                                                                                  \
  }                                                                                                                    \
  static void add_columns_##name(const uint64_t *words, const uint32_t *rows, size_t n, const cell *gradients,         \
                                 int shift, cell *cells, int width) {                                                  \
    switch (width) {                                                                                                   \
    case 1:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 1);                                                          \
      break;                                                                                                           \
    case 2:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 2);                                                          \
      break;                                                                                                           \
    case 3:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 3);                                                          \
      break;                                                                                                           \
    case 4:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 4);                                                          \
      break;                                                                                                           \
    case 5:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 5);                                                          \
      break;                                                                                                           \
    case 6:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 6);                                                          \
      break;                                                                                                           \
    case 7:                                                                                                            \
      add_##name(words, rows, n, gradients, shift, cells, 7);                                                          \
      break;                                                                                                           \
    default:                                                                                                           \
      add_##name(words, rows, n, gradients, shift, cells, 8);                                                          \
      break;                                                                                                           \
    }                                                                                                                  \
  }

DEFINE_ADD(singles, int64_t)
DEFINE_ADD(pairs, boosting_pair)

// Sums of more rows than cells take.
typedef struct {
  int64_t g[boosting_bins], h[boosting_bins], c[boosting_bins];
} wide_cells;

typedef union {
  boosting_pair pairs[boosting_group * boosting_bins];
  int64_t singles[boosting_group * boosting_bins];
} task_cells;

typedef struct {
  int64_t g, h, c;
} cell_sums;

// Takes a cell's sums, and leaves it empty.
INLINED cell_sums take(task_cells *cells, bool single, size_t at) {
  cell_sums sums = {0};
  int64_t word;
  if (single)
    word = cells->singles[at], cells->singles[at] = 0;
  else
    word = cells->pairs[at].x, sums.h = cells->pairs[at].y, cells->pairs[at] = (boosting_pair){0, 0};
  sums.c = word & 0xffff, sums.g = word >> 16;
  return sums;
}

INLINED void accumulate(task_cells *cells, const wide_cells *wide, size_t at, size_t bins, bool single,
                        bool counts_apart, int64_t *histogram) {
  const size_t padded = boosting_padded(bins);
  int64_t *g = histogram, *h = g + padded, *c = single ? h : h + padded;
  cell_sums sums = {0};
  for (size_t bin = 0; bin < padded; bin++) {
    if (bin < bins) {
      const cell_sums more = take(cells, single, at + bin);
      sums.g += more.g, sums.h += more.h, sums.c += more.c;
      if (wide) sums.g += wide->g[bin], sums.h += wide->h[bin], sums.c += wide->c[bin];
    }
    g[bin] = counts_apart ? sums.g : sums.g * 65536 + sums.c;
    if (!single) h[bin] = sums.h;
    if (counts_apart) c[bin] = sums.c;
  }
  take(cells, single, at + farro_boosting_missing_bin);
}

// The cumulative histograms of some columns of a leaf, which all stand in one group.
static void build(const boosting_children *w, const boosting_leaf *leaf, size_t begin, size_t end, task_cells *cells,
                  wide_cells *wide, int64_t *histogram) {
  const farro_booster *b = w->booster;
  const boosting_tree *t = w->tree;
  const size_t n = b->problem.rows, width = end - begin;
  const uint64_t *words = (const uint64_t *)b->bins + begin / boosting_group * n;
  const int shift = (int)(begin % boosting_group * 8);
  const uint32_t *rows = w->is_root ? NULL : t->rows + leaf->first;
  const bool single = b->constant_hessian, is_wide = leaf->count > boosting_cell_rows;
  if (is_wide) memset(wide, 0, width * sizeof *wide);
  for (size_t first = 0; first < leaf->count; first += boosting_cell_rows) {
    const size_t count = smaller(boosting_cell_rows, leaf->count - first);
    const uint64_t *from = rows ? words : words + first;
    const uint32_t *some = rows ? rows + first : NULL;
    if (single)
      add_columns_singles(from, some, count, (const int64_t *)t->ordered + first, shift, cells->singles, (int)width);
    else
      add_columns_pairs(from, some, count, (const boosting_pair *)t->ordered + first, shift, cells->pairs, (int)width);
    if (!is_wide || first + count == leaf->count) break;
    for (size_t j = 0; j < width; j++)
      for (size_t bin = 0; bin < boosting_bins; bin++) {
        const cell_sums sums = take(cells, single, j * boosting_bins + bin);
        wide[j].g[bin] += sums.g, wide[j].h[bin] += sums.h, wide[j].c[bin] += sums.c;
      }
  }
  for (size_t j = begin; j < end; j++) {
    const wide_cells *sums = is_wide ? wide + (j - begin) : NULL;
    const size_t at = (j - begin) * boosting_bins;
    if (single)
      accumulate(cells, sums, at, b->bin_counts[j], true, b->counts_apart, histogram + b->offsets[j]);
    else
      accumulate(cells, sums, at, b->bin_counts[j], false, b->counts_apart, histogram + b->offsets[j]);
  }
}

// ---- splits by categories ----

typedef struct {
  double order, g, h, c;
  uint16_t bin;
} category;

// By insertion, which is stable: equal ones stay in the order of their numbers.
static void sort_categories(category *all, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const category one = all[i];
    size_t at = i;
    for (; at > 0 && all[at - 1].order > one.order; at--) all[at] = all[at - 1];
    all[at] = one;
  }
}

static void split_categories(const boosting_scan *s, size_t bins, bool has_missing, boosting_split *split) {
  category all[boosting_bins];
  size_t used = 0;
  const double factor = s->c_all / s->h_all;
  for (size_t bin = 0; bin < bins + has_missing; bin++) {
    category one = {.bin = (uint16_t)(bin < bins ? bin : farro_boosting_missing_bin)};
    if (bin < bins) {
      one.g = s->g[bin] - (bin ? s->g[bin - 1] : 0), one.h = s->h[bin] - (bin ? s->h[bin - 1] : 0);
      one.c = s->c[bin] - (bin ? s->c[bin - 1] : 0);
    } else {
      one.g = s->g_all - s->g[bins - 1], one.h = s->h_all - s->h[bins - 1], one.c = s->c_all - s->c[bins - 1];
    }
    if (one.h * factor < least_support) continue;
    one.order = one.g / (one.h + least_support);
    all[used++] = one;
  }
  if (used < 2) return;
  sort_categories(all, used);
  size_t best = 0;
  bool best_descends = false, found = false;
  for (int descends = 0; descends < 2; descends++) {
    const size_t middle = (used + 1) / 2 - (size_t)descends;
    double g = 0, h = 0, c = 0;
    for (size_t i = 0; i < middle; i++) {
      const size_t at = descends ? used - 1 - i : i;
      g += all[at].g, h += all[at].h, c += all[at].c;
      const double gr = s->g_all - g, hr = s->h_all - h;
      if (c < s->min_samples || h < 1e-3) continue;
      if (s->c_all - c < s->min_samples || hr < 1e-3) break;
      const double left = boosting_value(g, h, s->l2, s->lower, s->upper),
                   right = boosting_value(gr, hr, s->l2, s->lower, s->upper), gain = s->loss - g * left - gr * right;
      if (!(gain > split->gain) || !(gain > 0)) continue;
      split->gain = gain, split->g = g, split->h = h, split->c = c, best = at, best_descends = descends, found = true;
    }
  }
  if (!found) return;
  memset(split->categories, 0, sizeof split->categories);
  for (size_t i = 0; i < used; i++)
    if (best_descends ? i >= best : i <= best) split->categories[all[i].bin / 32] |= 1u << (all[i].bin % 32);
  split->is_categorical = 1, split->bin = 0;
  split->missing_left = split->categories[7] >> 31;
}

// ---- the best split of a column ----

static void split_column(const farro_booster *b, const boosting_tree *t, const boosting_leaf *leaf, size_t column,
                         boosting_split *best) {
  const size_t bins = b->bin_counts[column], padded = boosting_padded(bins);
  const int64_t *sums = leaf->histogram + b->offsets[column];
  const bool single = b->constant_hessian, has_missing = b->has_missing[column];
  _Alignas(64) double g[boosting_bins], h[boosting_bins], c[boosting_bins];
  b->kernels->unpack(sums, padded, t->g_unit, g, b->counts_apart ? NULL : c);
  if (!single) b->kernels->unpack(sums += padded, padded, t->h_unit, h, NULL);
  if (b->counts_apart) b->kernels->unpack(sums + padded, padded, 1, c, NULL);
  boosting_scan s = {.g = g,
                     .h = single ? c : h,
                     .c = c,
                     .candidates = bins - 1 + has_missing,
                     .g_all = leaf->g,
                     .h_all = leaf->h,
                     .c_all = (double)leaf->count,
                     .loss = leaf->g * leaf->value,
                     .min_samples = (double)b->problem.min_samples_leaf,
                     .l2 = b->problem.l2,
                     .lower = leaf->lower,
                     .upper = leaf->upper,
                     .monotonic = b->monotonic ? b->monotonic[column] : 0};
  boosting_split found = {.gain = -1, .feature = (int32_t)column};
  if (b->is_categorical && b->is_categorical[column]) {
    split_categories(&s, bins, has_missing, &found);
  } else {
    size_t bin;
    double gain = b->kernels->scan(&s, 0, &bin);
    if (gain > 0)
      found.gain = gain, found.bin = (uint16_t)bin, found.g = s.g[bin], found.h = s.h[bin], found.c = s.c[bin];
    if (has_missing && bins > 1) {
      s.g_more = s.g_all - s.g[bins - 1], s.h_more = s.h_all - s.h[bins - 1], s.c_more = s.c_all - s.c[bins - 1];
      s.candidates = bins - 1, s.last_wins = true;
      gain = b->kernels->scan(&s, found.gain > 0 ? found.gain : 0, &bin);
      if (gain > 0) {
        found.gain = gain, found.bin = (uint16_t)bin, found.missing_left = 1;
        found.g = s.g[bin] + s.g_more, found.h = s.h[bin] + s.h_more, found.c = s.c[bin] + s.c_more;
      }
    }
  }
  if (found.gain > best->gain) *best = found;
}

// ---- columns of a node ----

static uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Lists the columns that may be split where a leaf stands: those of the sets that have all columns above it.
static size_t list_columns(const farro_booster *b, const boosting_tree *t, const boosting_leaf *leaf, uint32_t *to,
                           uint8_t *may) {
  const size_t d = b->problem.features;
  memset(may, !b->interactions, d);
  for (size_t set = 0; b->interactions && set < b->problem.interaction_sets; set++) {
    const uint8_t *own = b->interactions + set * d;
    bool has_all = true;
    for (uint32_t node = leaf->node; node > 0 && has_all; node = t->parents[node])
      has_all = own[t->nodes[t->parents[node]].feature];
    for (size_t j = 0; j < d && has_all; j++) may[j] |= own[j];
  }
  size_t count = 0;
  for (size_t j = 0; j < d; j++)
    if (may[j]) to[count++] = (uint32_t)j;
  return count;
}

// Marks the columns that a leaf considers: of those that it may, a shuffle's first, which depends on seed and leaf
// alone.
static void choose_columns(const boosting_children *w, const boosting_leaf *leaf, uint8_t *chosen) {
  const farro_booster *b = w->booster;
  uint32_t *order = w->tree->shuffled;
  const size_t count = list_columns(b, w->tree, leaf, order, chosen);
  const double wanted = ceil(b->problem.max_features * (double)count);
  uint64_t state = mixed(b->problem.seed + 0x9e3779b97f4a7c15u) ^
                   mixed(((uint64_t)b->iteration << 40) + ((uint64_t)w->tree->class << 24) + leaf->node + 1);
  memset(chosen, 0, b->problem.features);
  for (size_t j = 0; j < count && (double)j < wanted; j++) {
    state += 0x9e3779b97f4a7c15u;
    const size_t other = j + (size_t)(((unsigned __int128)mixed(state) * (count - j)) >> 64);
    const uint32_t column = order[other];
    order[other] = order[j], order[j] = column;
    chosen[column] = 1;
  }
}

// ---- tasks ----

static void run_tasks(void *context, size_t first, size_t last) {
  const boosting_children *w = context;
  const farro_booster *b = w->booster;
  const size_t d = b->problem.features;
  const uint8_t *chosen = b->chooses_columns ? w->tree->chosen : NULL;
  _Alignas(64) task_cells cells;
  wide_cells wide[boosting_group];
  memset(&cells, 0, sizeof cells);
  for (size_t task = first; task < last; task++) {
    const size_t begin = task * b->task_width, end = smaller(begin + b->task_width, b->problem.features);
    boosting_split *best = w->tree->best + 2 * task;
    best[0].gain = best[1].gain = -1;
    build(w, w->small, begin, end, &cells, wide, w->small->histogram);
    if (w->large && w->splits[1])
      for (size_t i = b->offsets[begin]; i < b->offsets[end]; i++) w->large->histogram[i] -= w->small->histogram[i];
    for (size_t j = begin; j < end; j++) {
      if (w->splits[0] && (!chosen || chosen[j])) split_column(b, w->tree, w->small, j, &best[0]);
      if (w->large && w->splits[1] && (!chosen || chosen[d + j])) split_column(b, w->tree, w->large, j, &best[1]);
    }
  }
}

void boosting_find_splits(boosting_children *w) {
  const farro_booster *b = w->booster;
  boosting_leaf *leaves[2] = {w->small, w->large};
  if (b->chooses_columns)
    for (int side = 0; side < 2; side++)
      if (leaves[side]) choose_columns(w, leaves[side], w->tree->chosen + (size_t)side * b->problem.features);
  const double d = (double)b->problem.features, bins = (double)b->histogram_words / 2;
  const double nanoseconds = add_nanoseconds * (double)w->small->count * d + scan_nanoseconds * bins;
  farro_parallel_for(b->tasks, 1, nanoseconds, run_tasks, w);
  for (int side = 0; side < 2; side++) {
    if (!leaves[side]) continue;
    leaves[side]->split.gain = -1;
    for (size_t task = 0; task < b->tasks; task++) {
      const boosting_split *split = &w->tree->best[2 * task + (size_t)side];
      if (split->gain > leaves[side]->split.gain) leaves[side]->split = *split;
    }
  }
}
