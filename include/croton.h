// Croton: symbolic computation graphs, differentiated, fused and compiled for the CPU (or a GPU) at run time.
// This is the one header to include; link with libcroton.
#pragma once
#include "croton/array.h"
#include "croton/base.h"
#include "croton/config.h"
#include "croton/custom.h"
#include "croton/device.h"
#include "croton/function.h"
#include "croton/gradient.h"
#include "croton/initializers.h"
#include "croton/linalg.h"
#include "croton/numpy.h"
#include "croton/ops.h"
#include "croton/optimizers.h"
#include "croton/random.h"
#include "croton/scan.h"
#include "croton/shared.h"
#include "croton/tensor.h"
