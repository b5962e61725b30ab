// What the drivers of least squares need of one instruction set.
#ifndef FARRO_LEAST_SQUARES_LEAST_SQUARES_H
#define FARRO_LEAST_SQUARES_LEAST_SQUARES_H

#include "runtime.h"

// Sums of products of columns in one element type.
typedef struct cross_product_kernels {
  size_t element_bytes, lanes;
  size_t least_vectors, most_vectors; // of the width of a panel

  // `count` columns of a row: (from - center) factor root, with zeros up to `width`; pack_floats from float.
  void (*pack)(size_t count, size_t width, const void *from, const void *center, const void *factor, double root,
               void *to);
  void (*pack_floats)(size_t count, size_t width, const void *from, const void *center, const void *factor, double root,
                      void *to);

  // Adds the products of the first `count` columns of a panel of `vectors` vectors with all of another one to `to`; of
  // a panel with itself at least what lies on the diagonal and above.
  void (*multiply)(size_t rows, size_t vectors, size_t count, const void *left, const void *right, double *to,
                   size_t pitch);
} cross_product_kernels;

// Vectors of double, which factorizations of small matrices are made of.
typedef struct vector_kernels {
  double (*dot)(size_t n, const double *x, const double *y);
  void (*add)(size_t n, double factor, const double *x, double *y); // y += factor x
  double (*dot_floats)(size_t n, const float *x, const double *y);
  void (*add_floats)(size_t n, double factor, const float *x, double *y);
  void (*rotate)(size_t n, double cosine, double sine, double *x, double *y);      // x, y = c x + s y, c y - s x
  void (*pair)(size_t n, const double *x, const double *y, double products[3]);    // x x, x y, y y
  double (*update)(size_t n, double a, const double *x, double b, const double *y, // row += a x + b y,
                   const double *next, double *row);                               // and row next of what it becomes
} vector_kernels;

#endif
