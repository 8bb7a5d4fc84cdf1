#include "runtime/cpu/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/cgroup.h"
#include "base/environment.h"
#include "base/listing.h"

namespace croton::runtime {
namespace {

constexpr std::size_t most_text = 64 << 10;

// The read end of a pipe that a child writes to.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
    if (ends_[0] >= 0) fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close_write();
    if (ends_[0] >= 0) close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  // Appends what is there now; false at the end of the stream.
  bool drain(std::string& text, bool keep_last) {
    char part[8192];
    for (int parts = 0; parts < 32; ++parts) {  // more than a pipe holds; who never stops must not stop us
      const ssize_t n = read(ends_[0], part, sizeof part);
      if (n == 0) return false;
      if (n < 0) return errno == EAGAIN || errno == EINTR;
      if (keep_last || text.size() < most_text) text.append(part, static_cast<std::size_t>(n));
      if (keep_last && text.size() > 2 * most_text) text.erase(0, text.size() - most_text);
    }
    return true;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

class SpawnSettings {
 public:
  SpawnSettings(const Pipe& out, const Pipe& err) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.write_end(), 1);
    posix_spawn_file_actions_adddup2(&actions, err.write_end(), 2);
#if __GLIBC_PREREQ(2, 34)
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // what the program forgot to close on exec
#endif
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> p;
  p.reserve(words.size() + 1);
  for (const std::string& w : words) p.push_back(const_cast<char*>(w.c_str()));
  p.push_back(nullptr);
  return p;
}

using Clock = std::chrono::steady_clock;

// A child and what it says.
class Child {
 public:
  explicit Child(pid_t number) : number_(number), handle_(static_cast<int>(syscall(SYS_pidfd_open, number, 0))) {}
  ~Child() {
    if (handle_ >= 0) close(handle_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  int status() const { return status_; }

  // Reads both streams until the child has ended; false if it still runs at the deadline. Children that it leaves
  // behind may hold the streams for as long as they like.
  bool listen(Pipe& out, Pipe& err, ProcessEnd& end, Clock::time_point deadline) {
    bool out_open = true, err_open = true;
    for (;;) {
      const bool over = ended();  // asked first, so that what it said last is still read
      if (out_open) out_open = out.drain(end.output, false);
      if (err_open) err_open = err.drain(end.complaint, true);
      if (over) return true;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      pollfd ends[3] = {{out_open ? out.read_end() : -1, POLLIN, 0},
                        {err_open ? err.read_end() : -1, POLLIN, 0},
                        {handle_, POLLIN, 0}};
      const long long longest = handle_ >= 0 ? 60'000 : 10;  // Linux before 5.3 has no handles of processes
      poll(ends, 3, static_cast<int>(std::min<long long>(left, longest)));
    }
  }

  // With all that it started. They are of our own process group, so that the user's Ctrl-C reaches them too.
  void kill_all() {
    std::vector<pid_t> family{number_};
    for (std::size_t before = 0; before != family.size();) {  // who is stopped starts no more
      for (; before < family.size(); ++before) kill(family[before], SIGSTOP);
      add_children(family);
    }
    for (const pid_t each : family) kill(each, SIGKILL);
    while (waitpid(number_, &status_, 0) < 0 && errno == EINTR) continue;
  }

 private:
  bool ended() {
    const pid_t got = waitpid(number_, &status_, WNOHANG);
    if (got == number_) return true;
    if (got == 0 || errno == EINTR) return false;
    status_ = 0;  // the program ignores SIGCHLD, and the kernel reaped it: nothing is known
    return true;
  }

  static void add_children(std::vector<pid_t>& family) {
    for_each_name("/proc", [&](std::string_view name) {
      const pid_t number = std::atoi(name.data());  // names end in a zero
      if (number <= 0 || std::find(family.begin(), family.end(), number) != family.end()) return;
      const std::string facts = read_small_file(fmt::format("/proc/{}/stat", number));
      const std::size_t name_ends = facts.rfind(')');  // "123 (name) S 45": the parent is 45
      if (name_ends == std::string::npos || name_ends + 4 > facts.size()) return;
      const pid_t parent = std::atoi(facts.c_str() + name_ends + 4);
      if (std::find(family.begin(), family.end(), parent) != family.end()) family.push_back(number);
    });
  }

  pid_t number_;
  int handle_;
  int status_ = 0;
};

}  // namespace

std::vector<std::string> clean_environment(const std::vector<std::string>& environment) {
  static constexpr std::string_view left_out[] = {"CPATH",
                                                  "C_INCLUDE_PATH",
                                                  "CPLUS_INCLUDE_PATH",
                                                  "OBJC_INCLUDE_PATH",
                                                  "DEPENDENCIES_OUTPUT",
                                                  "SUNPRO_DEPENDENCIES",
                                                  "GCC_EXEC_PREFIX",
                                                  "COMPILER_PATH",
                                                  "LIBRARY_PATH",
                                                  "GCC_COMPARE_DEBUG",
                                                  "COLLECT_GCC_OPTIONS",
                                                  "LD_RUN_PATH",
                                                  "LD_PRELOAD",
                                                  "LD_AUDIT",
                                                  "LANG",
                                                  "LANGUAGE",
                                                  "SOURCE_DATE_EPOCH"};
  std::vector<std::string> kept;
  for (const std::string_view entry : environment) {
    const std::string_view name = entry.substr(0, entry.find('='));
    if (name.starts_with("LC_") || std::find(std::begin(left_out), std::end(left_out), name) != std::end(left_out)) {
      continue;
    }
    kept.emplace_back(entry);
  }
  kept.emplace_back("LC_ALL=C");
  return kept;
}

std::string ProcessEnd::how() const {
  if (spawn_error != 0) return fmt::format("cannot be run: {}", strerror(spawn_error));
  if (timed_out) return fmt::format("not finished after {} s", limit.count());
  if (signal != 0) return fmt::format("killed by signal {} ({})", signal, strsignal(signal));
  return fmt::format("exit status {}", exit_status);
}

ProcessEnd run_process(const std::vector<std::string>& argv, std::chrono::seconds limit) {
  ProcessEnd end;
  end.limit = limit;
  Pipe out, err;
  if (out.read_end() < 0 || err.read_end() < 0) {
    end.spawn_error = errno;
    return end;
  }
  const SpawnSettings settings(out, err);
  const std::vector<std::string> environment = clean_environment(whole_environment());
  pid_t child = 0;
  end.spawn_error = posix_spawn(&child, argv[0].c_str(), &settings.actions, &settings.attributes, pointers(argv).data(),
                                pointers(environment).data());
  if (end.spawn_error != 0) return end;
  out.close_write();
  err.close_write();

  Child running(child);
  end.timed_out = !running.listen(out, err, end, Clock::now() + limit);
  if (end.timed_out) running.kill_all();
  const int status = running.status();
  if (end.complaint.size() > most_text) end.complaint.erase(0, end.complaint.size() - most_text);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.exit_status = WEXITSTATUS(status);
  return end;
}

}  // namespace croton::runtime
