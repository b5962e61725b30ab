#include "check.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

bool exhaustive = false;

static atomic_size_t passed, failed; // checks run inside parallel bodies too

void expect(bool holds, const char *file, int line, const char *format, ...) {
  if (holds) {
    passed++;
    return;
  }
  if (failed++ >= 50) return; // the first ones tell enough
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s:%d [%s]: ", file, line, farro_isa_name(farro_current_isa()));
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

static uint64_t state = 0x9e3779b97f4a7c15u;

// SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double random_unit(void) { return (double)(next() >> 11) * 0x1p-52 - 1; }

size_t random_below(size_t bound) { return (size_t)(next() % bound); }

void fill_f32(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = (float)random_unit();
}

void fill_f64(double *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = random_unit();
}

static size_t guarded_span(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

void *guarded_allocate(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), span = guarded_span(bytes);
  char *pages = mmap(NULL, span + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED || mprotect(pages + span, page, PROT_NONE) != 0) abort();
  return pages + span - bytes;
}

void guarded_free(void *pointer, size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), span = guarded_span(bytes);
  munmap((char *)pointer + bytes - span, span + page);
}

const size_t tail_sizes[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,  11,  15,  16,  17,
                             23, 31, 32, 33, 47, 63, 64, 65, 97, 127, 128, 129, 257};
const size_t tail_size_count = sizeof tail_sizes / sizeof *tail_sizes;

static const struct {
  const char *name;
  void (*run)(void);
} families[] = {
    {"hashing", check_hashing},
    {"text", check_text},
    {"terms", check_terms},
    {"sketch", check_sketch},
    {"checksums", check_checksums},
    {"murmur3", check_murmur3},
    {"avalanche", check_avalanche},
    {"chunking", check_chunking},
    {"integer hashing", check_integer_hashing},
    {"json lines", check_json},
    {"near-duplicates", check_near_duplicates},
    {"counting", check_counting},
    {"matmul", check_matmul},
    {"elementwise", check_elementwise},
    {"functions", check_functions},
    {"activation", check_activation},
    {"reduction", check_reduction},
    {"scan", check_scan},
    {"histogram", check_histogram},
    {"sorting", check_sorting},
    {"ranking", check_ranking},
    {"trees", check_trees},
    {"distance", check_distance},
    {"neighbors", check_neighbors},
    {"assignment", check_assignment},
    {"k-means", check_kmeans},
    {"bits", check_bit_distances},
    {"boosting", check_boosting},
    {"boxes", check_boxes},
    {"sparse distance", check_sparse},
    {"sets", check_sets},
    {"codes", check_codes},
    {"graph", check_graph},
    {"lists", check_lists},
    {"logistic", check_logistic},
    {"sgd", check_sgd},
    {"kd tree", check_kd_tree},
    {"normalization", check_normalization},
    {"row norms", check_row_norms},
    {"group norms", check_group_norms},
    {"batch norm", check_batch_norm},
    {"scaling", check_scaling},
    {"least squares", check_least_squares},
    {"bayes", check_bayes},
    {"likelihood", check_likelihood},
    {"coordinate descent", check_coordinate_descent},
    {"conversion", check_conversion},
    {"low precision", check_low_precision},
    {"linear algebra", check_linear_algebra},
    {"optimizer", check_optimizer},
    {"random", check_random},
    {"embedding", check_embedding},
    {"softmax", check_softmax},
    {"loss", check_loss},
    {"attention", check_attention},
    {"convolution", check_convolution},
    {"pooling", check_pooling},
    {"svm", check_svm},
};

static bool is_family(const char *name) {
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (strcmp(name, families[i].name) == 0) return true;
  fprintf(stderr, "there is no family '%s'; there are:", name);
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) fprintf(stderr, "\n  %s", families[i].name);
  fprintf(stderr, "\n");
  return false;
}

// check [--exhaustive] [--isa NAME] [--family NAME]: every supported instruction set and family, or one.
int main(int count, char **arguments) {
  const char *only = NULL, *family = NULL;
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "--exhaustive") == 0)
      exhaustive = true;
    else if (strcmp(arguments[i], "--isa") == 0 && i + 1 < count && farro_isa_named(arguments[i + 1]) != FARRO_ISA_NONE)
      only = arguments[++i];
    else if (strcmp(arguments[i], "--family") == 0 && i + 1 < count)
      family = arguments[++i];
    else
      return fprintf(stderr, "usage: check [--exhaustive] [--isa NAME] [--family NAME]\n"), 64;
  }
  if (family && !is_family(family)) return 64;
  setvbuf(stdout, NULL, _IOLBF, 0);
  check_refusal();
  for (int isa = 0; isa < FARRO_ISA_COUNT; isa++) {
    const char *name = farro_isa_name((farro_isa)isa);
    if (only && strcmp(only, name) != 0) continue;
    if (farro_set_local_isa((farro_isa)isa, NULL) != FARRO_OK) {
      printf("%-11s skipped: not on this machine\n", name);
      continue;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
      if (family && strcmp(family, families[i].name) != 0) continue;
      const size_t before = passed, broken = failed;
      families[i].run();
      printf("%-11s %-14s %zu checks, %zu failed\n", name, families[i].name, passed + failed - before - broken,
             failed - broken);
    }
  }
  farro_set_local_isa(FARRO_ISA_NONE, NULL);
  check_runtime();
  printf("%zu passed, %zu failed\n", passed, failed);
  return failed ? 1 : 0;
}
