// What the sweeps feed pointwise ops: plain shapes, broadcasting ones, none and one element.
#include "ops/pointwise.h"

namespace croton::ops {
namespace {

Sample sample(DType dtype, const std::vector<Interval>& intervals, const std::vector<Shape>& shapes) {
  Sample s;
  for (std::size_t i = 0; i < intervals.size(); ++i) s.inputs.push_back({dtype, shapes[i % shapes.size()]});
  s.intervals = intervals;
  return s;
}

}  // namespace

std::vector<Sample> float_samples(const std::vector<Interval>& intervals) {
  std::vector<Sample> s = {
      sample(DType::float64, intervals, {{3, 4}}),    sample(DType::float64, intervals, {{}}),
      sample(DType::float64, intervals, {{0, 3}}),    sample(DType::float64, intervals, {{-1, 1}}),
      sample(DType::float32, intervals, {{2, 3, 5}}), sample(DType::float16, intervals, {{7}}),
      sample(DType::bfloat16, intervals, {{7}}),
  };
  if (intervals.size() > 1) s.push_back(sample(DType::float64, intervals, {{3, 1}, {1, 4}, {3, 4}}));
  return s;
}

std::vector<Sample> int_samples(const std::vector<Interval>& intervals) {
  std::vector<Interval> natural = intervals;
  for (Interval& i : natural) i.low = i.low < 0 ? 0 : i.low;
  return {sample(DType::int64, intervals, {{3, 4}}), sample(DType::int8, intervals, {{5}}),
          sample(DType::uint32, natural, {{2, 3}}), sample(DType::int32, intervals, {{0, 2}})};
}

std::vector<Sample> bool_samples(std::size_t inputs) {
  return {sample(DType::boolean, std::vector<Interval>(inputs, {0, 2}), {{3, 4}})};
}

std::vector<Sample> join(std::vector<Sample> a, const std::vector<Sample>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace croton::ops
