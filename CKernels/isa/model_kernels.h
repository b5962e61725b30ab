// The kernel texts of models, which build on those of kernels.h through its functions alone; a list of its own, because
// all texts in one file take a minute to compile.
//
// A kernel joins here: include its text under each element type it serves, and put its functions into the table.
#if __has_feature(undefined_behavior_sanitizer) && !defined(FARRO_SANITIZE_KERNELS)
  #pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
  #define UNSANITIZED
#endif

#include "simd/vector.h"
#include "simd/math.h"
#include "simd/log.h"
#include "simd/reduce.h"
#include "simd/four_sums.h"
#include "simd/wide.h"

#include "simd/float32.h"
#include "simd/rows.h"
#include "bayes/likelihood_kernels.h"
#include "bayes/bayes_kernels.h"
#include "least_squares/cross_products_kernels.h"
#include "linear_models/logistic_kernels.h"
#include "linear_models/sgd_kernels.h"
#include "spatial/kd_kernels.h"
#include "svm/svm_kernels.h"

#include "simd/float64.h"
#include "simd/rows.h"
#include "bayes/likelihood_kernels.h"
#include "bayes/bayes_kernels.h"
#define CROSS_PRODUCTS_OF_FLOATS
#include "least_squares/cross_products_kernels.h"
#include "linear_models/logistic_kernels.h"
#include "linear_models/sgd_kernels.h"
#include "least_squares/vectors_kernels.h"
#include "boosting/boosting_kernels.h"
#include "spatial/kd_kernels.h"
#include "svm/svm_kernels.h"
#include "svm/solver_kernels.h"

const farro_model_kernels FARRO_MODEL_TABLE = {
    .bayes_f32 = &bayes_table_f32,
    .bayes_f64 = &bayes_table_f64,
    .cross_products_f32 = &cross_products_table_f32,
    .cross_products_f64 = &cross_products_table_f64,
    .vectors = &vectors_table,
    .boosting = &boosting_table,
    .logistic_f32 = &logistic_f32,
    .logistic_f64 = &logistic_f64,
    .kd_f32 = &kd_table_f32,
    .kd_f64 = &kd_table_f64,
    .sgd_f32 = &sgd_f32,
    .sgd_f64 = &sgd_f64,
    .svm_f32 = &svm_f32,
    .svm_f64 = &svm_f64,
    .svm_solver = &svm_solver,
};

#if defined(UNSANITIZED)
  #pragma clang attribute pop
#endif
