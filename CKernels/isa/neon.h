// Advanced SIMD of arm64: 16-byte vectors, 32 registers, fused multiply-add.
#define FARRO_TABLE farro_kernels_neon
#define FARRO_MODEL_TABLE farro_model_kernels_neon
#define VECTOR_BYTES 16
#define VECTOR_REGISTERS 32
#define HAS_FMA 1
