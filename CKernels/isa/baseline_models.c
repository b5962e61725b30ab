#include "system.h"
#include "runtime/model_dispatch.h"

#include "baseline.h"

#include "model_kernels.h"
