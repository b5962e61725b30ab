// Every kernel text but those of models (model_kernels.h), compiled for the instruction set of the file that includes
// this one, and the table that names them.
//
// A kernel joins here: include its text under each element type it serves, and put its functions into the table.
//
// With the checks of the undefined-behaviour sanitizer all texts take ten minutes to compile, so that only
// `make check-undefined` asks for them, in one instruction set.
#if __has_feature(undefined_behavior_sanitizer) && !defined(FARRO_SANITIZE_KERNELS)
  #pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
  #define UNSANITIZED
#endif

#include "simd/vector.h"
#include "simd/transpose.h"
#include "simd/math.h"
#include "simd/log.h"
#include "simd/trigonometry.h"
#include "simd/divergence.h"
#include "simd/activation.h"
#include "simd/reduce.h"
#include "simd/scan.h"
#include "simd/narrow.h"
#include "simd/dot.h"
#include "simd/philox.h"
#include "simd/popcount.h"
#include "simd/bytes.h"
#include "simd/words.h"
#include "simd/blocks.h"

#include "simd/float32.h"
#include "simd/rows.h"
#include "matmul/epilogue_kernels.h"
#include "matmul/pack_kernels.h"
#include "matmul/dot_kernels.h"
#include "matmul/matmul_kernels.h"
#include "elementwise/activation_kernels.h"
#include "elementwise/channel_kernels.h"
#include "elementwise/elementwise_kernels.h"
#include "reduction/reduction_kernels.h"
#include "reduction/scan_kernels.h"
#include "reduction/histogram_kernels.h"
#include "sorting/sorting_kernels.h"
#include "sorting/top_k_kernels.h"
#include "ranking/ranking_kernels.h"
#include "distance/distance_kernels.h"
#include "distance/row_kernels.h"
#include "distance/select_kernels.h"
#include "distance/assign_kernels.h"
#include "distance/sparse_kernels.h"
#include "boxes/boxes_kernels.h"
#include "normalization/row_norm_kernels.h"
#include "normalization/row_gradient_kernels.h"
#include "normalization/group_norm_kernels.h"
#include "normalization/columns_kernels.h"
#include "normalization/batch_norm_kernels.h"
#include "scaling/scaling_kernels.h"
#include "linear_algebra/linear_algebra_kernels.h"
#include "optimizer/optimizer_kernels.h"
#include "random/random_kernels.h"
#include "embedding/embedding_kernels.h"
#include "softmax/softmax_rows.h"
#include "softmax/softmax_kernels.h"
#include "softmax/softmax_columns_kernels.h"
#include "softmax/loss_kernels.h"
#include "attention/attention_kernels.h"
#include "attention/rotary_kernels.h"
#include "convolution/unfold_kernels.h"
#include "convolution/window_kernels.h"
#include "probe/probe_kernels.h"

#include "simd/float64.h"
#include "simd/rows.h"
#include "matmul/epilogue_kernels.h"
#include "matmul/pack_kernels.h"
#include "matmul/dot_kernels.h"
#include "matmul/matmul_kernels.h"
#include "elementwise/activation_kernels.h"
#include "elementwise/channel_kernels.h"
#include "elementwise/elementwise_kernels.h"
#include "reduction/reduction_kernels.h"
#include "reduction/scan_kernels.h"
#include "reduction/histogram_kernels.h"
#include "sorting/sorting_kernels.h"
#include "sorting/top_k_kernels.h"
#include "ranking/ranking_kernels.h"
#include "distance/distance_kernels.h"
#include "distance/row_kernels.h"
#include "distance/select_kernels.h"
#include "distance/assign_kernels.h"
#include "distance/sparse_kernels.h"
#include "boxes/boxes_kernels.h"
#include "normalization/row_norm_kernels.h"
#include "normalization/row_gradient_kernels.h"
#include "normalization/group_norm_kernels.h"
#include "normalization/columns_kernels.h"
#include "normalization/batch_norm_kernels.h"
#include "scaling/scaling_kernels.h"
#include "linear_algebra/linear_algebra_kernels.h"
#include "optimizer/optimizer_kernels.h"
#include "random/random_kernels.h"
#include "embedding/embedding_kernels.h"
#include "softmax/softmax_rows.h"
#include "softmax/softmax_kernels.h"
#include "softmax/softmax_columns_kernels.h"
#include "softmax/loss_kernels.h"
#include "attention/attention_kernels.h"
#include "attention/rotary_kernels.h"
#include "convolution/unfold_kernels.h"
#include "convolution/window_kernels.h"
#include "probe/probe_kernels.h"

#include "simd/bfloat16.h"
#include "simd/rows.h"
#include "distance/row_kernels.h"
#include "softmax/softmax_rows.h"
#include "softmax/softmax_kernels.h"
#include "softmax/softmax_columns_kernels.h"
#include "normalization/row_norm_kernels.h"
#include "normalization/row_gradient_kernels.h"

