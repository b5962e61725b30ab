#include "process_usage.h"

#include <errno.h>
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

static struct rusage usage_of(int who) {
  struct rusage usage = {0};
  getrusage(who, &usage);
  return usage;
}

struct rusage farro_own_usage(void) { return usage_of(RUSAGE_SELF); }

struct rusage farro_reaped_usage(void) { return usage_of(RUSAGE_CHILDREN); }
