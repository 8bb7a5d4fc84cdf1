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

EnvironmentFor::EnvironmentFor(const std::vector<std::pair<const char*, std::string>>& variables) {
  before_.reserve(variables.size());
  std::unique_lock lock(word());
  for (const auto& [name, value] : variables) {
    if (value.empty()) continue;
    before_.emplace_back(name, value_of(name));
    ::setenv(name, value.c_str(), 1);
  }
  lock.release();  // held to the end of the scope
}

EnvironmentFor::~EnvironmentFor() {
  for (const auto& [name, before] : before_) {
    if (before)
      ::setenv(name, before->c_str(), 1);
    else
      ::unsetenv(name);
  }
  word().unlock();
}

}  // namespace croton
