// The whole C interface of Farro: one header per kernel family, plus the runtime they share.
#ifndef FARRO_CKERNELS_H
#define FARRO_CKERNELS_H

#include "runtime.h"

#include "activation.h"
#include "attention.h"
#include "batch_norm.h"
#include "codes.h"
#include "conversion.h"
#include "convolution.h"
#include "distance.h"
#include "elementwise.h"
#include "embedding.h"
#include "graph.h"
#include "hashing.h"
#include "histogram.h"
#include "linear_algebra.h"
#include "loss.h"
#include "matmul.h"
#include "matmul_low_precision.h"
#include "normalization.h"
#include "optimizer.h"
#include "pooling.h"
#include "probe.h"
#include "random.h"
#include "reduction.h"
#include "scan.h"
#include "sorting.h"
#include "softmax.h"
#include "scaling.h"

#endif
