#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

// Whether `holds` does in a child, which has five seconds.
static bool holds_in_child(bool (*holds)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    _exit(holds() ? 0 : 1);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void check_instruction_sets(void) {
  EXPECT(farro_isa_named("baseline") == FARRO_ISA_BASELINE, "baseline has no name");
  EXPECT(farro_isa_named("sse9") == FARRO_ISA_NONE, "an unknown name is accepted");
  EXPECT(farro_isa_supported(FARRO_ISA_BASELINE), "baseline is unsupported");
  farro_isa previous;
  EXPECT(farro_set_local_isa(FARRO_ISA_BASELINE, &previous) == FARRO_OK && previous == FARRO_ISA_NONE, "previous ISA");
  EXPECT(farro_current_isa() == FARRO_ISA_BASELINE, "the thread's choice is not used");
  farro_set_local_isa(previous, NULL);
}

// One thread's own choice must not let another one's calls pass.
static bool is_refused(void) {
  setenv("FARRO_ISA", "nonsense", 1);
  uint64_t hash;
  if (farro_xxh3_64("a", 1, 0, &hash) != FARRO_ERROR_ISA) return false;
  farro_set_local_isa(FARRO_ISA_BASELINE, NULL);
  if (farro_xxh3_64("a", 1, 0, &hash) != FARRO_OK || hash != farro_xxh3_reference_64("a", 1, 0, NULL, 0)) return false;
  farro_set_local_isa(FARRO_ISA_NONE, NULL);
  return farro_xxh3_64("a", 1, 0, &hash) == FARRO_ERROR_ISA &&
         strstr(farro_status_message(FARRO_ERROR_ISA), "FARRO_ISA=nonsense") != NULL;
}

void check_refusal(void) { EXPECT(holds_in_child(is_refused), "an unusable FARRO_ISA passes unseen"); }

static void check_facts(void) {
  const farro_cpu cpu = farro_cpu_facts();
  EXPECT(cpu.name[0] && cpu.vendor[0], "a text is empty");
  EXPECT(cpu.usable_cores >= 1, "no usable core");
  EXPECT(cpu.frequency_hz >= 0 && cpu.l1d_bytes >= 0 && cpu.l3_bytes >= 0, "a negative fact");
}

// ---- parallel ----

typedef struct {
  size_t grain;
  uint8_t visits[1000];
} visits;

static void visit(void *context, size_t first, size_t last) {
  visits *v = context;
  EXPECT(first % v->grain == 0 && last - first <= v->grain, "range %zu..<%zu of grain %zu", first, last, v->grain);
  for (size_t i = first; i < last; i++) v->visits[i]++;
}

static void check_ranges(void) {
  for (size_t count = 0; count <= 1000; count = count * 3 + 1)
    for (size_t grain = 1; grain <= 64; grain *= 4)
      for (int parallel = 0; parallel < 2; parallel++) {
        visits v = {.grain = grain};
        farro_parallel_for(count, grain, parallel ? 1e9 : 0, visit, &v);
        bool once = true;
        for (size_t i = 0; i < 1000; i++) once = once && v.visits[i] == (i < count);
        EXPECT(once, "%zu items by %zu are not each visited once", count, grain);
      }
}

static void note_isa(void *context, size_t first, size_t last) {
  usleep(1000); // long enough for each thread to take part
  for (size_t i = first; i < last; i++) ((farro_isa *)context)[i] = farro_current_isa();
}

// A body's calls run by the caller's instruction set on every thread, and do not leave it behind there.
static void check_team_isa(void) {
  const farro_isa own = farro_current_isa(), asked[] = {FARRO_ISA_BASELINE, FARRO_ISA_NONE};
  for (int i = 0; i < 2; i++) {
    farro_isa used[16], previous;
    farro_set_local_isa(asked[i], &previous);
    farro_parallel_for(16, 1, 1e9, note_isa, used);
    farro_set_local_isa(previous, NULL);
    const farro_isa wanted = asked[i] == FARRO_ISA_NONE ? own : asked[i];
    for (int k = 0; k < 16; k++)
      EXPECT(used[k] == wanted, "a thread of the team uses %s, not %s", farro_isa_name(used[k]),
             farro_isa_name(wanted));
  }
}

static void nest(void *context, size_t first, size_t last) {
  (void)first, (void)last;
  farro_parallel_for(1000, 7, 1e9, visit, context);
}

static void *call_from_thread(void *context) {
  for (int i = 0; i < 200; i++) {
    visits *v = context;
    memset(v->visits, 0, sizeof v->visits);
    nest(v, 0, 1);
  }
  return NULL;
}

static size_t thread_count(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  size_t threads = 0;
  while (status && fgets(line, sizeof line, status)) sscanf(line, "Threads: %zu", &threads);
  if (status) fclose(status);
  return threads;
}

static pthread_barrier_t all_called, counted;

static void *call_and_stay(void *context) {
  call_from_thread(context);
  pthread_barrier_wait(&all_called);
  pthread_barrier_wait(&counted);
  return NULL;
}

// However many threads have called, no more than callers + team - 1 exist.
static void check_callers(void) {
  enum { callers = 12 };
  static visits each[callers];
  const size_t before = thread_count(); // an emulator has threads of its own
  pthread_t threads[callers];
  pthread_barrier_init(&all_called, NULL, callers + 1);
  pthread_barrier_init(&counted, NULL, callers + 1);
  for (int i = 0; i < callers; i++) {
    each[i].grain = 7;
    pthread_create(&threads[i], NULL, call_and_stay, &each[i]);
  }
  pthread_barrier_wait(&all_called);
  const size_t most = before + callers + (size_t)farro_threads() - 1, now = thread_count();
  EXPECT(now <= most, "%zu threads after %zu, %d callers and a team of %d", now, before, callers, farro_threads());
  pthread_barrier_wait(&counted);
  for (int i = 0; i < callers; i++) {
    pthread_join(threads[i], NULL);
    bool once = true;
    for (size_t j = 0; j < 1000; j++) once = once && each[i].visits[j] == 1;
    EXPECT(once, "a concurrent caller lost work");
  }
}

static void check_thread_caps(void) {
  EXPECT(farro_set_threads(-1) == FARRO_ERROR_ARGUMENT, "a negative cap is accepted");
  int32_t previous = -1;
  EXPECT(farro_set_local_threads(1, &previous) == FARRO_OK && previous == 0, "previous cap");
  EXPECT(farro_threads() == 1, "the thread's cap is not used");
  farro_set_local_threads(0, NULL);
  farro_set_threads(1);
  EXPECT(farro_threads() == 1, "the process's cap is not used");
  farro_set_threads(0);
}

// ---- memory ----

static void check_pool(void) {
  farro_pool_trim(0);
  EXPECT(farro_pool_facts().held_bytes == 0, "trim leaves %zu bytes", farro_pool_facts().held_bytes);
  const size_t sizes[] = {0, 1, 63, 65535, 65536, 65537, 1 << 20, (5 << 20) + 1, 100 << 20};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    char *memory = farro_allocate(sizes[i]);
    EXPECT(memory && (uintptr_t)memory % 64 == 0, "%zu bytes: %p", sizes[i], (void *)memory);
    if (memory && sizes[i]) memory[0] = memory[sizes[i] - 1] = 1;
    farro_release(memory, sizes[i]);
  }
  void *first = farro_allocate(1 << 20);
  farro_release(first, 1 << 20);
  void *second = farro_allocate((1 << 20) - 100);
  EXPECT(first == second, "a released block is not reused");
  farro_release(second, (1 << 20) - 100);
  const size_t limit = farro_pool_facts().limit_bytes;
  farro_pool_set_limit(2 << 20);
  EXPECT(farro_pool_facts().held_bytes <= 2 << 20, "the limit does not free");
  void *large = farro_allocate(3 << 20);
  farro_release(large, 3 << 20);
  EXPECT(farro_pool_facts().held_bytes <= 2 << 20, "the limit is exceeded");
  farro_pool_set_limit(limit);
  EXPECT(farro_allocate(SIZE_MAX) == NULL, "all of memory is handed out");
  farro_release(NULL, 5);
  farro_pool_trim(0);
}

