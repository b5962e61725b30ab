// Arithmetic of sizes.
#ifndef FARRO_RUNTIME_SIZES_H
#define FARRO_RUNTIME_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }
static inline size_t round_up(size_t a, size_t unit) { return ceil_divide(a, unit) * unit; }

// Whether a b c elements of up to 8 bytes, and as many sums of two doubles, can be addressed. A size beyond that is a
// caller's mistake, often a negative number, and would overflow in what follows.
static inline bool can_exist(size_t a, size_t b, size_t c) {
  size_t elements;
  return !__builtin_mul_overflow(a, b, &elements) && !__builtin_mul_overflow(elements, c, &elements) &&
         elements <= PTRDIFF_MAX / 16;
}

// Whether `pitch` elements lie between the beginnings of rows of `columns`, which do not overlap.
static inline bool are_rows(size_t rows, size_t columns, size_t pitch) {
  return rows < 2 ? can_exist(rows, columns, 1) : pitch >= columns && can_exist(rows, pitch, 1);
}

#endif
