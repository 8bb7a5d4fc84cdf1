#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <string>

namespace progress {
namespace {

constexpr int width = 30;  // characters of the bar itself

std::string clock_text(double seconds) {
  const long whole = std::lround(seconds);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

Bar::Bar(long total) : total_(total), is_terminal_(isatty(STDERR_FILENO) == 1) {}

void Bar::at(long done) {
  if (!is_terminal_) return;
  const auto now = Clock::now();
  if (is_drawn_ && done < total_ && now - last_ < std::chrono::milliseconds(100)) return;
  draw(done, now);
}

void Bar::draw(long done, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const std::string left = rate > 0 ? clock_text(static_cast<double>(total_ - done) / rate) : "?";
  const auto filled = static_cast<std::size_t>(total_ > 0 ? done * width / total_ : width);
  const std::string bar = std::string(filled, '=') + std::string(static_cast<std::size_t>(width) - filled, ' ');
  fmt::print(stderr, "\r[{}] {}/{}  {:.0f} passes/s  {} left \033[K", bar, done, total_, rate, left);
  std::fflush(stderr);
  is_drawn_ = true;
  last_ = now;
}

void Bar::clear() {
  if (!is_drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace progress
