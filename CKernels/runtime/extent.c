// Blocks of one matrix may interleave: their ranges of addresses overlap, and yet they share nothing.
#include "extent.h"

// Whether `first` bytes at x and `second` bytes at y meet when both repeat every `period` bytes.
static bool meet(uintptr_t x, size_t first, uintptr_t y, size_t second, size_t period) {
  const size_t shift = (y % period + period - x % period) % period;
  return shift < first || shift + second > period;
}

static farro_extent simplified(farro_extent e) {
  if (e.rows == 1) e.rows = e.batch, e.ld = e.stride, e.batch = 1; // rows of a batch are rows
  return e;
}

static size_t span_of(farro_extent e) { return ((e.rows - 1) * e.ld + e.columns) * e.bytes; }

static bool is_on_grid(farro_extent e) { return e.ld > 0 && (e.batch == 1 || e.stride % e.ld == 0); }

bool farro_extents_interleave(farro_extent x, farro_extent y) {
  x = simplified(x), y = simplified(y);
  if (x.rows == 1) x.ld = y.ld; // a single row lies on any grid
  if (y.rows == 1) y.ld = x.ld;
  const size_t pitch = x.ld * x.bytes;
  if (pitch == y.ld * y.bytes && is_on_grid(x) && is_on_grid(y) &&
      !meet(x.first, x.columns * x.bytes, y.first, y.columns * y.bytes, pitch))
    return false;
  const size_t stride = x.stride * x.bytes;
  if (x.batch > 1 && y.batch > 1 && stride > 0 && stride == y.stride * y.bytes)
    return meet(x.first, span_of(x), y.first, span_of(y), stride);
  return true;
}
