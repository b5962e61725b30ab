// The kernels of models, of one instruction set: farro_kernels.models, defined here so that only what uses them is
// compiled anew when one is added.
#ifndef FARRO_RUNTIME_MODEL_DISPATCH_H
#define FARRO_RUNTIME_MODEL_DISPATCH_H

#include "dispatch.h"

// isa/model_kernels.h fills one of these in each file isa/*_models.c.
struct farro_model_kernels {};

#endif
