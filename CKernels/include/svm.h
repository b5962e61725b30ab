// Support vector machines with kernels: the dual problems of classification and regression, and the sums that a fitted
// machine decides by.
#ifndef FARRO_SVM_H
#define FARRO_SVM_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// The similarity of two rows x and y.
typedef enum farro_svm_kernel {
  FARRO_SVM_LINEAR = 0,     // x y
  FARRO_SVM_POLYNOMIAL = 1, // (gamma x y + coef0)^degree
  FARRO_SVM_RBF = 2,        // exp(-gamma |x - y|^2)
  FARRO_SVM_SIGMOID = 3,    // tanh(gamma x y + coef0)
  FARRO_SVM_CUSTOM = 4,     // what `values` gives
} farro_svm_kernel;

// Writes the similarities of `count` rows, by their numbers, to the rows first, first + 1, ... of the data: value (i,
// j) goes to values[i * ld + j]. False ends the fit. Calls come from several threads at a time.
typedef bool (*farro_svm_values)(void *context, size_t count, const size_t *rows, size_t first, size_t columns,
                                 float *values, size_t ld);

typedef struct farro_svm_function {
  farro_svm_kernel kernel;
  double gamma, coef0; // finite
  int32_t degree;      // at least 0
  farro_svm_values values;
  void *context;
} farro_svm_function;

// One dual problem over some groups of the data's rows, whose rows it has one group behind the other. With n rows:
//
//   minimize 1/2 b' K b - y' b               subject to sum b = 0, 0 <= y_i b_i <= C_i   for classes, y_i = 1 or -1;
//   minimize 1/2 b' K b - y' b + epsilon |b| subject to sum b = 0, -C_i <= b_i <= C_i    for regression.
//
// It is solved `variants` times, with limits of their own: row i has C_i = limits[variant * n + i], and a row of C_i =
// 0 takes no part. Variants share the rows of K that are computed.
typedef struct farro_svm_problem {
  size_t first_group, second_group; // the latter beyond the groups: all groups, from 0 on
  bool is_regression;
  double epsilon;       // of regression, at least 0
  const double *y;      // n
  size_t variants;      // at least 1
  const double *limits; // (variants, n), at least 0

  double *b;           // (variants, n): the solution
  double *sums;        // (variants, n) or NULL: the decision of each row, the sum of b_j K(i, j) - rho
  double *rho;         // variants
  double *objective;   // variants
  int64_t *iterations; // variants: changes of two unknowns
  bool *has_converged; // variants: whether it ended by `tolerance`
} farro_svm_problem;

typedef struct farro_svm_options {
  double tolerance;       // above 0: the greatest violation of the optimality conditions that is left, as in LIBSVM
  int64_t max_iterations; // of each variant; negative: 10^7, or 100 n where that is more
  double cache_bytes;     // of rows of K that are kept, in all; at least two rows are
  bool shrinks;           // rows that stay at their limits are left out until the others are done
  bool (*is_cancelled)(void *context); // NULL, or asked now and then; true ends the fit
  void *context;
} farro_svm_options;

// Rows of data, and the groups that problems name.
typedef struct farro_svm_data {
  size_t n, d, ldx;     // ldx is at least d
  const size_t *order;  // n: rows, by group
  size_t groups;        // at least 1
  const size_t *starts; // groups + 1 places in `order`
} farro_svm_data;

typedef enum farro_svm_end { FARRO_SVM_SOLVED = 0, FARRO_SVM_CANCELLED = 1 } farro_svm_end;

// Solves `count` problems, several at a time. x must be finite.
//
// Values of K are computed in the type of x, from products and squared norms of rows less the mean of all (RBF,
// and linear, where that changes rho alone, which is put right), and kept as float, as in LIBSVM: a value's error is at
// most 2^-24 and (d + 6) u gamma (|x|^2 + |y|^2), u = 2^-24 or 2^-53. Everything else is double. The result does not
// depend on the number of threads.
//
// A working set of up to 256 unknowns is chosen, half of them the worst violators and half from the set before. Its
// rows of K come from one product; a small problem of these alone is solved by changing two unknowns at a time, chosen
// by second order; then all gradients are changed at once.
//
// O(rows of K that are needed, n d each, and n for each change of a working set's unknown) time. Memory beside the
// cache: as much as x, packed for the product, and O(256 (d + 256)) for each thread.
//
// Sources: R.-E. Fan, P.-H. Chen and C.-J. Lin, "Working set selection using second order information for training
// support vector machines", JMLR 6, 2005; T. Joachims, "Making large-scale SVM learning practical", 1999; Z. Wen and
// others, "ThunderSVM: a fast SVM library on GPUs and CPUs", JMLR 19, 2018.
FARRO_API farro_status farro_svm_solve_f32(const farro_svm_data *data, const float *x,
                                           const farro_svm_function *function, const farro_svm_options *options,
                                           size_t count, farro_svm_problem *problems, farro_svm_end *end);
FARRO_API farro_status farro_svm_solve_f64(const farro_svm_data *data, const double *x,
                                           const farro_svm_function *function, const farro_svm_options *options,
                                           size_t count, farro_svm_problem *problems, farro_svm_end *end);

// Weighted sums of similarities: for each of m queries and each group g of the support vectors, `functions` sums
//   out[(i * groups + g) * functions + f] = sum over vectors j of the group of coefficients[f * n + j] K(query i, j).
// data->order must be NULL: vectors lie group by group. The kernel must not be custom. Values of K are of the type of
// x; sums are of doubles. O(m n d) time; beside a packed copy of the vectors O(64 (d + 1024)) memory for each thread.
// Of the linear kernel all is double: the vectors are summed first, O((n + m groups) functions d) time and
// O(groups functions d) memory.
FARRO_API farro_status farro_svm_sums_f32(const farro_svm_data *data, const float *vectors,
                                          const farro_svm_function *function, size_t functions,
                                          const double *coefficients, size_t m, const float *queries, size_t ldq,
                                          double *out);
FARRO_API farro_status farro_svm_sums_f64(const farro_svm_data *data, const double *vectors,
                                          const farro_svm_function *function, size_t functions,
                                          const double *coefficients, size_t m, const double *queries, size_t ldq,
                                          double *out);

// The same by plain loops.
FARRO_API farro_status farro_svm_sums_reference_f32(const farro_svm_data *data, const float *vectors,
                                                    const farro_svm_function *function, size_t functions,
                                                    const double *coefficients, size_t m, const float *queries,
                                                    size_t ldq, double *out);
FARRO_API farro_status farro_svm_sums_reference_f64(const farro_svm_data *data, const double *vectors,
                                                    const farro_svm_function *function, size_t functions,
                                                    const double *coefficients, size_t m, const double *queries,
                                                    size_t ldq, double *out);

#ifdef __cplusplus
}
#endif
#endif
