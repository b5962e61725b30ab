#ifndef FARRO_ELEMENTWISE_H
#define FARRO_ELEMENTWISE_H
#include "runtime.h"
#endif
