// What processes used. Above all one child's share, which neither Swift's Glibc nor swift-subprocess can ask for.
#ifndef FARRO_PROCESS_USAGE_H
#define FARRO_PROCESS_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

// Blocks until the child `pid` has ended and leaves it to be reaped by somebody else. True when *usage tells what the
// child and the descendants that it waited for used; false where only the end can be awaited (outside Linux).
bool farro_await_child(pid_t pid, struct rusage *usage);

// The most memory that the program in this process has held, in bytes; 0 where the system does not tell. getrusage()
// would count in what the process held before it became this program.
size_t farro_own_peak_bytes(void);

// getrusage() of the children that were reaped, whose constant has another type on each system.
struct rusage farro_reaped_usage(void);

#endif
