#ifndef FARRO_NORMALIZATION_H
#define FARRO_NORMALIZATION_H
#include "runtime.h"
#endif
