// What every kernel shares: status codes, CPU facts, choice of instruction set, threads and memory.
//
// Nothing has to be set up: the first call detects the CPU and chooses the best instruction set. All functions may be
// called from any thread at any time unless their comment says otherwise.
#ifndef FARRO_RUNTIME_H
#define FARRO_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
  #define FARRO_API __attribute__((visibility("default")))
#else
  #define FARRO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

// What a kernel answers. Sizes of arrays that no memory has, as a negative number becomes, are FARRO_ERROR_ARGUMENT.
// After FARRO_ERROR_ISA and FARRO_ERROR_ARGUMENT outputs are untouched; after FARRO_ERROR_MEMORY, what they hold is
// undefined.
typedef enum farro_status {
  FARRO_OK = 0,
  FARRO_ERROR_ISA = 1,      // FARRO_ISA names an instruction set that is unknown, or that this machine lacks
  FARRO_ERROR_ARGUMENT = 2, // a size, stride or option outside the range that the function's comment gives
  FARRO_ERROR_MEMORY = 3,   // no memory for the work space
  FARRO_ERROR_SINGULAR = 4, // a triangular matrix has a 0 on its diagonal
  FARRO_ERROR_NOT_POSITIVE_DEFINITE = 5,
} farro_status;

// One English sentence; for FARRO_ERROR_ISA it names the value of FARRO_ISA and the names that would be right.
// The text lives as long as the process.
FARRO_API const char *farro_status_message(farro_status status);

// ---- CPU -------------------------------------------------------------------------------------------------------

// Facts about this machine. A number that the machine does not tell is 0, a text is "unknown"; reading them never
// fails.
typedef struct farro_cpu {
  char name[64];         // brand, e.g. "AMD EPYC"
  char vendor[16];       // e.g. "AuthenticAMD"
  int32_t logical_cores; // online in this machine
  int32_t usable_cores;  // min(affinity of the process, CPU quota of its control group)
  int64_t l1d_bytes;     // data cache of one core
  int64_t l2_bytes;      // of one core
  int64_t l3_bytes;      // one instance, shared by several cores
  int64_t line_bytes;    // cache line
  int64_t memory_bytes;  // main memory
  double frequency_hz;   // best known maximum or nominal clock
} farro_cpu;

FARRO_API farro_cpu farro_cpu_facts(void);

// ---- instruction sets ------------------------------------------------------------------------------------------

// In order of preference, the best last. Every one that this library was built with and this CPU can run stays
// reachable.
typedef enum farro_isa {
  FARRO_ISA_BASELINE = 0,    // what every CPU of the architecture has (SSE2 on x86-64), without fused multiply-add
  FARRO_ISA_AVX2 = 1,        // AVX2 + FMA + F16C + BMI2
  FARRO_ISA_AVX512 = 2,      // AVX-512 F + BW + DQ + VL
  FARRO_ISA_AVX512_BF16 = 3, // the same + AVX512_BF16 + AVX512_VNNI: dot products of bf16 and of int8
  FARRO_ISA_NEON = 4,        // Advanced SIMD of arm64, with fused multiply-add
  FARRO_ISA_COUNT = 5,
  FARRO_ISA_NONE = -1,
} farro_isa;

// The name as FARRO_ISA takes it: "baseline", "avx2", "avx512", "avx512_bf16", "neon".
FARRO_API const char *farro_isa_name(farro_isa isa);

// FARRO_ISA_NONE for a name that is none of the above.
FARRO_API farro_isa farro_isa_named(const char *name);

// Whether this build contains the kernels of `isa` and this CPU and operating system can run them.
FARRO_API bool farro_isa_supported(farro_isa isa);

// The instruction set that a kernel called now from this thread uses: the thread's own choice (below), else FARRO_ISA,
// else the best supported. FARRO_ISA_NONE when FARRO_ISA is set to something unusable: kernels then answer
// FARRO_ERROR_ISA.
FARRO_API farro_isa farro_current_isa(void);

// Makes kernels called from this thread use `isa` (FARRO_ISA_NONE: back to the process's choice) and stores the
// previous choice in *previous, which may be NULL. FARRO_ERROR_ISA when this machine lacks it.
FARRO_API farro_status farro_set_local_isa(farro_isa isa, farro_isa *previous);

// ---- threads ---------------------------------------------------------------------------------------------------

// Threads that a kernel called now from this thread may use, itself included: the least of usable_cores,
// OMP_NUM_THREADS, the process's cap and the calling thread's cap; 1 in a build without OpenMP.
FARRO_API int32_t farro_threads(void);

// Caps every call of the process; 0 removes the cap. More than usable_cores has no effect.
// A negative count is FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_set_threads(int32_t count);

// Caps the calls made from this thread; 0 removes the cap. The previous cap goes to *previous, which may be NULL.
// A negative count is FARRO_ERROR_ARGUMENT.
FARRO_API farro_status farro_set_local_threads(int32_t count, int32_t *previous);

// Whether this build has OpenMP.
FARRO_API bool farro_has_openmp(void);

// Work that a caller brings: body(context, first, last) handles items first..<last.
typedef void (*farro_body)(void *context, size_t first, size_t last);

// Cuts 0..<count into ranges of `grain` items (the last may be shorter) and calls `body` once per range, on several
// threads when `nanoseconds`, the caller's estimate of the whole work on one thread, is well above the cost of waking
// them. The cut depends on count and grain alone, so a result that is combined per range does not depend on threads.
// Bodies run in any order and must not depend on one another. A call from inside a body runs serially, and so does a
// call made while another thread's work holds the team: concurrent callers never oversubscribe the machine.
FARRO_API void farro_parallel_for(size_t count, size_t grain, double nanoseconds, farro_body body, void *context);

// The measured cost of one fork and join on warm threads, in nanoseconds (0 when only one thread may run).
FARRO_API double farro_fork_join_nanoseconds(void);

// ---- memory ----------------------------------------------------------------------------------------------------

// Memory for at least `bytes` bytes, aligned to 64, contents undefined; NULL when there is none. Blocks of 64 KiB and
// more come from a pool that keeps released ones, because touching fresh pages costs more than most kernels.
// bytes = 0 gives a valid pointer.
FARRO_API void *farro_allocate(size_t bytes);

// Gives back what farro_allocate(bytes) returned; `bytes` must be the same. NULL is ignored.
FARRO_API void farro_release(void *pointer, size_t bytes);

typedef struct farro_pool_statistics {
  size_t held_bytes;  // kept for reuse now
  size_t limit_bytes; // most that is ever kept
  size_t hits;        // allocations served by a kept block
  size_t misses;      // allocations that went to the operating system
} farro_pool_statistics;

FARRO_API farro_pool_statistics farro_pool_facts(void);

// Most bytes to keep for reuse (default: an eighth of main memory, at most 4 GiB). What is held above it is freed.
FARRO_API void farro_pool_set_limit(size_t bytes);

// Frees kept blocks, largest first, until at most `bytes` are held.
FARRO_API void farro_pool_trim(size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
