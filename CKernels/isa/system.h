// Every system header that a kernel text needs, included before a target is pushed: a function of a system header must
// not be compiled for instructions that the machine may lack.
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
  #include <immintrin.h>
#elif defined(__aarch64__)
  #include <arm_neon.h>
#endif

#include "runtime/dispatch.h"
