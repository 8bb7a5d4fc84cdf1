#include "tile/relay.h"

#include <algorithm>
#include <unordered_map>

namespace croton::tile {
namespace {

// The relay around one product, as it grows.
class Runners {
 public:
  Runners(const Program& program, std::size_t product, std::size_t longest)
      : program_(program), longest_(longest), relay_{product, product} {}

  // `before`: the first step that the relay may take.
  Relay run(std::size_t before) {
    const auto& product = std::get<LibraryCall>(program_.steps[relay_.first]);
    if (product.batch > 0) return relay_;
    if (relay_.first > before) begin_with(phase(relay_.first - 1), product);
    made_by_last_.clear();
    made_by_last_[product.out] = true;
    made_[product.out] = true;
    ++relay_.end;
    while (relay_.end - relay_.first < longest_ && go_on_with(phase(relay_.end))) {
      ++relay_.end;
      if (checks(program_.steps[relay_.end - 1])) break;
    }
    return relay_;
  }

 private:
  const Phase* phase(std::size_t step) const {
    return step < program_.steps.size() ? std::get_if<Phase>(&program_.steps[step]) : nullptr;
  }

  static bool goes_along(const std::vector<AxisId>& index, const std::vector<AxisId>& parallel) {
    return index.size() >= parallel.size() && std::equal(parallel.begin(), parallel.end(), index.begin());
  }

  void note_stores(const Phase& p) {
    made_by_last_.clear();
    for (const Store& s : p.stores) made_[s.buffer] = made_by_last_[s.buffer] = goes_along(s.index, p.parallel);
  }

  void begin_with(const Phase* p, const LibraryCall& product) {
    if (p == nullptr || p->parallel.empty() || product.a_transposed || checks(*p) || writes_regions(program_, *p))
      return;
    note_stores(*p);
    const auto a = made_.find(product.a);
    if (a != made_.end() && a->second && made_.count(root_of(program_, product.b)) == 0)
      --relay_.first;
    else
      made_.clear();
  }

  bool go_on_with(const Phase* p) {
    if (p == nullptr || p->parallel.empty() || writes_regions(program_, *p)) return false;
    bool follows = false;
    for (const Value& v : p->values) {
      if (v.buffer < 0) continue;
      const auto made = made_.find(root_of(program_, v.buffer));
      if (made == made_.end()) continue;
      const bool by_rows = v.kind == Value::Kind::load && v.row_dim < 0 && v.buffer == made->first;
      if (!by_rows || !made->second || !goes_along(v.index, p->parallel)) return false;
      follows = follows || made_by_last_.count(v.buffer) > 0;
    }
    if (follows) note_stores(*p);
    return follows;
  }

  const Program& program_;
  std::size_t longest_;
  Relay relay_;
  std::unordered_map<int, bool> made_, made_by_last_;  // buffer: whether row for row
};

}  // namespace

std::vector<Relay> relays(const Program& program, std::size_t longest) {
  std::vector<Relay> found;
  std::size_t free = 0;
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    if (!std::holds_alternative<LibraryCall>(program.steps[s])) continue;
    const Relay r = Runners(program, s, longest).run(free);
    if (r.end - r.first < 2) continue;
    found.push_back(r);
    free = r.end;
  }
  return found;
}

}  // namespace croton::tile
