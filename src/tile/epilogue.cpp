#include "tile/epilogue.h"

#include <algorithm>
#include <optional>

namespace croton::tile {
namespace {

std::size_t at(int i) { return static_cast<std::size_t>(i); }

struct Epilogue {
  int bias, along, out;  // along: the axis of the product that the bias runs along
  bool relu;
};

class Epilogues {
 public:
  Epilogues(Program& program, const Target& target) : program_(program), target_(target) {}

  void run() {
    for (std::size_t s = 0; s < program_.steps.size(); ++s)
      if (const auto* call = std::get_if<LibraryCall>(&program_.steps[s]); call && takes_bias(*call)) {
        const auto e = epilogue(call->out, target_.fast);
        if (e && e->along == 1) put(s, *call, *e);
      } else if (const auto* product = std::get_if<StridedProduct>(&program_.steps[s]); product && product->bias < 0) {
        const auto e = epilogue(product->out, true);
        if (e && is_row(*product, e->along)) put(s, *product, *e).bias_along = e->along;
      }
  }

 private:
  bool takes_bias(const LibraryCall& c) const {
    return target_.product_bias && c.bias < 0 && c.batch == 0 && c.a_free == 1 && c.b_free == 1 &&
           program_.buffers[at(c.out)].node.dtype() == DType::float32;
  }
  static bool is_row(const StridedProduct& p, int axis) {
    return std::any_of(p.rows.begin(), p.rows.end(), [&](const auto& x) { return x.out == axis; });
  }

  // The product at step s with what its reader did, in the reader's place.
  template <class Product>
  Product& put(std::size_t& s, Product with, const Epilogue& e) {
    with.bias = e.bias, with.relu = e.relu;
    const std::size_t reader = *only_reader(with.out);
    with.out = e.out;
    program_.steps[reader] = with;
    leave_out(s--);
    return std::get<Product>(program_.steps[reader - 1]);
  }

  // The phase that reads the buffer, where nothing else does, through no view either, and nothing is written over it.
  std::optional<std::size_t> only_reader(int buffer) const {
    if (std::ranges::any_of(program_.outputs, [&](int o) { return root_of(program_, o) == buffer; })) return {};
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
  bool is_vector(int buffer, DType d) const {
    const Buffer& b = program_.buffers[at(buffer)];
    return (b.kind == Buffer::Kind::leaf || b.kind == Buffer::Kind::value) && b.node.ndim() == 1 && b.node.dtype() == d;
  }

  // What the only reader of a product makes, if that is [relu of] product + bias, and nothing more.
  std::optional<Epilogue> epilogue(int made, bool takes_relu) const {
    const auto reader = only_reader(made);
    if (!reader) return {};
    const Phase& phase = std::get<Phase>(program_.steps[*reader]);
    const auto& v = phase.values;
    if (v.size() < 3 || v.size() > (takes_relu ? 4 : 3) || phase.stores.size() != 1) return {};
    if (v[2].function != "add" || v[2].args[0] + v[2].args[1] != 1 || v[2].args[0] == v[2].args[1]) return {};
    const bool relu = v.size() == 4;
    if (relu && (v[3].function != "relu" || v[3].args[0] != 2)) return {};
    const bool product_first = v[0].buffer == made;
    const Value &product = v[product_first ? 0 : 1], &bias = v[product_first ? 1 : 0];
    const auto is_load = [](const Value& x) { return x.kind == Value::Kind::load && x.args.empty(); };
    if (!is_load(product) || !is_load(bias) || product.buffer != made || !is_vector(bias.buffer, product.dtype))
      return {};
    const Store& to = phase.stores[0];
    const std::vector<AxisId>& axes = product.index;
    const auto along = bias.index[0] == no_axis ? axes.end() : std::find(axes.begin(), axes.end(), bias.index[0]);
    if (along == axes.end() || to.index != axes || to.value != static_cast<int>(v.size()) - 1 ||
        is_region(program_.buffers[at(to.buffer)]))
      return {};
    return Epilogue{bias.buffer, static_cast<int>(along - axes.begin()), to.buffer, relu};
  }

  void leave_out(std::size_t step) {
    program_.steps.erase(program_.steps.begin() + static_cast<std::ptrdiff_t>(step));
    for (Buffer& b : program_.buffers)
      if (b.made_by > static_cast<int>(step)) --b.made_by;
  }

  Program& program_;
  const Target& target_;
};

}  // namespace

void take_epilogues(Program& program, const Target& target) { Epilogues(program, target).run(); }

}  // namespace croton::tile
