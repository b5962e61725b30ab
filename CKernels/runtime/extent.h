// Where the matrices of an operand lie, to refuse results that share memory with operands.
#ifndef FARRO_RUNTIME_EXTENT_H
#define FARRO_RUNTIME_EXTENT_H

#include "runtime.h"

typedef struct farro_extent {
  uintptr_t first, last; // the bytes between which they lie
  size_t batch, rows, columns, ld, stride, bytes;
  bool fits; // sizes and strides do not overflow
} farro_extent;

// `batch` matrices, `stride` elements of `bytes` bytes apart, of rows x columns, rows ld apart.
static inline farro_extent farro_extent_of(const void *base, size_t batch, size_t rows, size_t columns, size_t ld,
                                           size_t stride, size_t bytes) {
  farro_extent e = {.first = (uintptr_t)base, .last = (uintptr_t)base, .fits = true};
  if (batch == 0 || rows == 0 || columns == 0) return e;
  size_t count, more;
  const bool overflows = __builtin_mul_overflow(batch - 1, stride, &count) ||
                         __builtin_mul_overflow(rows - 1, ld, &more) || __builtin_add_overflow(count, more, &count) ||
                         __builtin_add_overflow(count, columns, &count) || __builtin_mul_overflow(count, bytes, &count);
  e.fits = !overflows && count <= PTRDIFF_MAX;
  if (e.fits) e.last += count;
  e.batch = batch, e.rows = rows, e.columns = columns, e.ld = ld, e.stride = stride, e.bytes = bytes;
  return e;
}

// Whether two operands whose bytes lie between one another share an element, or may do so.
bool farro_extents_interleave(farro_extent x, farro_extent y);

static inline bool farro_share_memory(const farro_extent *x, const farro_extent *y) {
  if (x->last <= y->first || y->last <= x->first) return false;
  return farro_extents_interleave(*x, *y);
}

#endif
