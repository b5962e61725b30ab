// The table of kernels of one instruction set, and how entry functions get at it.
#ifndef FARRO_RUNTIME_DISPATCH_H
#define FARRO_RUNTIME_DISPATCH_H

#include "runtime.h"

#include "attention/attention.h"
#include "boxes/boxes.h"
#include "conversion/conversion.h"
#include "convolution/convolution.h"
#include "distance/bits.h"
#include "distance/codes.h"
#include "distance/distance.h"
#include "distance/neighbors.h"
#include "distance/sets.h"
#include "distance/sparse.h"
#include "elementwise/elementwise.h"
#include "embedding/embedding.h"
#include "hashing/crc.h"
#include "hashing/hashing.h"
#include "hashing/integers.h"
#include "matmul/low_precision.h"
#include "linear_algebra/linear_algebra.h"
#include "lists/lists.h"
#include "matmul/matmul.h"
#include "normalization/columns.h"
#include "normalization/normalization.h"
#include "optimizer/optimizer.h"
#include "probe/probe.h"
#include "ranking/ranking.h"
#include "reduction/reduction.h"
#include "sorting/sorting.h"
#include "random/random.h"
#include "softmax/softmax.h"
#include "scaling/scaling.h"
#include "sketch/counting.h"
#include "sketch/sketch.h"
#include "text/json.h"
#include "text/text.h"

typedef struct farro_model_kernels farro_model_kernels; // model_dispatch.h

// Every kernel of one instruction set. isa/kernels.h fills one of these in each file of isa/.
typedef struct farro_kernels {
  const hashing_kernels *hashing;
  const crc_kernels *crc_carryless, *crc_wide; // NULL, or for machines that farro_cpu_multiplies_carryless()
  const integer_hashing_kernels *integer_hashing;
  const probe_kernels *probe;
  const conversion_kernels *conversion;
  const text_kernels *text;
  const json_kernels *json;
  const sketch_kernels *sketch;
  const counting_kernels *counting;
  const matmul_kernels *matmul_f32, *matmul_f64;
  const low_precision_kernels *matmul_bf16, *matmul_f16, *matmul_u8s8;
  const elementwise_kernels *elementwise_f32, *elementwise_f64;
  const reduction_kernels *reduction_f32, *reduction_f64;
  const truth_kernels *truth;
  const scan_kernels *scan_f32, *scan_f64;
  const histogram_kernels *histogram_f32, *histogram_f64;
  const sorting_kernels *sorting_f32, *sorting_f64;
  const ranking_kernels *ranking_f32, *ranking_f64;
  const distance_kernels *distance_f32, *distance_f64;
  const row_kernels *rows_f32, *rows_f64, *rows_bf16, *rows_i8;
  select_kernel *select_f32, *select_f64;
  const assign_kernels *assign_f32, *assign_f64;
  const bit_kernels *bits, *bits_popcount; // the latter: NULL, or for machines that farro_cpu_counts_bits()
  const set_kernels *sets;
  const sparse_kernels *sparse_f32, *sparse_f64;
  const box_kernels *boxes_f32, *boxes_f64;
  const codes_kernels *codes;
  const lists_kernels *lists;
  const row_norm_kernels *row_norm_f32, *row_norm_f64, *row_norm_bf16;
  const group_norm_kernels *group_norm_f32, *group_norm_f64;
  const column_kernels *columns_f32, *columns_f64;
  const scaling_kernels *scaling_f32, *scaling_f64;
  const linear_algebra_kernels *linear_algebra_f32, *linear_algebra_f64;
  const optimizer_kernels *optimizer_f32, *optimizer_f64;
  const embedding_kernels *embedding_f32, *embedding_f64;
  const random_kernels *random_f32, *random_f64;
  random_kernel *random_words;
  const softmax_kernels *softmax_f32, *softmax_f64, *softmax_bf16;
  const loss_kernels *loss_f32, *loss_f64;
  const attention_kernels *attention_f32, *attention_f64;
  const convolution_kernels *convolution_f32, *convolution_f64;
  const farro_model_kernels *models;
} farro_kernels;

// The table that the current thread is to use; NULL when FARRO_ISA is unusable. Entry functions fetch it once per call,
// outside every loop.
const farro_kernels *farro_current_kernels(void);

// Whether a thread without a choice of its own has a table, now and from now on.
bool farro_process_has_kernels(void);

#endif
