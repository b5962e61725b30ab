#include "system.h"

#include "baseline.h"

#include "kernels.h"
