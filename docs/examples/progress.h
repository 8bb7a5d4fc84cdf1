// A progress bar with rate and time left on stderr; it stays silent where stderr is no terminal.
#pragma once
#include <chrono>

namespace progress {

class Bar {
 public:
  explicit Bar(long total);

  // Redraws at most ten times a second.
  void at(long done);
  // Wipes the bar, so that the next line of output starts on an empty line; the bar comes back with the next at().
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(long done, Clock::time_point now);

  long total_;
  bool is_terminal_;
  bool is_drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
};

}  // namespace progress
