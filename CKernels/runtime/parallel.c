// All of Farro's OpenMP. One team serves the whole process: whoever finds it busy runs serially.
#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "cpu.h"

#ifdef FARRO_OPENMP
  #if defined(FARRO_DEBIAN_LIBOMP)
    #if !__has_include("/usr/lib/x86_64-linux-gnu/libomp5.so") &&                                                      \
                       !__has_include("/usr/lib/aarch64-linux-gnu/libomp5.so")
      #error                                                                                                           \
          "OpenMP runtime not found. Install it: apt-get install libomp-dev (or build without it: --disable-default-traits)"
    #endif
  #elif defined(__APPLE__)
    #if !__has_include("/opt/homebrew/opt/libomp/lib/libomp.dylib") &&                                                 \
                       !__has_include("/usr/local/opt/libomp/lib/libomp.dylib")
      #error "OpenMP runtime not found. Install it: brew install libomp (or build without it: --disable-default-traits)"
    #endif
  #elif !__has_include("/usr/lib64/libomp.so") && !__has_include("/usr/lib/libomp.so") &&                              \
                                                                 !__has_include("/usr/local/lib/libomp.so")
    #warning                                                                                                           \
        "OpenMP runtime not found in the usual places. If linking fails, install it: dnf install libomp-devel, pacman -S openmp (or build without it: --disable-default-traits)"
  #endif

// Declared here because no omp.h is where Swift's clang looks; the names are the OpenMP API's and libomp's own.
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);
extern int omp_get_max_threads(void);
extern void kmp_set_defaults(char const *settings);
extern void kmp_set_blocktime(int milliseconds);

static const bool has_openmp = true;
#else
static const bool has_openmp = false;
static int omp_get_max_threads(void) { return 1; }
#endif

// A worker spins this long for more work before it sleeps. Measured with libomp 14 on 2 cores: the default of 200 ms
// burns 9 ms of CPU in a 10 ms pause, 1 ms burns 1.1 ms, and 0 makes every region of a busy loop cost 8 us.
enum { block_time_milliseconds = 1 };

// What a region costs once the workers sleep: 43-60 us from call to join, measured on the same machine.
static const double cold_fork_join_nanoseconds = 50e3;

// New threads share their parent's core until the scheduler moves them, some 50 ms later; regions then cost 60 us. A
// warm one takes 1 us on 2 cores and 5 us on 4, so a measurement above this was of the scheduler.
static const double most_fork_join_nanoseconds = 5e3;

// It is taken again while calls turn on it, a few times, each so long after the last: what was 5 us in the first
// milliseconds is 1 us soon, and work of 4 to 20 us would never be shared.
enum { most_measurements = 8 };
static const double seconds_between_measurements = 0.02;

static int32_t default_threads = 1;
static _Atomic double fork_join_nanoseconds = 0;
static atomic_int process_cap = 0;
static _Thread_local int32_t local_cap = 0;
static atomic_bool team_busy = false;
static _Atomic double last_demand = 0;      // when a region was last run or wanted, in farro_seconds()
static _Atomic double last_measurement = 0; // of fork_join_nanoseconds
static atomic_int measurements = 0;         // taken
static pthread_once_t once = PTHREAD_ONCE_INIT;

double farro_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool farro_has_openmp(void) { return has_openmp; }

// ---- the team ----

#ifdef FARRO_OPENMP
// The calling thread's own choice, or FARRO_ISA_NONE.
static farro_isa local_isa(void) {
  farro_isa isa;
  farro_set_local_isa(FARRO_ISA_NONE, &isa);
  farro_set_local_isa(isa, NULL);
  return isa;
}
#endif

// Entry functions that a body calls use the caller's instruction set, on every thread.
static void run_team(int32_t threads, farro_team_body body, void *context) {
#ifdef FARRO_OPENMP
  const farro_isa isa = local_isa();
  kmp_set_blocktime(block_time_milliseconds); // of the calling thread, so it cannot be set once for all
  #pragma omp parallel num_threads(threads)
  {
  #pragma omp barrier
    farro_isa own;
    farro_set_local_isa(isa, &own);
    body(context, omp_get_thread_num(), omp_get_num_threads());
    farro_set_local_isa(own, NULL);
  }
  atomic_store_explicit(&last_demand, farro_seconds(), memory_order_relaxed);
#else
  (void)threads;
  body(context, 0, 1);
#endif
}

static void nothing(void *context, int32_t member, int32_t members) { (void)context, (void)member, (void)members; }

// The caller has the team.
static void measure_fork_join(void) {
  enum { rounds = 8 }; // the first wakes the workers
  for (int round = 0; round < rounds; round++) {
    const double begin = farro_seconds();
    run_team(default_threads, nothing, NULL);
    const double nanoseconds = 1e9 * (farro_seconds() - begin);
    if (nanoseconds < fork_join_nanoseconds) fork_join_nanoseconds = nanoseconds;
  }
  last_measurement = farro_seconds();
  measurements++;
}

