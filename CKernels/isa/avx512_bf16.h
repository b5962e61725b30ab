// AVX-512 with dot products of bf16 (AVX512_BF16) and of 8-bit integers (AVX512_VNNI): Intel servers from Cooper Lake
// (2020), AMD from Zen 4.
#define FARRO_TABLE farro_kernels_avx512_bf16
#define FARRO_MODEL_TABLE farro_model_kernels_avx512_bf16
#define VECTOR_BYTES 64
#define VECTOR_REGISTERS 32
#define HAS_FMA 1
#define HAS_F16C 1
#define HAS_BF16_DOT 1
#define HAS_VNNI 1
#define MASKS_AVX512

#pragma clang attribute push(                                                                                          \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx512vnni,avx2,fma,f16c,bmi,bmi2,lzcnt,"     \
                          "popcnt"))),                                                                                 \
    apply_to = function)
