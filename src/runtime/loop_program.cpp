#include "runtime/loop_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "array/access.h"
#include "graph/walk.h"
#include "runtime/device_rows.h"
#include "runtime/executable.h"
#include "runtime/programs.h"

namespace croton::runtime {
namespace {

const ops::RowMemory memory_of_host;  // of values that the host reads to make plans, on whatever device

}  // namespace

LoopProgram::LoopProgram(std::vector<Tensor> results, Device& device, const std::string& name)
    : results_(std::move(results)), form_(ops::form_of(results_[0])), apart_(!device.host_addressable()) {
  for (const Tensor& t : results_) numbers_.push_back(ops::result_of(t));
  part_ = ops::needed_part(form_, numbers_);
  const std::vector<Tensor>& arguments = node(results_[0]).inputs;
  std::vector<bool> is_wanted(arguments.size(), false);
  is_wanted[0] = true;
  for (std::size_t k = 0; k < form_.rows; ++k) is_wanted[form_.row(k) + 1] = true;  // the checks want them
  std::vector<Tensor> captured(part_.inputs.size());
  for (std::size_t k = 0; k < captured.size(); ++k)
    if (part_.inputs[k] >= form_.capture(0)) captured[k] = arguments[part_.inputs[k] + 1];
  Placed ready = placed(part_.step, captured);
  for (const std::size_t k : ready.numbers) {
    const std::size_t number = part_.inputs[k];
    argument_of_.push_back(number + 1);
    is_row_.push_back(number >= form_.carries && number < form_.capture(0));
    is_wanted[number + 1] = true;
  }
  want(results_[0], is_wanted);
  program_ =
      std::make_unique<Programs>(std::move(ready.outputs), ready.inputs, std::vector<UpdateTarget>(), device, name);
  if (apart_)
    memory_ = std::make_unique<DeviceRows>(device);
  else
    memory_ = std::make_unique<ops::RowMemory>();
  for (const Tensor& t : ready.inputs)
    memory_of_.push_back(program_->decides_shapes(t) ? &memory_of_host : memory_.get());
  series_ = is_series();
}

bool LoopProgram::is_series() const {
  if (form_.until || !program_->only() || !program_->only()->has_series()) return false;
  for (std::size_t k = 0; k < argument_of_.size(); ++k)
    if (memory_of_[k] == &memory_of_host && argument_of_[k] <= form_.capture(0)) return false;
  return true;
}

LoopProgram::~LoopProgram() = default;

/// A run: the values of the node's inputs, what the step is given and gives, and the rows that it has given so far.
struct LoopProgram::Running {
  std::vector<Array> arguments, in, out;
  std::vector<ops::Stack> stacks;  // by result; unused for a last carry
};

std::vector<Array> LoopProgram::run(std::span<const Array> values) {
  Running r;
  r.arguments = by_input(values);
  for (Array& a : r.arguments) a = contiguous(a);
  const Index steps = ops::steps_of(results_[0], r.arguments);
  if (series_ && steps > 0)
    if (auto made = run_series(r.arguments, steps)) return std::move(*made);
  for (std::size_t k = 0; k < argument_of_.size(); ++k) {
    Array& a = r.arguments[argument_of_[k]];
    a = memory_of_[k]->moved(a);
    r.in.push_back(is_row_[k] ? Array() : a);
  }
  r.out.resize(part_.step.outputs.size());
  for (const Tensor& t : results_) r.stacks.emplace_back(t, steps, *memory_);
  Index count = 0;
  for (bool ended = false; count < steps && !ended; ++count) {
    run_step(r, count, form_.reverse ? steps - 1 - count : count);
    ended = form_.until && ops::holds(r.out.back());
  }
  if (steps == 0) look_at_rows(r);
  std::vector<Array> made;
  for (std::size_t k = 0; k < results_.size(); ++k) {
    const std::size_t result = numbers_[k];
    made.push_back(form_.is_last(result)     ? r.in[ops::place_in(part_.carries, result)]
                   : result == form_.count() ? Array::scalar(count)
                                             : r.stacks[k].all());
  }
  return made;
}

namespace {

/// Room for rows of a shape, one after another.
struct Rows {
  Array all;
  std::byte* first = nullptr;
  Index bytes = 0;  // of a row
  Rows() = default;
  Rows(Index count, const Extents& row, DType d, Array& kept) : bytes(count_of(row) * static_cast<Index>(size_of(d))) {
    Shape shape{count};
    shape.insert(shape.end(), row.begin(), row.end());
    Place place;
    place.dtype = d;
    place.bytes = static_cast<std::size_t>(count * bytes);
    place.shape = std::move(shape);
    std::vector<Array> replaced;
    first = static_cast<std::byte*>(result_memory(place, kept, replaced, {}, all));
  }
  std::byte* row(Index i) const { return first + i * bytes; }
};

}  // namespace

/// The steps as calls of one program, each result written where it belongs: rows of ys, and carries to where those
/// before the next step are stacked, or to two places by turns. Nothing where a carry changes its shape.
std::optional<std::vector<Array>> LoopProgram::run_series(std::span<const Array> arguments, Index steps) {
  const auto row_at = [&](Index step) { return form_.reverse ? steps - 1 - step : step; };
  const std::size_t carries = part_.carries.size();
  std::vector<Array> first;
  std::vector<const std::byte*> in;
  std::vector<Index> row_bytes;  // by input; 0: the same at each step
  for (std::size_t k = 0; k < argument_of_.size(); ++k) {
    const Array& a = arguments[argument_of_[k]];
    first.push_back(is_row_[k] ? ops::row_of(a, row_at(0)) : a);
    in.push_back(data(first.back()));
    row_bytes.push_back(is_row_[k] ? first.back().size() * static_cast<Index>(size_of(a.dtype())) : 0);
  }
  Executable::Series series(*program_->only(), first);
  auto kept = kept_.take(3 * carries + part_.ys.size());
  std::vector<Rows> last, other(carries), before(carries), ys;
  for (std::size_t c = 0; c < carries; ++c) {
    if (series.shape(c) != first[c].shape()) return {};
    last.emplace_back(1, first[c].shape(), first[c].dtype(), (*kept)[c]);
  }
  for (std::size_t y = 0; y < part_.ys.size(); ++y)
    ys.emplace_back(steps, series.shape(carries + y), part_.step.outputs[carries + y].dtype(),
                    (*kept)[3 * carries + y]);
  for (const std::size_t result : numbers_)
    if (form_.is_before(result)) {
      const std::size_t c = ops::place_in(part_.carries, result - form_.before(0));
      if (before[c].first) continue;
      before[c] = Rows(steps, first[c].shape(), first[c].dtype(), (*kept)[2 * carries + c]);
      std::copy_n(in[c], before[c].bytes, before[c].row(row_at(0)));
    }
  for (std::size_t c = 0; c < carries; ++c)
    if (steps > 1 && !before[c].first) other[c] = Rows(1, first[c].shape(), first[c].dtype(), (*kept)[carries + c]);
  std::vector<std::byte*> out(carries + ys.size());
  for (Index s = 0; s < steps; ++s) {
    for (std::size_t c = 0; c < carries; ++c)
      out[c] = s == steps - 1        ? last[c].first
               : before[c].first     ? before[c].row(row_at(s + 1))
               : (steps - s) % 2 > 0 ? last[c].first
                                     : other[c].first;
    for (std::size_t y = 0; y < ys.size(); ++y) out[carries + y] = ys[y].row(row_at(s));
    series.run(in, out);
    std::copy_n(out.begin(), carries, in.begin());
    for (std::size_t k = carries; k < in.size(); ++k) in[k] += form_.reverse ? -row_bytes[k] : row_bytes[k];
  }
  std::vector<Array> made;
  for (const std::size_t result : numbers_)
    made.push_back(form_.is_last(result) ? ops::row_of(last[ops::place_in(part_.carries, result)].all, 0)
                   : form_.is_y(result)  ? ys[ops::place_in(part_.ys, result - form_.y(0))].all
                                         : before[ops::place_in(part_.carries, result - form_.before(0))].all);
  kept_.give_back(std::move(kept));
  return made;
}

/// f(stack, row) for the results that are carries before a step, or, `after`, for those that a step gives.
template <class F>
void LoopProgram::for_each_stack(Running& r, bool after, F&& f) const {
  for (std::size_t k = 0; k < results_.size(); ++k) {
    const std::size_t result = numbers_[k];
    if (!(after ? form_.is_y(result) : form_.is_before(result))) continue;
    f(r.stacks[k], after ? r.out[part_.carries.size() + ops::place_in(part_.ys, result - form_.carries)]
                         : r.in[ops::place_in(part_.carries, result - form_.before(0))]);
  }
}

void LoopProgram::run_step(Running& r, Index step, Index row) {
  for (std::size_t k = 0; k < r.in.size(); ++k)
    if (is_row_[k]) memory_of_[k]->move_to_row(r.in[k], r.arguments[argument_of_[k]], row);
  const auto put = [&](ops::Stack& stack, const Array& a) { stack.put(step, a); };
  for_each_stack(r, false, put);
  if (apart_)
    std::fill(r.out.begin(), r.out.end(), Array());  // results lie where the step before the last one had them
  program_->run(r.in, r.out);
  for_each_stack(r, true, put);
  // the step writes the next values over those before the last ones
  for (std::size_t k = 0; k < part_.carries.size(); ++k) {
    ops::check_carry(results_[0], part_.carries[k], r.in[k].shape(), r.out[k].shape());
    std::swap(r.in[k], r.out[k]);
  }
}

/// A loop of no steps runs one on zeros, to see how large its rows would be; not every step can take zeros.
void LoopProgram::look_at_rows(Running& r) {
  for (std::size_t k = 0; k < r.in.size(); ++k)
    if (is_row_[k]) r.in[k] = ops::no_row(r.arguments[argument_of_[k]]);
  const auto like = [](ops::Stack& stack, const Array& a) { stack.like(a); };
  for_each_stack(r, false, like);
  if (part_.ys.empty()) return;
  try {
    program_->run(r.in, r.out);
    for_each_stack(r, true, like);
  } catch (const DeviceError&) { throw; } catch (const CompileError&) {
    throw;
  } catch (const Error&) {  // of the step's own
    for (std::size_t k = 0; k < results_.size(); ++k)
      if (form_.is_y(numbers_[k])) r.stacks[k].like(ops::row_by_type(results_[k]));
  }
}

std::string LoopProgram::explain() const {
  return title() + ", each step:\n" + program_->explain() + "end of the loop\n";
}

/// "loop over the rows of xs, last to first", or "loop of n steps, until its condition holds".
std::string LoopProgram::title() const {
  const std::vector<Tensor>& inputs = node(results_[0]).inputs;
  const char* const until = form_.until ? ", until its condition holds" : "";
  if (form_.rows == 0)
    return (static_integers(inputs[0]) == std::vector{ops::any_steps}
                ? "loop"
                : fmt::format("loop of {} steps", formula(inputs[0]))) +
           until;
  std::vector<std::string> rows;
  for (std::size_t k = 0; k < form_.rows; ++k) rows.push_back(formula(inputs[form_.row(k) + 1]));
  return fmt::format("loop over the rows of {}{}{}", fmt::join(rows, ", "), form_.reverse ? ", last to first" : "",
                     until);
}

}  // namespace croton::runtime
