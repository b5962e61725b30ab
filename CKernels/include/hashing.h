#ifndef FARRO_HASHING_H
#define FARRO_HASHING_H
#include "runtime.h"
#endif
