#include "rewrite/open_loop.h"

#include <algorithm>

namespace croton::rewrite {

double elements(const Tensor& t) {
  constexpr double open = 64;
  double n = 1;
  for (const Index e : type(t).shape) n *= e < 0 ? open : static_cast<double>(e);
  return n;
}

OpenLoop::OpenLoop(const std::vector<Tensor>& results)
    : was_(results[0]), steps_(node(was_).inputs[0]), form_(ops::form_of(was_)) {
  std::vector<std::size_t> numbers;
  numbers.reserve(results.size());
  for (const Tensor& t : results) numbers.push_back(ops::result_of(t));
  part_ = ops::needed_part(form_, numbers);
  const auto bound = [&](std::size_t k) { return Bound{form_.step->inputs[k], node(was_).inputs[k + 1]}; };
  for (const std::size_t k : part_.carries) carries.push_back(bound(k));
  for (std::size_t k = form_.row(0); k < form_.capture(0); ++k) rows.push_back(bound(k));
  for (const std::size_t k : part_.inputs)
    if (k >= form_.capture(0)) captured.push_back(bound(k));
  const std::vector<Tensor>& outputs = part_.step.outputs;
  next_.assign(outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(carries.size()));
  for (std::size_t k = 0; k < part_.ys.size(); ++k) y_of_.push_back(y_of(outputs[carries.size() + k]));
  if (form_.until) condition_ = outputs.back();
  before_.resize(carries.size());
  for (const std::size_t n : numbers)
    if (form_.is_before(n)) before_[ops::place_in(part_.carries, n - form_.before(0))] = true;
  changed_ = ys_.size() < part_.ys.size();
}

bool OpenLoop::is_before(const Tensor& t, std::size_t carry) const {
  return meaning<Loop>(t) && ops::same_run(t, was_) && ops::result_of(t) == form_.before(part_.carries[carry]);
}

std::vector<Tensor> OpenLoop::outputs() const {
  std::vector<Tensor> all = next_;
  all.insert(all.end(), ys_.begin(), ys_.end());
  if (form_.until) all.push_back(condition_);
  return all;
}

void OpenLoop::set_outputs(std::span<const Tensor> all) {
  std::copy_n(all.begin(), next_.size(), next_.begin());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(next_.size()), ys_.size(), ys_.begin());
  if (form_.until) condition_ = all.back();
}

void OpenLoop::change_outputs(std::span<const Tensor> all) {
  set_outputs(all);
  changed_ = true;
}

void OpenLoop::add_row(const Bound& row) {
  rows.push_back(row);
  changed_ = true;
}

Tensor OpenLoop::capture(const Tensor& outer, const Type& inner) {
  captured.push_back({make_input(inner, outer.name(), node(outer).where), outer});
  return captured.back().inner;
}

std::vector<Tensor> OpenLoop::inner_inputs() const {
  std::vector<Tensor> all;
  for (const auto* list : {&carries, &rows, &captured})
    for (const Bound& b : *list) all.push_back(b.inner);
  return all;
}

bool OpenLoop::is_y(const Tensor& inner) const {
  return std::any_of(ys_.begin(), ys_.end(), [&](const Tensor& y) { return same(y, inner); });
}

std::size_t OpenLoop::y_of(const Tensor& inner) {
  const auto there = std::find_if(ys_.begin(), ys_.end(), [&](const Tensor& y) { return same(y, inner); });
  const auto number = static_cast<std::size_t>(there - ys_.begin());
  if (there == ys_.end()) {
    ys_.push_back(inner);
    moved_.emplace_back();
  }
  changed_ = true;
  return number;
}

void OpenLoop::move_y(std::size_t y, const Tensor& value, const std::vector<Part>& parts) {
  moved_[y] = {value, parts};
  changed_ = true;
}

void OpenLoop::rebind(const Replacements& now) {
  const auto renew = [&](Tensor& t) {
    if (const auto there = now.find(t.node()); there != now.end()) t = there->second;
  };
  renew(steps_);
  for (auto* list : {&carries, &rows, &captured})
    for (Bound& b : *list) renew(b.outer);
}

double OpenLoop::kept() const {
  double n = 0;
  for (const Bound& b : rows) n += elements(b.inner);
  for (const Tensor& y : ys_) n += elements(y);
  for (std::size_t k = 0; k < carries.size(); ++k)
    if (before_[k]) n += elements(carries[k].inner);
  return n;
}

void OpenLoop::close() {
  std::vector<Tensor> outputs = next_;
  for (std::size_t k = 0; k < ys_.size(); ++k) {
    place_.push_back(outputs.size() - next_.size());
    if (!has_moved(k)) outputs.push_back(ys_[k]);
  }
  if (form_.until) outputs.push_back(condition_);
  NodeSet read;
  for (const Tensor& t : leaves(outputs, NodeKind::input)) read.insert(t.node());
  std::erase_if(rows, [&](const Bound& b) {
    return !read.contains(b.inner.node()) && meaning<Loop>(b.outer) && !ops::form_of(b.outer).until &&
           same(node(b.outer).inputs[0], steps_);
  });
  inputs_ = {steps_};
  for (const auto* list : {&carries, &rows, &captured})
    for (const Bound& b : *list) inputs_.push_back(b.outer);
  closed_ = {std::make_shared<const Subgraph>(Subgraph{inner_inputs(), std::move(outputs)}), carries.size(),
             rows.size(), form_.reverse, form_.until};
}

Tensor OpenLoop::y(std::size_t number) const {
  const Moved& m = moved_[number];
  if (!has_moved(number)) return ops::loop_result(closed_, closed_.y(place_[number]), inputs_, where());
  Replacements now;
  for (const Part& p : m.parts)
    now.emplace(p.stand_in.node(),
                p.before ? ops::loop_result(closed_, closed_.before(p.number), inputs_, where()) : y(p.number));
  return rebuild({&m.value, 1}, now)[0];
}

Tensor OpenLoop::result(std::size_t number) const {
  if (form_.is_y(number)) return y(y_of_[ops::place_in(part_.ys, number - form_.y(0))]);
  const std::size_t now = form_.is_last(number) ? ops::place_in(part_.carries, number)
                          : form_.is_before(number)
                              ? closed_.before(ops::place_in(part_.carries, number - form_.before(0)))
                              : closed_.count();
  return ops::loop_result(closed_, now, inputs_, where());
}

}  // namespace croton::rewrite