static atomic_bool stop;

static void *allocate_and_release(void *context) {
  while (!stop) farro_release(farro_allocate(1 << 20), 1 << 20);
  return context;
}

static bool can_allocate(void) {
  void *memory = farro_allocate(1 << 20);
  farro_release(memory, 1 << 20);
  return memory != NULL;
}

static void check_fork(void) {
  pthread_t threads[3];
  stop = false;
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, allocate_and_release, NULL);
  bool survives = true;
  for (int i = 0; i < 30 && survives; i++) survives = holds_in_child(can_allocate);
  EXPECT(survives, "the pool is locked in a child");
  stop = true;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
}

// With 96 MiB in the pool and address space for 16 MiB more.
static bool has_80_mebibytes(void) {
  farro_release(farro_allocate(96 << 20), 96 << 20);
  size_t pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%zu", &pages) != 1) return true; // not Linux
  fclose(file);
  const rlim_t most = pages * (size_t)sysconf(_SC_PAGESIZE) + (16 << 20);
  setrlimit(RLIMIT_AS, &(struct rlimit){most, most});
  return farro_allocate(80 << 20) != NULL;
}

static size_t resident_bytes(void) {
  size_t pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%*u %zu", &pages) != 1) pages = 0;
  if (file) fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

// Blocks a little larger than a huge page hold what the pool counts, not two huge pages each.
static bool counts_what_it_holds(void) {
  enum { blocks = 32, bytes = (2 << 20) + (200 << 10) };
  void *memory[blocks];
  farro_pool_trim(0);
  const size_t before = resident_bytes();
  for (size_t i = 0; i < blocks; i++) memory[i] = memset(farro_allocate(bytes), 1, bytes);
  for (size_t i = 0; i < blocks; i++) farro_release(memory[i], bytes);
  const size_t after = resident_bytes();
  return after - before <= farro_pool_facts().held_bytes * 5 / 4;
}

// Sizes that no memory has, as a negative number becomes, are refused before anything is touched.
static void check_impossible_sizes(void) {
  const size_t huge = SIZE_MAX - 3;
  const farro_reduction_shape row = {1, huge, 1}, column = {4, 4, SIZE_MAX / 8};
  float x[4] = {0}, y[4];
  double moments[4];
  int64_t labels[4] = {0};
  uint8_t bytes[4] = {0};
  EXPECT(farro_sum_f32(&row, x, y) == FARRO_ERROR_ARGUMENT, "sum");
  EXPECT(farro_any_u8(&row, bytes, bytes) == FARRO_ERROR_ARGUMENT, "any");
  EXPECT(farro_cumulative_sum_f32(&column, (farro_scan_options){false, false}, x, y) == FARRO_ERROR_ARGUMENT, "scan");
  EXPECT(farro_softmax_f32(1, huge, x, huge, y, huge) == FARRO_ERROR_ARGUMENT, "softmax");
  EXPECT(farro_log_softmax_f32(&column, NULL, x, y) == FARRO_ERROR_ARGUMENT, "log-softmax");
  EXPECT(farro_layer_norm_f32(2, 2, x, huge, NULL, NULL, 0, y, 2) == FARRO_ERROR_ARGUMENT, "layer norm");
  EXPECT(farro_group_norm_f32(2, 2, huge, 1, x, NULL, NULL, 0, y, NULL, NULL) == FARRO_ERROR_ARGUMENT, "group norm");
  EXPECT(farro_batch_norm_f32(1, 1, huge, x, NULL, NULL, 0, 0, NULL, NULL, y, moments, NULL) == FARRO_ERROR_ARGUMENT,
         "batch norm");
  EXPECT(farro_column_moments_f32(huge, 4, x, 4, moments, moments) == FARRO_ERROR_ARGUMENT, "column moments");
  const farro_cross_entropy_options options = {.ignored_label = -1};
  EXPECT(farro_cross_entropy_f32(4, huge, x, huge, labels, NULL, &options, y, NULL, 0) == FARRO_ERROR_ARGUMENT,
         "cross-entropy");
  const float *array = x;
  EXPECT(farro_global_norm_f32(1, &array, &huge, moments) == FARRO_ERROR_ARGUMENT, "global norm");
  const farro_attention_shape shape = {.batch = 1, .heads = 1, .kv_heads = 1, .queries = 1, .keys = huge, .d = 1};
  EXPECT(farro_attention_f32(&shape, 1, x, x, x, y, NULL) == FARRO_ERROR_ARGUMENT, "attention");
}

void check_runtime(void) {
  check_impossible_sizes();
  check_instruction_sets();
  check_team_isa();
  check_facts();
  check_ranges();
  visits nested = {.grain = 7};
  farro_parallel_for(1, 1, 1e9, nest, &nested);
  check_callers();
  check_thread_caps();
  check_pool();
  check_fork();
  EXPECT(holds_in_child(counts_what_it_holds), "the pool holds more than it counts");
  EXPECT(holds_in_child(has_80_mebibytes), "there is no memory but in the pool");
  printf("runtime checked\n");
}
