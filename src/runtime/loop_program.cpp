#include "runtime/loop_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "array/access.h"
#include "graph/walk.h"
#include "runtime/device_rows.h"
#include "runtime/programs.h"

namespace croton::runtime {
namespace {

const ops::RowMemory memory_of_host;

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
