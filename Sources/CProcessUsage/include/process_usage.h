// What processes used. Above all one child's share, which neither Swift's Glibc nor swift-subprocess can ask for.
#ifndef FARRO_PROCESS_USAGE_H
#define FARRO_PROCESS_USAGE_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

// Blocks until the child `pid` has ended and leaves it to be reaped by somebody else. True when *usage tells what the
// child and the descendants that it waited for used; false where only the end can be awaited (outside Linux).
bool farro_await_child(pid_t pid, struct rusage *usage);

// getrusage() of this process, or of its children that were reaped, whose constants have another type on each system.
struct rusage farro_own_usage(void);
struct rusage farro_reaped_usage(void);

#endif
