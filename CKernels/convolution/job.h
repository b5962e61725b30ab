// A convolution that is ready to run, and the parts of its driver. They count in elements of whatever type the kernels
// compute in.
//
// Images and groups are numbered through: item = image * groups + group has its channels at x + item * group_channels
// planes, and its filters' results at y + item * group_filters planes.
#ifndef FARRO_CONVOLUTION_JOB_H
#define FARRO_CONVOLUTION_JOB_H

#include "linear_algebra/linear_algebra.h"
#include "matmul/matmul.h"
#include "windows.h"

typedef struct convolution_job {
  const convolution_kernels *kernels;
  const matmul_kernels *matmul;
  const linear_algebra_kernels *linear_algebra;
  const void *zero, *one;
  size_t batch, channels, filters, groups, group_channels, group_filters;
  window_grid grid;
  size_t taps, depth;     // of a window in one channel, and in the channels of a group
  size_t plane, outputs;  // elements of a channel of x, and of y
  const void *x, *weight; // y or its gradient is in `y`, in the order of the contract
  const void *bias;
  farro_activation activation;
  void *y, *result; // result: of the backward functions
  bool is_plain;    // each window is one element, and the outputs are the inputs' elements in order
} convolution_job;

static inline void *at(const convolution_job *job, const void *base, size_t index) {
  return (char *)base + index * job->kernels->element_bytes;
}

// A rough speed of one thread, to decide about waking others.
static inline double convolution_nanoseconds(const convolution_job *job) {
  const double sums = (double)job->batch * (double)job->filters * (double)job->outputs;
  return sums * ((double)job->depth / 60 + 0.1);
}

// Few filters for each channel: a matrix of windows would cost more to write than the product.
static inline bool is_depthwise(const convolution_job *job) {
  return job->group_channels == 1 && job->group_filters < 4;
}

// Jobs that have elements to compute; x, weight and y are as the function needs them.
farro_status convolution_forward(const convolution_job *job);
farro_status convolution_backward_x(const convolution_job *job);
farro_status convolution_backward_weight(const convolution_job *job);
farro_status convolution_backward_bias(const convolution_job *job);
farro_status depthwise_forward(const convolution_job *job);
farro_status depthwise_backward_x(const convolution_job *job);
farro_status depthwise_backward_weight(const convolution_job *job);

#endif
