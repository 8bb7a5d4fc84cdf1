// Indices and extents of an op as a person writes them: what its parameters say, and what inputs hold in their place.
#include <algorithm>

#include <fmt/format.h>

#include "graph/codes.h"
#include "graph/notation.h"

namespace croton {
namespace {

constexpr const char* bounds[] = {"start", "stop", "step"};

/// Appends a number, or the input that holds it.
void write_number(std::string& out, const Node& n, Index number, std::optional<std::size_t> holder,
                  const WriteInput& held) {
  if (holder)
    held(n.inputs[inputs_before_held(n) + *holder]);
  else
    out += fmt::to_string(number);
}

void write_item(std::string& out, const Node& n, std::size_t axis, const WriteInput& held) {
  const auto bound = [&](const char* name) {
    const Index code = n.params.list(name)[axis];
    if (code != absent_bound) write_number(out, n, code, holder_of_bound(code), held);
  };
  bound("start");
  const Index step = n.params.list("step")[axis];
  if (step == 0) return;  // an integer index
  out += ':';
  bound("stop");
  if (step == 1) return;
  out += ':';
  bound("step");
}

bool is_whole_axis(const Node& n, std::size_t axis) {
  return n.params.list("start")[axis] == absent_bound && n.params.list("stop")[axis] == absent_bound &&
         n.params.list("step")[axis] == 1;
}

}  // namespace

std::size_t inputs_before_held(const Node& n) {
  std::size_t held = 0;
  const auto count = [&](std::optional<std::size_t> holder) { held = std::max(held, holder ? *holder + 1 : 0); };
  for (const char* name : bounds)
    if (const std::vector<Index>* list = n.params.find_list(name))
      for (const Index code : *list) count(holder_of_bound(code));
  if (const std::vector<Index>* dims = n.params.find_list("dims"))
    for (const Index d : *dims) count(holder_of_extent(d));
  return n.inputs.size() - held;
}

void write_index(std::string& out, const Node& n, const WriteInput& held) {
  std::size_t axes = n.params.list("step").size();
  while (axes > 1 && is_whole_axis(n, axes - 1)) --axes;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (axis) out += ", ";
    write_item(out, n, axis, held);
  }
}

void write_extents(std::string& out, const Node& n, const WriteInput& held) {
  const std::vector<Index>& dims = n.params.list("dims");
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (axis) out += ", ";
    write_number(out, n, dims[axis] == own_extent ? -1 : dims[axis], holder_of_extent(dims[axis]), held);
  }
}

}  // namespace croton
