#include <fmt/format.h>

#include <algorithm>

#include "print/printer.h"

namespace croton::print {
namespace {

std::string type_name(DType t) {
  static constexpr const char* names[] = {"b8",  "i8",  "i16", "i32",  "i64", "u8", "u16",
                                          "u32", "u64", "f16", "bf16", "f32", "f64"};
  return names[static_cast<std::size_t>(t)];
}

// Left alone, NVIDIA's compiler buys more blocks on a multiprocessor with a few spilled registers: seen in float64
// only, on several architectures from sm_80 on.
bool is_in_double(const tile::Nest& nest) {
  return std::any_of(nest.registers.begin(), nest.registers.end(),
                     [](const tile::Register& r) { return r.dtype == float64 && r.lanes; });
}

std::string gpu_kernel(std::string_view name, const tile::Nest& nest) {
  const std::size_t words = gpu_words(nest);
  const bool far = words * sizeof(std::int64_t) > most_gpu_parameters;
  return fmt::format("CROTON_KERNEL{}({}, {}, {}{}) {{", far ? "_FAR" : "", name, words, nest.lanes,
                     is_in_double(nest) ? ", 1" : "");
}

std::string gpu_function(const expr::ScalarFunction& f, DType, bool in_line) {
  return std::string(f.spelling) + (!in_line && f.is_large() ? "_called" : "");
}

std::string fast_gpu_function(const expr::ScalarFunction& f, DType d, bool in_line) {
  return f.has_fast() && d == float32 ? fmt::format("fast_{}", f.spelling) : gpu_function(f, d, in_line);
}

}  // namespace

const Dialect& cpp_dialect() {
  static constexpr Dialect d{
      .type = type_name,
      .signature =
          [](std::string_view name, const tile::Nest&) {
            return fmt::format("extern \"C\" void {}(const void* words, i64 v2, void* scratch) {{\n", name);
          },
      .closing = [](std::string_view, const tile::Nest&) { return std::string("}\n"); },
      .word = [](std::size_t k) { return fmt::format("((const i64*)words)[{}]", k); },
      .scratch = [](const tile::Nest&) { return std::string(); },
      .function = [](const expr::ScalarFunction& f, DType,
                     bool in_line) { return std::string(f.spelling) + (in_line ? "_here" : ""); },
  };
  return d;
}

std::size_t gpu_words(const tile::Nest& nest) { return nest.words.size() + 2; }

bool knows_both_teams(const tile::Nest& nest) { return nest.warps >= 0 && !nest.by_warps; }

const Dialect& cuda_dialect() {
  static constexpr Dialect d{
      .type = type_name,
      .signature =
          [](std::string_view name, const tile::Nest& nest) {
            const std::string opened =
                !knows_both_teams(nest)
                    ? gpu_kernel(name, nest) + "\n"
                    : fmt::format("template <b8 Warps> CROTON_FN void {}_by(const Words<{}>& words) {{\n", name,
                                  gpu_words(nest));
            return opened + "  const i64 v2 = block();\n";
          },
      .closing =
          [](std::string_view name, const tile::Nest& nest) {
            // the text for either kind of team; one line, which is nobody's when the emulator says where something
            // happened
            if (!knows_both_teams(nest)) return std::string("}\n");
            return fmt::format("}}\n{} words.w[{}] != 0 ? {}_by<true>(words) : {}_by<false>(words); }}\n",
                               gpu_kernel(name, nest), nest.warps, name, name);
          },
      .word = [](std::size_t k) { return fmt::format("words.w[{}]", k); },
      .scratch =
          [](const tile::Nest& nest) {
            if (nest.scratch.empty()) return std::string();
            return fmt::format("char* const scratch = scratch_of(words.w[{}], words.w[{}]{});", nest.words.size(),
                               nest.words.size() + 1, nest.warps >= 0 ? ", team" : "");
          },
      .function = gpu_function,
      .threads = true,
  };
  return d;
}

const Dialect& fast_cuda_dialect() {
  static const Dialect d = [] {
    Dialect fast = cuda_dialect();
    fast.function = fast_gpu_function;
    return fast;
  }();
  return d;
}

const Dialect& dialect(const Target& target) {
  if (target.device_class != DeviceClass::gpu) return cpp_dialect();
  return target.fast ? fast_cuda_dialect() : cuda_dialect();
}

}  // namespace croton::print