static void start(void) {
#ifdef FARRO_OPENMP
  // By default libomp keeps a team for every thread that ever forked: 16 callers with a team of 4 left 52 threads
  // behind. Without these "hot teams" workers go back to one pool after each region, at 1.0 us a region instead of
  // 0.45.
  kmp_set_defaults("KMP_HOT_TEAMS_MAX_LEVEL=0");
#endif
  const int32_t wanted = omp_get_max_threads(), usable = farro_cpu_usable_cores(); // OMP_NUM_THREADS decides the former
  default_threads = !has_openmp ? 1 : wanted < usable ? wanted : usable;
  if (default_threads < 2) return;
  run_team(default_threads, nothing, NULL); // creates the threads
  fork_join_nanoseconds = most_fork_join_nanoseconds;
  measure_fork_join();
}

double farro_fork_join_nanoseconds(void) {
  pthread_once(&once, start);
  return fork_join_nanoseconds;
}

// ---- thread counts ----

int32_t farro_threads(void) {
  pthread_once(&once, start);
  int32_t threads = default_threads;
  const int32_t cap = atomic_load_explicit(&process_cap, memory_order_relaxed);
  if (cap > 0 && cap < threads) threads = cap;
  if (local_cap > 0 && local_cap < threads) threads = local_cap;
  return threads;
}

farro_status farro_set_threads(int32_t count) {
  if (count < 0) return FARRO_ERROR_ARGUMENT;
  atomic_store(&process_cap, count);
  return FARRO_OK;
}

farro_status farro_set_local_threads(int32_t count, int32_t *previous) {
  if (count < 0) return FARRO_ERROR_ARGUMENT;
  if (previous) *previous = local_cap;
  local_cap = count;
  return FARRO_OK;
}

// ---- running work ----

// False when another caller, or an outer body on this very thread, has the team.
static bool acquire_team(void) { return !atomic_exchange_explicit(&team_busy, true, memory_order_acquire); }

static void release_team(void) { atomic_store_explicit(&team_busy, false, memory_order_release); }

void farro_parallel_team(farro_team_body body, void *context) {
  const int32_t threads = farro_threads();
  if (threads < 2 || !acquire_team()) {
    body(context, 0, 1);
    return;
  }
  run_team(threads, body, context);
  release_team();
}

enum { cache_line = 64, most_shares = 64 };

// Neighbouring ranges, on a cache line of their own.
typedef struct {
  _Alignas(cache_line) atomic_size_t next; // range to hand out
  size_t end;
} share;

// Each member begins with its own share, the same for the next operation on the same arrays, so that what it left in
// its core's cache serves it: exp and ReLU of 4096 rows of 768 floats take 15% longer from one queue for all (two
// threads, Zen 5). Then it helps with the shares of others.
typedef struct {
  farro_body body;
  void *context;
  size_t count, grain;
  int32_t shares;
  share *of;
} range_work;

static void run_ranges(void *context, int32_t member, int32_t members) {
  (void)members;
  const range_work *work = context;
  for (int32_t i = 0; i < work->shares; i++) {
    share *from = &work->of[(member + i) % work->shares];
    for (;;) {
      const size_t range = atomic_fetch_add_explicit(&from->next, 1, memory_order_relaxed);
      if (range >= from->end) break;
      const size_t first = range * work->grain, left = work->count - first;
      work->body(work->context, first, first + (left < work->grain ? left : work->grain));
    }
  }
}

// Runs the work on so many threads, whose team is the caller's.
static void run_shared(range_work *work, int32_t threads) {
  share shares[most_shares];
  const size_t ranges = (work->count - 1) / work->grain + 1;
  work->shares = threads < most_shares ? threads : most_shares, work->of = shares;
  const size_t each = ranges / (size_t)work->shares, more = ranges % (size_t)work->shares; // that have one more
  for (size_t i = 0, first = 0; i < (size_t)work->shares; i++) {
    atomic_init(&shares[i].next, first);
    shares[i].end = first += each + (i < more);
  }
  if (threads > 1)
    run_team(threads, run_ranges, work);
  else
    run_ranges(work, 0, 1);
}

// Unless the work is too short for the best of teams.
static void measure_again(double nanoseconds) {
  const double least_nanoseconds = 2e3; // of work worth sharing
  if (nanoseconds < least_nanoseconds || measurements >= most_measurements) return;
  if (farro_seconds() - last_measurement < seconds_between_measurements || !acquire_team()) return;
  measure_fork_join();
  release_team();
}

// Half of the work is saved at best by a second thread, so it must be worth several forks. Workers that sleep cost
// more, but the caller works while they wake: there, the work need only be twice as long as the waking. Shorter work
// wakes them as well when it follows other such work closely: more of it is likely to come.
static bool is_worth_forking(double nanoseconds) {
  if (nanoseconds < 4 * fork_join_nanoseconds) measure_again(nanoseconds);
  if (nanoseconds < 4 * fork_join_nanoseconds) return false;
  const double now = farro_seconds(), last = atomic_load_explicit(&last_demand, memory_order_relaxed);
  atomic_store_explicit(&last_demand, now, memory_order_relaxed);
  return now - last < 1e-3 * block_time_milliseconds || nanoseconds > 2 * cold_fork_join_nanoseconds;
}

void farro_parallel_for(size_t count, size_t grain, double nanoseconds, farro_body body, void *context) {
  if (count == 0) return;
  range_work work = {.body = body, .context = context, .count = count, .grain = grain ? grain : 1};
  const int32_t threads = count > work.grain ? farro_threads() : 1;
  if (threads < 2 || !is_worth_forking(nanoseconds) || !acquire_team()) {
    run_shared(&work, 1);
    return;
  }
  run_shared(&work, threads);
  release_team();
}
