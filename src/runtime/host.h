// What steps on the host are lent, whichever device their function runs on: the processor's threads, the LAPACK in its
// BLAS, and FFTW.
#pragma once
#include "ops/host.h"

namespace croton::runtime {

const Host& host();

}  // namespace croton::runtime
