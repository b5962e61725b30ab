// CPU facts and instruction-set detection. CPUID leaves: AMD APM vol. 3 appendix E, Intel SDM vol. 2A CPUID.
#define _GNU_SOURCE
#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
  #include <sched.h>
#elif defined(__APPLE__)
  #include <sys/sysctl.h>
#endif

// ---- instruction sets ----

#if defined(__x86_64__)
  #include <cpuid.h>

typedef struct {
  uint32_t a, b, c, d;
} cpuid_words;

static cpuid_words cpuid(uint32_t leaf, uint32_t subleaf) {
  cpuid_words w = {0, 0, 0, 0};
  __get_cpuid_count(leaf, subleaf, &w.a, &w.b, &w.c, &w.d);
  return w;
}

// Which register states the operating system saves (XCR0).
static uint64_t saved_states(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static bool all_set(uint64_t word, uint64_t bits) { return (word & bits) == bits; }

bool farro_cpu_has(farro_isa isa) {
  if (isa == FARRO_ISA_BASELINE) return true;
  const cpuid_words one = cpuid(1, 0), seven = cpuid(7, 0), extended = cpuid(0x80000001u, 0);
  const uint32_t osxsave = 1u << 27, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29, popcnt = 1u << 23;
  if (!all_set(one.c, osxsave)) return false;
  const uint64_t states = saved_states();
  const bool ymm = all_set(states, 0x6);  // XMM, YMM
  const bool zmm = all_set(states, 0xe6); // and opmask, upper halves of ZMM0-15, ZMM16-31
  const bool avx2 = ymm && all_set(one.c, avx | fma | f16c | popcnt) &&
                    all_set(seven.b, 1u << 5 | 1u << 3 | 1u << 8) &&                              // AVX2, BMI1, BMI2
                    all_set(extended.c, 1u << 5);                                                 // LZCNT
  const bool avx512 = avx2 && zmm && all_set(seven.b, 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31); // F, DQ, BW, VL
  switch (isa) {
  case FARRO_ISA_AVX2:
    return avx2;
  case FARRO_ISA_AVX512:
    return avx512;
  case FARRO_ISA_AVX512_BF16:
    return avx512 && all_set(seven.c, 1u << 11) &&          // VNNI
           seven.a >= 1 && all_set(cpuid(7, 1).a, 1u << 5); // BF16, where leaf 7 has a subleaf 1
  default:
    return false;
  }
}

// A virtual machine takes microseconds to answer, so that it is asked once.
bool farro_cpu_counts_bits(void) {
  static _Atomic int answer = -1;
  if (answer < 0) answer = farro_cpu_has(FARRO_ISA_AVX512) && all_set(cpuid(7, 0).c, 1u << 14);
  return answer;
}

static farro_carryless find_carryless(void) {
  const uint32_t products = 1u << 1, sse42 = 1u << 20;
  if (!farro_cpu_has(FARRO_ISA_AVX2) || !all_set(cpuid(1, 0).c, products | sse42)) return FARRO_CARRYLESS_NONE;
  const bool wide = farro_cpu_has(FARRO_ISA_AVX512) && all_set(cpuid(7, 0).c, 1u << 10);
  return wide ? FARRO_CARRYLESS_WIDE : FARRO_CARRYLESS_BLOCKS;
}

farro_carryless farro_cpu_multiplies_carryless(void) {
  static _Atomic int answer = -1;
  if (answer < 0) answer = (int)find_carryless();
  return (farro_carryless)answer;
}

#elif defined(__aarch64__)

bool farro_cpu_counts_bits(void) { return false; }

  #if defined(__linux__)
    #include <sys/auxv.h>

// The bits of HWCAP: arch/arm64/include/uapi/asm/hwcap.h of Linux.
farro_carryless farro_cpu_multiplies_carryless(void) {
  const unsigned long products = 1ul << 4, checksums = 1ul << 7, both = products | checksums;
  return (getauxval(AT_HWCAP) & both) == both ? FARRO_CARRYLESS_BLOCKS : FARRO_CARRYLESS_NONE;
}
  #elif defined(__APPLE__) // all of Apple's
farro_carryless farro_cpu_multiplies_carryless(void) { return FARRO_CARRYLESS_BLOCKS; }
  #else
farro_carryless farro_cpu_multiplies_carryless(void) { return FARRO_CARRYLESS_NONE; }
  #endif

bool farro_cpu_has(farro_isa isa) { return isa == FARRO_ISA_BASELINE || isa == FARRO_ISA_NEON; }

#else

bool farro_cpu_counts_bits(void) { return false; }

farro_carryless farro_cpu_multiplies_carryless(void) { return FARRO_CARRYLESS_NONE; }

bool farro_cpu_has(farro_isa isa) { return isa == FARRO_ISA_BASELINE; }

#endif

// ---- facts ----

static void copy_text(char *to, size_t capacity, const char *from) {
  while (*from == ' ') from++;
  snprintf(to, capacity, "%s", *from ? from : "unknown");
  for (size_t n = strlen(to); n > 0 && (to[n - 1] == ' ' || to[n - 1] == '\n'); n--) to[n - 1] = 0;
}

// The first line of a small file without its line end; false when it cannot be read.
static bool read_line(const char *path, char *line, size_t capacity) {
  FILE *file = fopen(path, "re");
  if (!file) return false;
  const bool read = fgets(line, (int)capacity, file) != NULL;
  fclose(file);
  if (read) line[strcspn(line, "\n")] = 0;
  return read;
}

#if defined(__linux__)

// "48K", "1024K", "32M": sizes as sysfs writes them.
static int64_t parse_size(const char *text) {
  char *end;
  const long long number = strtoll(text, &end, 10);
  const int64_t unit = *end == 'K' ? 1024 : *end == 'M' ? 1024 * 1024 : *end == 'G' ? 1024 * 1024 * 1024 : 1;
  return number > 0 ? number * unit : 0;
}

static void read_caches(farro_cpu *cpu) {
  for (int index = 0; index < 8; index++) {
    char path[96], level[16], type[32], size[32], line[32];
    const char *base = "/sys/devices/system/cpu/cpu0/cache/index%d/%s";
    snprintf(path, sizeof path, base, index, "level");
    if (!read_line(path, level, sizeof level)) break;
    snprintf(path, sizeof path, base, index, "type");
    if (!read_line(path, type, sizeof type) || strcmp(type, "Instruction") == 0) continue;
    snprintf(path, sizeof path, base, index, "size");
    if (!read_line(path, size, sizeof size)) continue;
    if (level[0] == '1') cpu->l1d_bytes = parse_size(size);
    if (level[0] == '2') cpu->l2_bytes = parse_size(size);
    if (level[0] == '3') cpu->l3_bytes = parse_size(size);
    snprintf(path, sizeof path, base, index, "coherency_line_size");
    if (read_line(path, line, sizeof line)) cpu->line_bytes = parse_size(line);
  }
}

// The value after "key : " in /proc/cpuinfo's first block that has it; false when there is none.
static bool read_cpuinfo(const char *key, char *value, size_t capacity) {
  FILE *file = fopen("/proc/cpuinfo", "re");
  if (!file) return false;
  char line[512];
  bool found = false;
  while (!found && fgets(line, sizeof line, file)) {
    const char *colon = strchr(line, ':');
    found = colon && strncmp(line, key, strlen(key)) == 0;
    if (found) copy_text(value, capacity, colon + 1);
  }
  fclose(file);
  return found;
}

static double read_frequency(void) {
  char text[64];
  if (read_line("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", text, sizeof text)) return atof(text) * 1e3;
  if (read_cpuinfo("cpu MHz", text, sizeof text)) return atof(text) * 1e6;
  return 0;
}

static void read_system(farro_cpu *cpu) {
  read_caches(cpu);
  if (!read_cpuinfo("model name", cpu->name, sizeof cpu->name))
    read_line("/proc/device-tree/model", cpu->name, sizeof cpu->name);
  if (!read_cpuinfo("vendor_id", cpu->vendor, sizeof cpu->vendor))
    read_cpuinfo("CPU implementer", cpu->vendor, sizeof cpu->vendor);
  cpu->frequency_hz = read_frequency();
}

#elif defined(__APPLE__)

static int64_t sysctl_number(const char *name) {
  int64_t value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

static void read_system(farro_cpu *cpu) {
  cpu->l1d_bytes = sysctl_number("hw.perflevel0.l1dcachesize");
  if (!cpu->l1d_bytes) cpu->l1d_bytes = sysctl_number("hw.l1dcachesize");
  cpu->l2_bytes = sysctl_number("hw.perflevel0.l2cachesize");
  if (!cpu->l2_bytes) cpu->l2_bytes = sysctl_number("hw.l2cachesize");
  cpu->l3_bytes = sysctl_number("hw.l3cachesize");
  cpu->line_bytes = sysctl_number("hw.cachelinesize");
  cpu->frequency_hz = (double)sysctl_number("hw.cpufrequency_max");
  size_t size = sizeof cpu->name;
  sysctlbyname("machdep.cpu.brand_string", cpu->name, &size, NULL, 0);
  copy_text(cpu->vendor, sizeof cpu->vendor, "Apple");
}

#else

static void read_system(farro_cpu *cpu) { (void)cpu; }

#endif

farro_cpu farro_cpu_facts(void) {
  farro_cpu cpu;
  memset(&cpu, 0, sizeof cpu);
  copy_text(cpu.name, sizeof cpu.name, "");
  copy_text(cpu.vendor, sizeof cpu.vendor, "");
  const long online = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  cpu.logical_cores = online > 0 ? (int32_t)online : 0;
  cpu.usable_cores = farro_cpu_usable_cores();
  cpu.memory_bytes = pages > 0 && page > 0 ? (int64_t)pages * page : 0;
  read_system(&cpu);
  return cpu;
}

// ---- usable cores ----

#if defined(__linux__)

static int32_t affinity_cores(void) {
  // Machines with more than 1024 CPUs need a larger mask than cpu_set_t.
  for (int cpus = 1024; cpus <= 65536; cpus *= 4) {
    cpu_set_t *set = CPU_ALLOC(cpus);
    if (!set) return 1;
    const size_t size = CPU_ALLOC_SIZE(cpus);
    const int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return 1;
}

// The tightest quota on the way from the process's control group up to the root, in cores; 0 for none.
static double quota_cores(void) {
  double least = 0;
  char line[512], group[400] = "";
  FILE *file = fopen("/proc/self/cgroup", "re");
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "0::", 3) == 0) snprintf(group, sizeof group, "%s", line + 3);
  }
  if (file) fclose(file);
  for (;;) {
    char path[512], *slash;
    double quota, period;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", strcmp(group, "/") == 0 ? "" : group);
    if (read_line(path, line, sizeof line) && sscanf(line, "%lf %lf", &quota, &period) == 2 && period > 0) {
      const double cores = quota / period;
      if (least == 0 || cores < least) least = cores;
    }
    slash = strrchr(group, '/');
    if (!slash) break;
    *slash = 0;
  }
  char quota[32], period[32]; // version 1
  if (least == 0 && read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota) && atof(quota) > 0 &&
      read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period) && atof(period) > 0)
    least = atof(quota) / atof(period);
  return least;
}

int32_t farro_cpu_usable_cores(void) {
  const int32_t cores = affinity_cores();
  const double quota = quota_cores();
  if (quota <= 0 || quota >= cores) return cores;
  return quota < 1 ? 1 : (int32_t)quota;
}

#else

int32_t farro_cpu_usable_cores(void) {
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}

#endif
