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

std::string gpu_kernel(std::string_view name, std::span<const tile::Nest> nests) {
  const std::size_t words = gpu_words(nests);
  const bool far = words * sizeof(std::int64_t) > most_gpu_parameters;
  return fmt::format("CROTON_KERNEL{}({}, {}, {}{}) {{", far ? "_FAR" : "", name, words, nests[0].lanes,
                     std::any_of(nests.begin(), nests.end(), is_in_double) ? ", 1" : "");
}

bool knows_both_teams(std::span<const tile::Nest> nests) {
  return nests.size() == 1 && nests[0].warps >= 0 && !nests[0].by_warps;
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
          [](std::string_view name, std::span<const tile::Nest>) {
            return fmt::format("extern \"C\" void {}(const void* words, i64 v2, void* scratch) {{\n", name);
          },
      .closing = [](std::string_view, std::span<const tile::Nest>) { return std::string("}\n"); },
      .word = [](std::size_t k) { return fmt::format("((const i64*)words)[{}]", k); },
      .scratch = [](const tile::Nest&) { return std::string(); },
      .function = [](const expr::ScalarFunction& f, DType,
                     bool in_line) { return std::string(f.spelling) + (in_line ? "_here" : ""); },
  };
  return d;
}

std::size_t gpu_words(std::span<const tile::Nest> nests) {
  std::size_t words = nests.size() - 1 + 2;
  for (const tile::Nest& n : nests) words += n.words.size();
  return words;
}

const Dialect& cuda_dialect() {
  static constexpr Dialect d{
      .type = type_name,
      .signature =
          [](std::string_view name, std::span<const tile::Nest> nests) {
            if (nests.size() > 1) return gpu_kernel(name, nests) + "\n";
            const std::string opened =
                !knows_both_teams(nests)
                    ? gpu_kernel(name, nests) + "\n"
                    : fmt::format("template <b8 Warps> CROTON_FN void {}_by(const Words<{}>& words) {{\n", name,
                                  gpu_words(nests));
            return opened + "  const i64 v2 = block();\n";
          },
      .closing =
          [](std::string_view name, std::span<const tile::Nest> nests) {
            // the text for either kind of team; one line, which is nobody's when the emulator says where something
            // happened
            if (!knows_both_teams(nests)) return std::string("}\n");
            return fmt::format("}}\n{} words.w[{}] != 0 ? {}_by<true>(words) : {}_by<false>(words); }}\n",
                               gpu_kernel(name, nests), nests[0].warps, name, name);
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
