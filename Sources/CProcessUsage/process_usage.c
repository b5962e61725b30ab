#include "process_usage.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#if defined(__linux__)
  #include <sys/syscall.h>
  #include <unistd.h>

// The C library's waitid() lacks the kernel's fifth argument; wait4() has it but reaps the child.
static long await_child(pid_t pid, siginfo_t *info, struct rusage *usage) {
  return syscall(SYS_waitid, P_PID, pid, info, WEXITED | WNOWAIT, usage);
}

static const bool tells_usage = true;
#else
static long await_child(pid_t pid, siginfo_t *info, struct rusage *usage) {
  (void)usage;
  return waitid(P_PID, (id_t)pid, info, WEXITED | WNOWAIT);
}

static const bool tells_usage = false;
#endif

bool farro_await_child(pid_t pid, struct rusage *usage) {
  siginfo_t info;
  long result;
  do {
    result = await_child(pid, &info, usage);
  } while (result != 0 && errno == EINTR);
  return result == 0 && tells_usage;
}

size_t farro_own_peak_bytes(void) {
  FILE *status = fopen("/proc/self/status", "re");
  if (!status) return 0;
  char line[256];
  size_t kibibytes = 0;
  while (!kibibytes && fgets(line, sizeof line, status)) sscanf(line, "VmHWM: %zu kB", &kibibytes);
  fclose(status);
  return kibibytes * 1024;
}

struct rusage farro_reaped_usage(void) {
  struct rusage usage = {0};
  getrusage(RUSAGE_CHILDREN, &usage);
  return usage;
}
