#include "system.h"
#include "runtime/model_dispatch.h"

#if defined(__x86_64__)
  #include "avx512.h"

  #include "model_kernels.h"

  #pragma clang attribute pop
#endif
