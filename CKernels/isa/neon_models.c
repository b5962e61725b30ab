#include "system.h"
#include "runtime/model_dispatch.h"

#if defined(__aarch64__)
  #include "neon.h"

  #include "model_kernels.h"
#endif
