// The kernels of models, of one instruction set: farro_kernels.models, defined here so that only what uses them is
// compiled anew when one is added.
#ifndef FARRO_RUNTIME_MODEL_DISPATCH_H
#define FARRO_RUNTIME_MODEL_DISPATCH_H

#include "dispatch.h"

#include "bayes/bayes.h"
#include "boosting/boosting.h"
#include "least_squares/least_squares.h"
#include "linear_models/logistic.h"
#include "linear_models/sgd.h"
#include "spatial/kd_tree.h"
#include "svm/svm.h"

// isa/model_kernels.h fills one of these in each file isa/*_models.c.
struct farro_model_kernels {
  const bayes_kernels *bayes_f32, *bayes_f64;
  const cross_product_kernels *cross_products_f32, *cross_products_f64;
  const vector_kernels *vectors;
  const boosting_kernels *boosting;
  const logistic_kernels *logistic_f32, *logistic_f64;
  const sgd_kernels *sgd_f32, *sgd_f64;
  const kd_kernels *kd_f32, *kd_f64;
  const svm_kernels *svm_f32, *svm_f64;
  const svm_solver_kernels *svm_solver;
};

#endif
