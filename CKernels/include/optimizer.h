// Steps of first-order optimizers over flat arrays, and clipping of gradients by their common norm.
//
// Arrays have n elements, need only their element's alignment, and must not overlap one another. n = 0 is legal.
// Parameters and state are updated in place, in one pass that reads the gradient, and reads and writes each other array
// once; O(n). No result depends on the number of threads.
//
// The formulas and the defaults are PyTorch's (torch.optim). Below p are the parameters, t = `step` counts from 1 (0 is
// FARRO_ERROR_ARGUMENT) and
//   g = gradient_scale gradient + weight_decay p,
// where gradient_scale undoes a scaled loss, or clips as farro_global_norm says. State arrays hold zeros before the
// first step. Options that are negative or NaN, or decay rates of 1 and more, are FARRO_ERROR_ARGUMENT; gradient_scale
// may be any number.
//
// Every element goes its own way: NaN or infinity in a gradient concerns its own parameter alone. Squares must not
// overflow or underflow the element type.
//
// Error bounds, with u = 2^-24 (f32) or 2^-53 (f64): let [e] be an expression with each of its terms replaced by the
// term's magnitude, exact numbers put for all others, and c = [a] / a where a is what a square root is taken of (0 for
// SGD; 1 unless weight decay cancels the gradient, or centered RMSProp variance). As long as c is below 2^-6 / u,
//   |state - exact| <= 16 u [state],   of RMSProp's momentum 16 (1 + c) u [state],
//   |p - exact| <= 3 u [p before] + 16 (1 + c) u [what is subtracted].
#ifndef FARRO_OPTIMIZER_H
#define FARRO_OPTIMIZER_H

#include "runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

// v = momentum v + (1 - dampening) g, undampened at t = 1
// p = p - learning_rate (nesterov ? g + momentum v : v)
//
// Without momentum v is g, and `velocity` is not touched and may be NULL. `nesterov` needs momentum and no dampening,
// else FARRO_ERROR_ARGUMENT.
//
// Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep
// learning", ICML 2013.
typedef struct farro_sgd_options {
  double learning_rate, momentum, dampening, weight_decay, gradient_scale;
  bool nesterov;
} farro_sgd_options;

FARRO_API farro_status farro_sgd_step_f32(const farro_sgd_options *options, uint64_t step, size_t n,
                                          const float *gradient, float *velocity, float *parameters);
FARRO_API farro_status farro_sgd_step_f64(const farro_sgd_options *options, uint64_t step, size_t n,
                                          const double *gradient, double *velocity, double *parameters);

// s = s + g^2
// p = p - learning_rate / (1 + (t - 1) learning_rate_decay) g / (sqrt(s) + epsilon)
//
// Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods for online learning and stochastic
// optimization", JMLR 12, 2011.
typedef struct farro_adagrad_options {
  double learning_rate, learning_rate_decay, epsilon, weight_decay, gradient_scale;
} farro_adagrad_options;

FARRO_API farro_status farro_adagrad_step_f32(const farro_adagrad_options *options, uint64_t step, size_t n,
                                              const float *gradient, float *square_sum, float *parameters);
FARRO_API farro_status farro_adagrad_step_f64(const farro_adagrad_options *options, uint64_t step, size_t n,
                                              const double *gradient, double *square_sum, double *parameters);

// s = smoothing s + (1 - smoothing) g^2
// m = smoothing m + (1 - smoothing) g                                   with `mean`; without, m = 0
// d = g / (sqrt(max(s - m^2, 0)) + epsilon)
// v = momentum v + d                                                    with momentum; without, v = d
// p = p - learning_rate v
//
// `mean` is NULL for the form that is not centered. Without momentum, `velocity` is not touched and may be NULL.
//
// Source: T. Tieleman, G. Hinton, "Lecture 6.5: RMSProp", Coursera, 2012; centered: A. Graves, arXiv:1308.0850, 2013.
typedef struct farro_rmsprop_options {
  double learning_rate, smoothing, epsilon, momentum, weight_decay, gradient_scale;
} farro_rmsprop_options;

FARRO_API farro_status farro_rmsprop_step_f32(const farro_rmsprop_options *options, size_t n, const float *gradient,
                                              float *square_mean, float *mean, float *velocity, float *parameters);
FARRO_API farro_status farro_rmsprop_step_f64(const farro_rmsprop_options *options, size_t n, const double *gradient,
                                              double *square_mean, double *mean, double *velocity, double *parameters);

