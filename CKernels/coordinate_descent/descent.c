// Passes over the coordinates, each set to its minimum, and the duality gap that ends them.
#include "descent.h"

#include <math.h>

static double minimum_of(const descent *d, size_t j) {
  const double slope = d->gradient(d, j) + d->b[j] * d->squares[j];
  if (d->options->positive && slope < 0) return 0;
  const double size = fabs(slope) - d->l1;
  return size > 0 ? copysign(size, slope) / (d->squares[j] + d->l2) : 0;
}

// The primal objective minus that of a point of the dual, the residual scaled until it is feasible.
static double gap_of(const descent *d) {
  double products[2], most = 0, sum = 0, squares = 0, slopes = 0;
  d->residual(d, products);
  for (size_t j = 0; j < d->columns; j++) {
    const double slope = d->gradient(d, j) - d->l2 * d->b[j];
    most = fmax(most, d->options->positive ? slope : fabs(slope));
    sum += fabs(d->b[j]);
    squares += d->b[j] * d->b[j];
    slopes += (slope + d->l2 * d->b[j]) * (slope + d->l2 * d->b[j]);
  }
  if (d->l1 == 0 && d->l2 == 0) return slopes;
  if (d->l1 == 0) return products[0] + d->l2 / 2 * squares - products[1] + slopes / (2 * d->l2);
  const double part = most > d->l1 ? d->l1 / most : 1;
  return (1 + part * part) / 2 * (products[0] + d->l2 * squares) + d->l1 * sum - part * products[1];
}

// Splitmix64 (G. Steele, D. Lea, C. Flood, 2014).
static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// One pass. Returns whether a coefficient moved by more than the tolerance's part of the largest.
static bool pass(descent *d, uint64_t *random) {
  double most_move = 0, most = 0;
  for (size_t turn = 0; turn < d->columns; turn++) {
    const size_t j = d->options->random ? (size_t)(((unsigned __int128)next_random(random) * d->columns) >> 64) : turn;
    if (!(d->squares[j] > 0)) continue;
    const double before = d->b[j], now = minimum_of(d, j);
    if (now != before) d->move(d, j, now - before);
    d->b[j] = now;
    most_move = fmax(most_move, fabs(now - before));
    most = fmax(most, fabs(now));
  }
  return most_move > d->options->tolerance * most;
}

bool farro_descend(descent *d) {
  const double enough = d->options->tolerance * d->square_y;
  uint64_t random = d->options->seed;
  // A coefficient of a column without any elements has no meaning.
  for (size_t j = 0; j < d->columns; j++)
    if (!(d->squares[j] > 0)) d->b[j] = 0;
  d->gap = gap_of(d);
  d->iterations = 0;
  while (d->gap > enough && d->iterations < (int64_t)d->options->most_iterations) {
    if (d->options->cancelled && d->options->cancelled()) return false;
    const bool moved = pass(d, &random);
    d->iterations++;
    if (!moved || d->iterations == (int64_t)d->options->most_iterations) d->gap = gap_of(d);
  }
  return true;
}
