// What every CPU of the architecture has: 16-byte vectors, multiply and add apart.
#define FARRO_TABLE farro_kernels_baseline
#define FARRO_MODEL_TABLE farro_model_kernels_baseline
#define VECTOR_BYTES 16
#define VECTOR_REGISTERS 16
#define HAS_FMA 0
