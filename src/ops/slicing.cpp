#include "ops/slicing.h"

#include <algorithm>

#include "base/error.h"
#include "graph/walk.h"

namespace croton::ops {
namespace {

/// One of start, stop, step: not given, known, or held by an input whose value is not known yet.
struct Number {
  bool given = false;
  std::optional<Index> n;
  bool unknown() const { return given && !n; }
};

Number number(const TypeAt& t, Index code, std::size_t first) {
  if (code == absent_bound) return {};
  const std::optional<std::size_t> holder = holder_of_bound(code);
  if (!holder) return {true, code};
  const auto& held = t.values[first + *holder];
  return {true, held ? std::optional<Index>((*held)[0]) : std::nullopt};
}

Span integer_span(const TypeAt& t, const Shape& x, std::size_t axis, const Number& at) {
  Span s{{}, 0, 1};
  const Index n = x[axis];
  if (!at.n) return s;
  if (n < 0) {
    if (*at.n >= 0) s.first = at.n;
    return s;
  }
  if (*at.n < -n || *at.n >= n) {
    const std::string of = formula(t.x[0]) + " " + text(Type{t.dtype(0), x});
    if (n == 0) fail_at<IndexError>(t.where, "index {} of axis {} of {}, which has no elements", *at.n, axis, of);
    fail_at<IndexError>(t.where, "index {} is out of range for axis {} of {} (valid: {} .. {})", *at.n, axis, of, -n,
                        n - 1);
  }
  s.first = *at.n < 0 ? *at.n + n : *at.n;
  return s;
}

Span slice_span(Index n, const Number& start, const Number& stop, const Number& step) {
  Span s{{}, step.given ? step.n : 1, -1};
  if (n < 0 || start.unknown() || stop.unknown() || !s.step) {
    const bool whole = !start.given && !stop.given && s.step && std::abs(*s.step) == 1;
    if (whole) s.count = n;
    if (whole && *s.step > 0) s.first = 0;
    return s;
  }
  const Index low = *s.step > 0 ? 0 : -1, high = *s.step > 0 ? n : n - 1;
  const auto place = [&](const Number& b, Index otherwise) {
    if (!b.given) return otherwise;
    return std::clamp(*b.n < 0 ? *b.n + n : *b.n, low, high);
  };
  const Index from = place(start, *s.step > 0 ? low : high), to = place(stop, *s.step > 0 ? high : low);
  const Index distance = *s.step > 0 ? to - from : from - to;
  const Index stride = *s.step > 0 ? *s.step : -SliceList::known(*s.step);
  s.first = from;
  s.count = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  return s;
}

}  // namespace

void SliceList::add_whole() {
  start.push_back(absent_bound);
  stop.push_back(absent_bound);
  step.push_back(1);
}

bool SliceList::is_whole() const {
  for (std::size_t i = 0; i < start.size(); ++i)
    if (start[i] != absent_bound || stop[i] != absent_bound || step[i] != 1) return false;
  return true;
}

Params SliceList::params() const { return {{"start", start}, {"stop", stop}, {"step", step}}; }

Index SliceList::known(Index n) { return std::max(n, last_held_bound + 1); }

Index SliceList::hold(const Tensor& bound) {
  held.push_back(bound);
  return absent_bound + static_cast<Index>(held.size());
}

std::vector<Span> spans(const TypeAt& t, const Shape& x, std::size_t first) {
  const auto &start = t.params.list("start"), &stop = t.params.list("stop"), &step = t.params.list("step");
  std::vector<Span> out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Number from = number(t, start[i], first), to = number(t, stop[i], first), by = number(t, step[i], first);
    if (step[i] == 0) {
      out.push_back(integer_span(t, x, i, from));
      continue;
    }
    if (by.given && by.n == 0) fail_at<IndexError>(t.where, "{}: the step of axis {} is 0", t.name(), i);
    out.push_back(slice_span(x[i], from, to, by));
  }
  return out;
}

Shape selected(const std::vector<Span>& all) {
  Shape shape;
  for (const Span& s : all)
    if (s.step != 0) shape.push_back(s.count);
  return shape;
}

std::vector<AxisMap> maps(const std::vector<Span>& all) {
  std::vector<AxisMap> map;
  int axis = 0;
  for (const Span& s : all) {
    if (s.step == 0)
      map.push_back({-1, s.first.value_or(0), 1});
    else
      map.push_back({axis++, s.first.value_or(0), s.step.value_or(1)});
  }
  return map;
}

}  // namespace croton::ops
