// The inside of the thread team, for the probes alone; kernels use farro_parallel_for (runtime.h).
#ifndef FARRO_RUNTIME_PARALLEL_H
#define FARRO_RUNTIME_PARALLEL_H

#include "runtime.h"

// body(context, member, members) runs once on each member of the team, all starting together.
typedef void (*farro_team_body)(void *context, int32_t member, int32_t members);

// Runs `body` on farro_threads() threads; on the calling thread alone when another caller holds the team.
void farro_parallel_team(farro_team_body body, void *context);

// Monotonic time in seconds.
double farro_seconds(void);

#endif