// m = beta1 m + (1 - beta1) g
// s = beta2 s + (1 - beta2) g^2
// a = max(a, s)                                                         with `greatest` (AMSGrad); without, a = s
// p = p - learning_rate / (1 - beta1^t) m / (sqrt(a / (1 - beta2^t)) + epsilon)
//
// With decoupled_weight_decay (AdamW) g is without its decay, and p is first multiplied by
// 1 - learning_rate weight_decay. `greatest` is NULL without AMSGrad.
//
// Sources: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; I. Loshchilov, F. Hutter,
// "Decoupled weight decay regularization", ICLR 2019; S. Reddi, S. Kale, S. Kumar, "On the convergence of Adam and
// beyond", ICLR 2018.
typedef struct farro_adam_options {
  double learning_rate, beta1, beta2, epsilon, weight_decay, gradient_scale;
  bool decoupled_weight_decay;
} farro_adam_options;

FARRO_API farro_status farro_adam_step_f32(const farro_adam_options *options, uint64_t step, size_t n,
                                           const float *gradient, float *mean, float *square_mean, float *greatest,
                                           float *parameters);
FARRO_API farro_status farro_adam_step_f64(const farro_adam_options *options, uint64_t step, size_t n,
                                           const double *gradient, double *mean, double *square_mean, double *greatest,
                                           double *parameters);

// The root of the sum of all squares of `count` arrays of sizes[i] elements, 0 of none. Squares are added in double,
// scaled where they would overflow or underflow: finite elements have a finite norm if it is below 2^1024, and NaN or
// infinity among the elements is found in it. With b the number of blocks of 16384 elements,
//   |norm - exact| <= (1100 + b) 2^-53 norm.
// O(elements); work space of 16 bytes per block and array, FARRO_ERROR_MEMORY without it.
//
// A step with gradient_scale = min(1, most / (norm + 1e-6)) clips in the pass that it takes anyway.
FARRO_API farro_status farro_global_norm_f32(size_t count, const float *const *arrays, const size_t *sizes,
                                             double *norm);
FARRO_API farro_status farro_global_norm_f64(size_t count, const double *const *arrays, const size_t *sizes,
                                             double *norm);

// Multiplies all elements by most / (norm + 1e-6) where that is below 1 (or NaN), and tells the norm that they had, as
// torch.nn.utils.clip_grad_norm_ does. `norm` may be NULL; a `most` that is negative or NaN is FARRO_ERROR_ARGUMENT.
// The factor is rounded to the element type, and so is each product.
//
// Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
FARRO_API farro_status farro_clip_global_norm_f32(size_t count, float *const *arrays, const size_t *sizes, double most,
                                                  double *norm);
FARRO_API farro_status farro_clip_global_norm_f64(size_t count, double *const *arrays, const size_t *sizes, double most,
                                                  double *norm);

// The same as their definitions read, in double (long double for f64): the oracles of the tests.
FARRO_API farro_status farro_sgd_step_reference_f32(const farro_sgd_options *options, uint64_t step, size_t n,
                                                    const float *gradient, float *velocity, float *parameters);
FARRO_API farro_status farro_sgd_step_reference_f64(const farro_sgd_options *options, uint64_t step, size_t n,
                                                    const double *gradient, double *velocity, double *parameters);
FARRO_API farro_status farro_adagrad_step_reference_f32(const farro_adagrad_options *options, uint64_t step, size_t n,
                                                        const float *gradient, float *square_sum, float *parameters);
FARRO_API farro_status farro_adagrad_step_reference_f64(const farro_adagrad_options *options, uint64_t step, size_t n,
                                                        const double *gradient, double *square_sum, double *parameters);
FARRO_API farro_status farro_rmsprop_step_reference_f32(const farro_rmsprop_options *options, size_t n,
                                                        const float *gradient, float *square_mean, float *mean,
                                                        float *velocity, float *parameters);
FARRO_API farro_status farro_rmsprop_step_reference_f64(const farro_rmsprop_options *options, size_t n,
                                                        const double *gradient, double *square_mean, double *mean,
                                                        double *velocity, double *parameters);
FARRO_API farro_status farro_adam_step_reference_f32(const farro_adam_options *options, uint64_t step, size_t n,
                                                     const float *gradient, float *mean, float *square_mean,
                                                     float *greatest, float *parameters);
FARRO_API farro_status farro_adam_step_reference_f64(const farro_adam_options *options, uint64_t step, size_t n,
                                                     const double *gradient, double *mean, double *square_mean,
                                                     double *greatest, double *parameters);
FARRO_API farro_status farro_global_norm_reference_f32(size_t count, const float *const *arrays, const size_t *sizes,
                                                       double *norm);
FARRO_API farro_status farro_global_norm_reference_f64(size_t count, const double *const *arrays, const size_t *sizes,
                                                       double *norm);

#ifdef __cplusplus
}
#endif
#endif
