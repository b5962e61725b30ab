// The whole C interface of Farro: one header per kernel family, plus the runtime they share.
#ifndef FARRO_CKERNELS_H
#define FARRO_CKERNELS_H

#include "runtime.h"

#include "activation.h"
#include "attention.h"
#include "batch_norm.h"
#include "bit_distance.h"
#include "boxes.h"
#include "conversion.h"
#include "convolution.h"
#include "distance.h"
#include "elementwise.h"
#include "embedding.h"
#include "hashing.h"
#include "histogram.h"
#include "kmeans.h"
#include "linear_algebra.h"
#include "loss.h"
#include "matmul.h"
#include "matmul_low_precision.h"
#include "neighbors.h"
#include "normalization.h"
#include "optimizer.h"
#include "pooling.h"
#include "probe.h"
#include "random.h"
#include "reduction.h"
#include "scan.h"
#include "set_distance.h"
#include "sorting.h"
#include "sparse_distance.h"
#include "softmax.h"
#include "scaling.h"

#endif
