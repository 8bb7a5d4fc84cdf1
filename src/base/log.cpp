#include "base/log.h"

#include <fmt/format.h>

#include <cstdio>
#include <set>
#include <utility>

#include "base/fork_safe.h"

namespace croton {
namespace {

struct Log {
  ForkSafeMutex word;
  WarningSink sink;
  std::set<std::string, std::less<>> said;
};

// Never destroyed: warnings may come from the destructors of global variables.
Log& log_of_process() {
  static Log* log = new Log;
  return *log;
}

}  // namespace

void warn(std::string_view text) {
  Log& log = log_of_process();
  WarningSink sink;
  {
    const std::lock_guard lock(log.word);
    sink = log.sink;
  }
  if (sink) return sink(text);
  const std::string line = fmt::format("croton: warning: {}\n", text);
  std::fwrite(line.data(), 1, line.size(), stderr);  // one write, so that lines of several threads do not mix
}

void warn_once(std::string_view key, std::string_view text) {
  Log& log = log_of_process();
  {
    const std::lock_guard lock(log.word);
    if (!log.said.emplace(key).second) return;
  }
  warn(text);
}

WarningSink set_warning_sink(WarningSink sink) {
  Log& log = log_of_process();
  const std::lock_guard lock(log.word);
  log.said.clear();
  return std::exchange(log.sink, std::move(sink));
}

WarningsHeard::WarningsHeard()
    : before_(set_warning_sink([this](std::string_view text) { texts.emplace_back(text); })) {}
WarningsHeard::~WarningsHeard() { set_warning_sink(std::move(before_)); }

}  // namespace croton
