// What a kernel is made for, as plain data: the runtime fills it in, the rooms above expr/ read it and ask no device.
#pragma once
#include <string>

#include "croton/base.h"

namespace croton {

/// Chunk borders and the shape of reductions may depend on this much of a device, and on no more. The emulator is a
/// gpu.
enum class DeviceClass : std::uint8_t { cpu, gpu };

struct Target {
  DeviceClass device_class = DeviceClass::cpu;
  /// A name for people and for the compile cache: "avx512", "avx2", "sse2", "generic", "sm_90".
  std::string isa = "generic";
  int vector_bytes = 16;           ///< of the widest native vector: 16, 32, 64
  int vector_registers = 16;       ///< that a loop may keep values in
  bool fma = false;                ///< fused multiply-add is one instruction; else lower() spells it out
  Index l1_bytes = 32 << 10;       ///< data, of one core
  Index l2_bytes = 256 << 10;      ///< of one core
  Index l3_bytes = 4 << 20;        ///< shared by all cores
  bool gemm = false;               ///< Device::gemm exists (float32 and float64)
  bool products_of_views = false;  ///< and windows are multiplied where they lie, by kernels/strided_product.h
  bool product_bias = false;       ///< and adds a bias to products of float32 on its way, and takes relu of it
  int block_lanes = 256;           ///< gpu: threads of a block, a lane each; a multiple of 32
  Index shared_bytes = 0;          ///< gpu: of a block; scratch beyond it lies in memory
  bool fast = false;               ///< gpu: float32 functions may be the machine's approximations
  friend bool operator==(const Target&, const Target&) = default;
};

}  // namespace croton
