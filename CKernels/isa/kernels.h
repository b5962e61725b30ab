// Every kernel text, compiled for the instruction set of the file that includes this one, and the table that names
// them.
//
// A kernel joins here: include its text under each element type it serves, and put its functions into the table.
#include "simd/vector.h"
#include "simd/transpose.h"
#include "simd/math.h"
#include "simd/reduce.h"
#include "simd/narrow.h"
#include "simd/dot.h"

#include "simd/float32.h"
#include "matmul/epilogue_kernels.h"
#include "matmul/pack_kernels.h"
#include "matmul/dot_kernels.h"
#include "matmul/matmul_kernels.h"
#include "elementwise/elementwise_kernels.h"
#include "elementwise/reduction_kernels.h"
#include "distance/distance_kernels.h"
#include "normalization/normalization_kernels.h"
#include "normalization/columns_kernels.h"
#include "normalization/batch_norm_kernels.h"
#include "scaling/scaling_kernels.h"
#include "linear_algebra/linear_algebra_kernels.h"
#include "probe/probe_kernels.h"

#include "simd/float64.h"
#include "matmul/epilogue_kernels.h"
#include "matmul/pack_kernels.h"
#include "matmul/dot_kernels.h"
#include "matmul/matmul_kernels.h"
#include "elementwise/elementwise_kernels.h"
#include "elementwise/reduction_kernels.h"
#include "distance/distance_kernels.h"
#include "normalization/normalization_kernels.h"
#include "normalization/columns_kernels.h"
#include "normalization/batch_norm_kernels.h"
#include "scaling/scaling_kernels.h"
#include "linear_algebra/linear_algebra_kernels.h"
#include "probe/probe_kernels.h"

#include "probe/traffic_kernels.h"

#include "conversion/conversion_kernels.h"
#include "matmul/low_precision_kernels.h"

#include "hashing/hashing_kernels.h"

const farro_kernels FARRO_TABLE = {
    .hashing = &hashing,
    .matmul_f32 = &matmul_f32,
    .matmul_f64 = &matmul_f64,
    .matmul_bf16 = &matmul_bf16,
    .matmul_f16 = &matmul_f16,
    .matmul_u8s8 = &matmul_u8s8,
    .elementwise_f32 = &elementwise_f32,
    .elementwise_f64 = &elementwise_f64,
    .reduction_f32 = &reduction_f32,
    .reduction_f64 = &reduction_f64,
    .distance_f32 = &distance_f32,
    .distance_f64 = &distance_f64,
    .normalization_f32 = &normalization_f32,
    .normalization_f64 = &normalization_f64,
    .columns_f32 = &columns_f32,
    .columns_f64 = &columns_f64,
    .scaling_f32 = &scaling_f32,
    .scaling_f64 = &scaling_f64,
    .conversion = &conversion_table,
    .linear_algebra_f32 = &linear_algebra_f32,
    .linear_algebra_f64 = &linear_algebra_f64,
    .probe = &probe,
};
