// Entry of the probes: checks, shares of the threads, timing.
#include "probe.h"

#include "runtime/dispatch.h"
#include "runtime/parallel.h"

enum { most_threads = 1024, share_bytes = 1024 };

// Who ran when; the probe lasts from the first start to the last end.
typedef struct {
  double begin[most_threads], end[most_threads];
  int32_t members;
} timeline;

static double duration(const timeline *t) {
  double first = t->begin[0], last = t->end[0];
  for (int32_t i = 1; i < t->members; i++) {
    if (t->begin[i] < first) first = t->begin[i];
    if (t->end[i] > last) last = t->end[i];
  }
  return last - first;
}

// A result that nobody reads could be computed by nobody.
static volatile double sink;

// ---- arithmetic ----

typedef struct {
  double (*run)(size_t rounds);
  size_t rounds;
  timeline time;
} arithmetic_work;

static void run_arithmetic(void *context, int32_t member, int32_t members) {
  arithmetic_work *work = context;
  if (member == 0) work->time.members = members;
  work->time.begin[member] = farro_seconds();
  const double value = work->run(work->rounds);
  work->time.end[member] = farro_seconds();
  sink = value;
}

static farro_status probe_arithmetic(double (*run)(size_t), double operations_per_round, size_t rounds,
                                     farro_probe_result *result) {
  if (farro_threads() > most_threads) return FARRO_ERROR_ARGUMENT;
  arithmetic_work work = {.run = run, .rounds = rounds};
  farro_parallel_team(run_arithmetic, &work);
  *result = (farro_probe_result){
      .seconds = duration(&work.time),
      .amount = operations_per_round * (double)rounds * work.time.members,
      .threads = work.time.members,
  };
  return FARRO_OK;
}

farro_status farro_probe_fma_f32(size_t rounds, farro_probe_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return probe_arithmetic(kernels->probe->fma_f32, kernels->probe->flops_per_round_f32, rounds, result);
}

farro_status farro_probe_fma_f64(size_t rounds, farro_probe_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return probe_arithmetic(kernels->probe->fma_f64, kernels->probe->flops_per_round_f64, rounds, result);
}

farro_status farro_probe_dot_bf16(size_t rounds, farro_probe_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return probe_arithmetic(kernels->probe->dot_bf16, kernels->probe->operations_per_round_bf16, rounds, result);
}

farro_status farro_probe_dot_u8s8(size_t rounds, farro_probe_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  return probe_arithmetic(kernels->probe->dot_u8s8, kernels->probe->operations_per_round_u8s8, rounds, result);
}

// ---- traffic ----

static const struct {
  const char *name;
  size_t arrays;
} traffics[FARRO_TRAFFIC_COUNT] = {
    [FARRO_TRAFFIC_READ] = {"read", 1},         [FARRO_TRAFFIC_WRITE] = {"write", 1},
    [FARRO_TRAFFIC_WRITE_NT] = {"write_nt", 1}, [FARRO_TRAFFIC_COPY] = {"copy", 2},
    [FARRO_TRAFFIC_COPY_NT] = {"copy_nt", 2},   [FARRO_TRAFFIC_TRIAD] = {"triad", 3},
};

const char *farro_traffic_name(farro_traffic traffic) {
  return traffic >= 0 && traffic < FARRO_TRAFFIC_COUNT ? traffics[traffic].name : "none";
}

typedef struct {
  float (*sweep)(float *memory, size_t count);
  float *memory;
  size_t bytes, sweeps, arrays;
  size_t array_bytes; // of one array of one thread
  timeline time;
} traffic_work;

static size_t share(const traffic_work *work, int32_t members) {
  return work->bytes / ((size_t)members * work->arrays) / share_bytes * share_bytes;
}

static void run_traffic(void *context, int32_t member, int32_t members) {
  traffic_work *work = context;
  const size_t array_bytes = share(work, members), count = array_bytes / sizeof(float);
  float *mine = work->memory + (size_t)member * work->arrays * count;
  if (member == 0) {
    work->time.members = members;
    work->array_bytes = array_bytes;
  }
  float value = 0;
  work->time.begin[member] = farro_seconds();
  for (size_t sweep = 0; sweep < work->sweeps; sweep++) value += work->sweep(mine, count);
  work->time.end[member] = farro_seconds();
  sink = (double)value;
}

farro_status farro_probe_traffic(farro_traffic traffic, size_t bytes, size_t sweeps, void *memory,
                                 farro_probe_result *result) {
  const farro_kernels *kernels = farro_current_kernels();
  if (!kernels) return FARRO_ERROR_ISA;
  if (traffic < 0 || traffic >= FARRO_TRAFFIC_COUNT || (uintptr_t)memory % 64 || farro_threads() > most_threads)
    return FARRO_ERROR_ARGUMENT;
  traffic_work work = {.sweep = kernels->probe->traffic[traffic],
                       .memory = memory,
                       .bytes = bytes,
                       .sweeps = sweeps,
                       .arrays = traffics[traffic].arrays};
  if (share(&work, farro_threads()) == 0) return FARRO_ERROR_ARGUMENT;
  farro_parallel_team(run_traffic, &work);
  *result = (farro_probe_result){
      .seconds = duration(&work.time),
      .amount = (double)(work.array_bytes * work.arrays) * (double)sweeps * work.time.members,
      .threads = work.time.members,
  };
  return FARRO_OK;
}
