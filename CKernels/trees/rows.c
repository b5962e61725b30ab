// What a tree learns from: rows that were drawn, their weights, numbers as whole ones.
#include <math.h>
#include <string.h>

#include "growing.h"

#include "runtime/sizes.h"

farro_status farro_tree_draw(size_t n, size_t draws, uint64_t seed, size_t tree, uint32_t *counts) {
  if (n > INT32_MAX || !can_exist(n, 1, 1)) return FARRO_ERROR_ARGUMENT;
  memset(counts, 0, n * sizeof *counts);
  const uint64_t key = mix(mix(seed) ^ mix(~(uint64_t)tree));
  for (size_t i = 0; n > 0 && i < draws; i++) counts[below(mix(key + i), (uint32_t)n)]++;
  return FARRO_OK;
}

// The middle of an output's range: a mean would depend on the order of rows.
static double middle_of(const tree_rows *r, size_t output) {
  const tree_problem *p = r->problem;
  double least = INFINITY, greatest = -INFINITY;
  for (size_t i = 0; i < r->count; i++) {
    const double y = p->y[r->rows[i] * p->outputs + output];
    least = fmin(least, y);
    greatest = fmax(greatest, y);
  }
  return least / 2 + greatest / 2;
}

// Whole numbers whose sums are exact and below 2^62: the order of rows does not matter. All outputs share one unit, as
// their decreases of variance are added up.
static void make_whole(tree_rows *r) {
  const tree_problem *p = r->problem;
  const size_t outputs = p->outputs;
  double size = 0;
  for (size_t o = 0; o < outputs; o++) {
    const double middle = middle_of(r, o);
    for (size_t i = 0; i < r->count; i++) {
      const size_t row = r->rows[i];
      size = fmax(size, fabs((p->y[row * outputs + o] - middle) * (r->weights ? r->weights[row] : 1)));
    }
  }
  int exponent = 0;
  (void)frexp(size * (double)r->count, &exponent);
  r->unit = ldexp(1, exponent < -900 ? 961 : 61 - exponent);
  for (size_t o = 0; o < outputs; o++) {
    const double middle = middle_of(r, o);
    for (size_t i = 0; i < r->count; i++) {
      const size_t row = r->rows[i];
      const double y = (p->y[row * outputs + o] - middle) * (r->weights ? r->weights[row] : 1);
      r->numbers[row * outputs + o] = (int64_t)rint(y * r->unit);
    }
  }
}

// A class of each tree weighs as much as any other.
static void balance(tree_rows *r, double *totals) {
  const tree_problem *p = r->problem;
  memset(totals, 0, p->outputs * sizeof *totals);
  double all = 0, occurring = 0;
  for (size_t i = 0; i < r->count; i++) {
    totals[p->classes[r->rows[i]]] += r->weights[r->rows[i]];
    all += r->weights[r->rows[i]];
  }
  for (size_t k = 0; k < p->outputs; k++) occurring += totals[k] > 0;
  for (size_t i = 0; i < r->count; i++) {
    const size_t row = r->rows[i];
    r->weights[row] *= all / (occurring * totals[p->classes[row]]);
  }
}

// The rows of weight above 0, and what each weighs.
static void take_rows(tree_rows *r, const uint32_t *counts) {
  const tree_problem *p = r->problem;
  const bool has_classes = p->criterion != FARRO_TREE_SQUARED_ERROR;
  for (size_t i = 0; i < p->table->n; i++) {
    const double given = p->weights ? p->weights[i] : 1, weight = counts ? given * counts[i] : given;
    if (!(weight > 0)) continue;
    r->rows[r->count++] = (uint32_t)i;
    if (r->weights) r->weights[i] = weight;
    if (has_classes) r->info[i] = (uint32_t)p->classes[i] | (p->is_whole ? (uint32_t)weight << whole_weight_bits : 0);
  }
}

// Where weights are whole: what counts rows of a class finds them side by side.
static void order_by_class(tree_rows *r, uint32_t *spare, uint32_t *starts) {
  const tree_problem *p = r->problem;
  memset(starts, 0, (p->outputs + 1) * sizeof *starts);
  for (size_t i = 0; i < r->count; i++) starts[p->classes[r->rows[i]] + 1]++;
  for (size_t k = 0; k < p->outputs; k++) starts[k + 1] += starts[k];
  for (size_t i = 0; i < r->count; i++) spare[starts[p->classes[r->rows[i]]]++] = r->rows[i];
  memcpy(r->rows, spare, r->count * sizeof *spare);
}

farro_status rows_create(tree_rows *r, const tree_problem *p, size_t tree) {
  const size_t n = p->table->n, outputs = p->outputs;
  const bool has_classes = p->criterion != FARRO_TREE_SQUARED_ERROR, is_drawn = p->options.draws > 0;
  const bool has_weights = has_classes ? !p->is_whole : p->weights || is_drawn;
  *r = (tree_rows){.problem = p, .key = mix(mix(p->options.seed) ^ mix((uint64_t)tree + ((uint64_t)1 << 63)))};
  const size_t numbers = has_classes ? 0 : n * outputs * sizeof *r->numbers, weights = has_weights ? n * 8 : 0;
  r->bytes = numbers + weights + (outputs + 1) * sizeof(double) + 3 * n * sizeof(uint32_t);
  char *memory = r->memory = farro_allocate(r->bytes);
  if (!memory) return FARRO_ERROR_MEMORY;
  r->numbers = (int64_t *)memory;
  r->weights = has_weights ? (double *)(memory + numbers) : NULL;
  double *totals = (double *)(memory + numbers + weights);
  r->rows = (uint32_t *)(totals + outputs + 1);
  r->info = r->rows + n;
  uint32_t *counts = r->info + n;
  if (is_drawn) farro_tree_draw(n, p->options.draws, p->options.seed, tree, counts);
  take_rows(r, is_drawn ? counts : NULL);
  // Where all that was drawn weighs nothing, it is as if nothing had been drawn.
  if (r->count == 0) take_rows(r, NULL);
  if (has_classes && p->is_whole) order_by_class(r, counts, (uint32_t *)totals);
  if (has_classes && p->options.balanced) balance(r, totals);
  for (size_t i = 0; i < r->count; i++) {
    const size_t row = r->rows[i];
    r->all_weight += has_weights ? r->weights[row] : has_classes ? (double)(r->info[row] >> whole_weight_bits) : 1;
  }
  if (!has_classes) make_whole(r);
  return FARRO_OK;
}

void rows_release(tree_rows *rows) {
  if (rows->memory) farro_release(rows->memory, rows->bytes);
}
