#include "tile/epilogue.h"

#include <algorithm>
#include <optional>

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

struct Epilogue {
  int bias, out;
  bool relu;
};

class Epilogues {
 public:
  Epilogues(Program& program, const Target& target) : program_(program), fast_(target.fast) {}

  void run() {
    for (std::size_t s = 0; s < program_.steps.size(); ++s) {
      const auto* call = std::get_if<LibraryCall>(&program_.steps[s]);
      if (call == nullptr || call->bias >= 0 || !is_matrix_of_float32(*call)) continue;
      const auto reader = only_reader(call->out);
      if (!reader) continue;
      if (const auto e = epilogue(*call, std::get<Phase>(program_.steps[*reader]))) {
        LibraryCall with = *call;
        with.bias = e->bias;
        with.relu = e->relu;
        with.out = e->out;
        program_.steps[*reader] = with;
        leave_out(s--);
      }
    }
  }

 private:
  bool is_matrix_of_float32(const LibraryCall& c) const {
    return c.batch == 0 && c.a_free == 1 && c.b_free == 1 && program_.buffers[at(c.out)].node.dtype() == DType::float32;
  }

  // The phase that reads the buffer, where nothing else does, through no view either, and nothing is written over it.
  std::optional<std::size_t> only_reader(int buffer) const {
    if (std::find(program_.outputs.begin(), program_.outputs.end(), buffer) != program_.outputs.end()) return {};
    std::optional<std::size_t> reader;
    for (std::size_t s = 0; s < program_.steps.size(); ++s) {
      for (const int b : buffers_written(program_.steps[s]))
        if (b != buffer && root_of(program_, b) == buffer) return {};
      for (const int b : buffers_read(program_.steps[s])) {
        if (root_of(program_, b) != buffer) continue;
        if (reader || b != buffer || !std::holds_alternative<Phase>(program_.steps[s])) return {};
        reader = s;
      }
    }
    return reader;
  }

  // Whose elements begin a piece of memory and lie one after another: the library may want whole lines of them.
  bool is_vector(int buffer) const {
    const Buffer& b = program_.buffers[at(buffer)];
    return (b.kind == Buffer::Kind::leaf || b.kind == Buffer::Kind::value) && b.node.ndim() == 1 &&
           b.node.dtype() == DType::float32;
  }

  // [relu of] product + bias, and nothing more.
  std::optional<Epilogue> epilogue(const LibraryCall& call, const Phase& phase) const {
    const auto& v = phase.values;
    if (v.size() < 3 || v.size() > (fast_ ? 4 : 3) || phase.stores.size() != 1) return {};
    if (v[2].function != "add" || v[2].args[0] + v[2].args[1] != 1 || v[2].args[0] == v[2].args[1]) return {};
    const bool relu = v.size() == 4;
    if (relu && (v[3].function != "relu" || v[3].args[0] != 2)) return {};
    const bool product_first = v[0].buffer == call.out;
    const Value &product = v[product_first ? 0 : 1], &bias = v[product_first ? 1 : 0];
    const auto is_load = [](const Value& x) { return x.kind == Value::Kind::load && x.args.empty(); };
    if (!is_load(product) || !is_load(bias) || product.buffer != call.out || !is_vector(bias.buffer)) return {};
    const Store& to = phase.stores[0];
    const std::vector<AxisId>& axes = product.index;
    if (axes[0] == no_axis || axes[1] == no_axis || bias.index != std::vector<AxisId>{axes[1]} || to.index != axes ||
        to.value != static_cast<int>(v.size()) - 1 || is_region(program_.buffers[at(to.buffer)]))
      return {};
    return Epilogue{bias.buffer, to.buffer, relu};
  }

  void leave_out(std::size_t step) {
    program_.steps.erase(program_.steps.begin() + static_cast<std::ptrdiff_t>(step));
    for (Buffer& b : program_.buffers)
      if (b.made_by > static_cast<int>(step)) --b.made_by;
  }

  Program& program_;
  const bool fast_;
};

}  // namespace

void take_epilogues(Program& program, const Target& target) {
  if (target.product_bias) Epilogues(program, target).run();
}

}  // namespace croton::tile
