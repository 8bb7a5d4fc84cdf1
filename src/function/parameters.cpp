// Parameters in .npz files, by name.
#include <optional>
#include <set>

#include "array/access.h"
#include "base/dtype.h"
#include "base/error.h"
#include "croton/shared.h"
#include "function/convert.h"
#include "function/words.h"
#include "graph/walk.h"

namespace croton {
namespace {

std::vector<SharedUse> named_uses(const std::vector<Shared>& parameters, const std::string& verb, bool written) {
  std::set<std::string_view> names;
  for (const Shared& p : parameters) {
    if (!p.node()) fail<GraphError>("{}: a parameter is an empty Shared (declared, never assigned)", verb);
    if (p.name().empty())
      fail<GraphError>("{}: {} has no name; a parameter is stored by its name: shared(value, \"W1\")", verb,
                       describe(p));
    if (!names.insert(p.name()).second) fail<GraphError>("{}: two parameters have the name \"{}\"", verb, p.name());
  }
  const std::vector<Tensor> leaves(parameters.begin(), parameters.end());
  return written ? shared_uses({}, leaves) : shared_uses(leaves, {});
}

/// The value as this parameter takes it; std::nullopt, with a line that says why, where it does not fit.
std::optional<Array> fitted(const Shared& p, const Extents& shape, const Array& value, std::string& problems) {
  if (value.shape() == shape)
    if (auto fits = converted(value, p.dtype())) return fits;
  problems += fmt::format("\n  {}: the parameter is {}, the file holds {}", p.name(), type_text(p.dtype(), shape),
                          type_text(value));
  return {};
}

}  // namespace

void save_npz(std::string_view path, const std::vector<Shared>& parameters) {
  const std::vector<SharedUse> uses = named_uses(parameters, fmt::format("save_npz(\"{}\")", path), false);
  std::vector<std::pair<std::string, Array>> arrays;
  {
    const Words words(uses);
    for (const Shared& p : parameters) arrays.emplace_back(p.name(), storage_of(p).get());
  }
  save_npz(path, arrays);
}

void load_into(const std::vector<Shared>& parameters, std::string_view path) {
  const std::string verb = fmt::format("load_into(\"{}\")", path);
  const std::vector<SharedUse> uses = named_uses(parameters, verb, true);
  const Npz file = load_npz(path);
  const Words words(uses);
  std::string problems;
  std::set<std::string> known;
  std::vector<Array> values;
  for (const Shared& p : parameters) {
    known.insert(p.name());
    if (!file.has(p.name()))
      problems += fmt::format("\n  {}: the file holds no array of that name", p.name());
    else if (auto value = fitted(p, storage_of(p).shape(), file[p.name()], problems))
      values.push_back(std::move(*value));
  }
  for (const std::string& name : file.names())
    if (!known.contains(name)) problems += fmt::format("\n  {}: in the file, but no parameter has that name", name);
  if (!problems.empty()) fail<FileError>("{}: nothing was assigned:{}", verb, problems);
  for (std::size_t i = 0; i < parameters.size(); ++i) storage_of(parameters[i]).set(values[i]);
}

}  // namespace croton