#include "simd/int8.h"
#include "distance/row_kernels.h"

#include "probe/dot_kernels.h"
#include "probe/traffic_kernels.h"

#include "random/words_kernels.h"

#include "conversion/conversion_kernels.h"
#include "matmul/low_precision_pack_kernels.h"
#include "matmul/low_precision_kernels.h"

#include "distance/codes_kernels.h"

#include "simd/lookup.h"
#include "simd/compress.h"
#include "lists/lists_kernels.h"

#include "hashing/xxh3_long.h"
#include "hashing/hashing_kernels.h"
#include "hashing/integers_kernels.h"

#include "text/text_kernels.h"
#include "text/json_kernels.h"
#include "sketch/sketch_kernels.h"
#include "sketch/counting_kernels.h"

#include "distance/bits_kernels.h"
#include "distance/sets_kernels.h"

#include "reduction/truth_kernels.h"

extern const farro_model_kernels FARRO_MODEL_TABLE;

const farro_kernels FARRO_TABLE = {
    .hashing = &hashing,
    .text = &text,
    .json = &json,
    .sketch = &sketch,
    .integer_hashing = &integer_hashing,
#if defined(__x86_64__) && VECTOR_BYTES > 16
    .crc_carryless = &farro_crc_carryless_avx2,
#elif defined(__aarch64__) && HAS_FMA
    .crc_carryless = &farro_crc_carryless_neon,
#endif
#if defined(MASKS_AVX512)
    .crc_wide = &farro_crc_carryless_avx512,
#endif
    .counting = &counting,
    .matmul_f32 = &matmul_f32,
    .matmul_f64 = &matmul_f64,
    .matmul_bf16 = &matmul_bf16,
    .matmul_f16 = &matmul_f16,
    .matmul_u8s8 = &matmul_u8s8,
    .elementwise_f32 = &elementwise_f32,
    .elementwise_f64 = &elementwise_f64,
    .reduction_f32 = &reduction_f32,
    .reduction_f64 = &reduction_f64,
    .truth = &truth,
    .scan_f32 = &scan_f32,
    .scan_f64 = &scan_f64,
    .histogram_f32 = &histogram_f32,
    .histogram_f64 = &histogram_f64,
    .sorting_f32 = &sorting_f32,
    .sorting_f64 = &sorting_f64,
    .ranking_f32 = &ranking_f32,
    .ranking_f64 = &ranking_f64,
    .distance_f32 = &distance_f32,
    .distance_f64 = &distance_f64,
    .rows_f32 = &rows_f32,
    .rows_f64 = &rows_f64,
    .rows_bf16 = &rows_bf16,
    .rows_i8 = &rows_i8,
    .select_f32 = select_f32,
    .select_f64 = select_f64,
    .assign_f32 = &assign_f32,
    .assign_f64 = &assign_f64,
    .bits = &bits,
#if defined(HAS_BF16_DOT)
    .bits_popcount = &farro_bit_kernels_popcount,
#endif
    .sets = &sets,
    .sparse_f32 = &sparse_f32,
    .sparse_f64 = &sparse_f64,
    .boxes_f32 = &boxes_f32,
    .boxes_f64 = &boxes_f64,
    .codes = &codes,
    .lists = &lists,
    .row_norm_f32 = &row_norm_f32,
    .row_norm_f64 = &row_norm_f64,
    .row_norm_bf16 = &row_norm_bf16,
    .group_norm_f32 = &group_norms_f32,
    .group_norm_f64 = &group_norms_f64,
    .columns_f32 = &columns_f32,
    .columns_f64 = &columns_f64,
    .scaling_f32 = &scaling_f32,
    .scaling_f64 = &scaling_f64,
    .conversion = &conversion_table,
    .linear_algebra_f32 = &linear_algebra_f32,
    .linear_algebra_f64 = &linear_algebra_f64,
    .optimizer_f32 = &optimizer_f32,
    .optimizer_f64 = &optimizer_f64,
    .random_f32 = &random_f32,
    .random_f64 = &random_f64,
    .random_words = random_words,
    .embedding_f32 = &embedding_f32,
    .embedding_f64 = &embedding_f64,
    .softmax_f32 = &softmax_f32,
    .softmax_f64 = &softmax_f64,
    .softmax_bf16 = &softmax_bf16,
    .loss_f32 = &loss_f32,
    .loss_f64 = &loss_f64,
    .attention_f32 = &attention_f32,
    .attention_f64 = &attention_f64,
    .convolution_f32 = &convolution_f32,
    .convolution_f64 = &convolution_f64,
    .probe = &probe,
    .models = &FARRO_MODEL_TABLE,
};

#if defined(UNSANITIZED)
  #pragma clang attribute pop
#endif
