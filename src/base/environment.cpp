#include "base/environment.h"

#include <stdlib.h>
#include <unistd.h>

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

EnvironmentFor::EnvironmentFor(const char* name, const std::string& value) : name_(name), changed_(!value.empty()) {
  if (!changed_) return;
  word().lock();
  before_ = value_of(name);
  ::setenv(name, value.c_str(), 1);
}

EnvironmentFor::~EnvironmentFor() {
  if (!changed_) return;
  if (before_)
    ::setenv(name_, before_->c_str(), 1);
  else
    ::unsetenv(name_);
  word().unlock();
}

}  // namespace croton
