// AVX-512 F, BW, DQ, VL: Intel servers from Skylake-SP, AMD from Zen 4.
#define FARRO_TABLE farro_kernels_avx512
#define FARRO_MODEL_TABLE farro_model_kernels_avx512
#define VECTOR_BYTES 64
#define VECTOR_REGISTERS 32
#define HAS_FMA 1
#define HAS_F16C 1
#define MASKS_AVX512

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt"))),                 \
    apply_to = function)
