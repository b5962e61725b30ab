// AVX2 with FMA, F16C and BMI2: Intel from Haswell (2013), AMD from Excavator and Zen.
#define FARRO_TABLE farro_kernels_avx2
#define FARRO_MODEL_TABLE farro_model_kernels_avx2
#define VECTOR_BYTES 32
#define VECTOR_REGISTERS 16
#define HAS_FMA 1
#define HAS_F16C 1
#define MASKS_AVX2

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
