#ifndef FARRO_DISTANCE_H
#define FARRO_DISTANCE_H
#include "runtime.h"
#endif
