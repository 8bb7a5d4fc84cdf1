#include "base/environment.h"

#include <stdlib.h>
#include <unistd.h>

#include <mutex>

#include "base/fork_safe.h"

namespace croton {
namespace {

ForkSafeMutex& word() {
  static auto* const word = new ForkSafeMutex;
  return *word;
}

std::optional<std::string> value_of(const char* name) {
  const char* const value = ::getenv(name);
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

std::optional<std::string> environment_value(const char* name) {
  const std::lock_guard guard(word());
  return value_of(name);
}

std::vector<std::string> whole_environment() {
  const std::lock_guard guard(word());
  std::vector<std::string> all;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) all.emplace_back(*e);
  return all;
}

EnvironmentFor::EnvironmentFor(const std::vector<Variable>& variables) {
  before_.reserve(variables.size());
  word().lock();
  for (const Variable& v : variables) {
    if (v.value.empty()) continue;
    before_.push_back({v.name, value_of(v.name)});
    ::setenv(v.name, v.value.c_str(), 1);
  }
}

EnvironmentFor::~EnvironmentFor() {
  for (const Before& b : before_) {
    if (b.value)
      ::setenv(b.name, b.value->c_str(), 1);
    else
      ::unsetenv(b.name);
  }
  word().unlock();
}

}  // namespace croton
