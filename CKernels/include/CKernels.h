// The whole C interface of Farro: one header per kernel family, plus the runtime they share.
#ifndef FARRO_CKERNELS_H
#define FARRO_CKERNELS_H

#include "runtime.h"

#include "batch_norm.h"
#include "conversion.h"
#include "distance.h"
#include "elementwise.h"
#include "hashing.h"
#include "linear_algebra.h"
#include "matmul.h"
#include "matmul_low_precision.h"
#include "normalization.h"
#include "probe.h"
#include "reduction.h"
#include "scaling.h"

#endif
