// What the checks of distances share.
#ifndef FARRO_TESTS_DISTANCE_CHECKS_H
#define FARRO_TESTS_DISTANCE_CHECKS_H

#include "check.h"

// Every metric, and Minkowski's with some p.
extern const farro_distance distances[];
extern const size_t distance_count;

// "minkowski(3)".
const char *distance_label(farro_distance distance);

void check_special_distances(void);

#endif
