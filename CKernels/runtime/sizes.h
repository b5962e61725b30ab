// Arithmetic of sizes.
#ifndef FARRO_RUNTIME_SIZES_H
#define FARRO_RUNTIME_SIZES_H

#include <stddef.h>

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t larger(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }
static inline size_t round_up(size_t a, size_t unit) { return ceil_divide(a, unit) * unit; }

#endif
