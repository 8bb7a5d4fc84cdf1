#include "picture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <limits>

namespace picture {
namespace {

using Text = fmt::memory_buffer;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Range range_of(const std::vector<float>& points, std::size_t axis) {
  Range range;
  for (std::size_t i = axis; i < points.size(); i += 2) {
    range.low = std::min(range.low, static_cast<double>(points[i]));
    range.high = std::max(range.high, static_cast<double>(points[i]));
  }
  return range;
}

std::size_t arange_count(double start, double stop, double step) {
  return static_cast<std::size_t>(std::max(0.0, std::ceil((stop - start) / step)));
}

void add_regions(Text& out, const Scene& scene) {
  fmt::format_to(std::back_inserter(out), "$regions << EOD\n");
  for (std::size_t row = 0; row < scene.grid.rows; ++row) {
    for (std::size_t column = 0; column < scene.grid.columns; ++column) {
      fmt::format_to(std::back_inserter(out), "{} ", scene.regions[row * scene.grid.columns + column]);
    }
    out.push_back('\n');
  }
  fmt::format_to(std::back_inserter(out), "EOD\n");
}

void add_points(Text& out, const Scene& scene, std::int64_t wanted) {
  fmt::format_to(std::back_inserter(out), "$class{} << EOD\n", wanted);
  for (std::size_t i = 0; i < scene.classes.size(); ++i) {
    if (scene.classes[i] != wanted) continue;
    fmt::format_to(std::back_inserter(out), "{} {}\n", scene.points[2 * i], scene.points[2 * i + 1]);
  }
  fmt::format_to(std::back_inserter(out), "EOD\n");
}

// In a double-quoted gnuplot string a backslash and a quote need a backslash.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

constexpr const char* drawing = R"(
set terminal pngcairo size 1200,880 font 'DejaVu Sans,13' background rgb '#ffffff'
set title {title} font 'DejaVu Sans Bold,15' noenhanced
set xrange [{left}:{right}]
set yrange [{bottom}:{top}]
set size ratio -1
set xlabel 'x_0'
set ylabel 'x_1'
set tics out nomirror
set border 3 lc rgb '#606060'
set key top right Left reverse box lc rgb '#c0c0c0' opaque fc rgb '#ffffff' samplen 1 spacing 1.3 width 1
set palette defined (0 '#cfe0f3', 1 '#fadccb')
set cbrange [0:1]
unset colorbox
x(column) = {left} + column * {step}
y(row) = {bottom} + row * {step}

# The boundary is where the predicted class changes.
set table $boundary
set contour base
set cntrparam levels discrete 0.5
unset surface
splot $regions matrix using (x($1)):(y($2)):3 with lines notitle
unset table
unset contour

set output {output}
plot $regions matrix using (x($1)):(y($2)):3 with image notitle, \
     $class0 using 1:2 with points pt 7 ps 0.45 lc rgb '#902f6db3' notitle, \
     $class1 using 1:2 with points pt 7 ps 0.45 lc rgb '#90c8501e' notitle, \
     $boundary using 1:2 with lines lw 2.5 lc rgb '#202020' title 'decision boundary', \
     keyentry with points pt 7 ps 1.2 lc rgb '#2f6db3' title 'upper moon (class 0)', \
     keyentry with points pt 7 ps 1.2 lc rgb '#c8501e' title 'lower moon (class 1)'
unset output
)";

std::string program(const Scene& scene, const std::string& png) {
  const Grid& grid = scene.grid;
  Text out;
  add_regions(out, scene);
  add_points(out, scene, 0);
  add_points(out, scene, 1);
  std::string commands = drawing;
  const auto put = [&commands](const std::string& name, const std::string& value) {
    for (std::size_t at = commands.find(name); at != std::string::npos; at = commands.find(name, at + value.size())) {
      commands.replace(at, name.size(), value);
    }
  };
  put("{left}", fmt::format("{:.9g}", grid.left));
  put("{bottom}", fmt::format("{:.9g}", grid.bottom));
  put("{right}", fmt::format("{:.9g}", grid.left + static_cast<double>(grid.columns - 1) * grid.step));
  put("{top}", fmt::format("{:.9g}", grid.bottom + static_cast<double>(grid.rows - 1) * grid.step));
  put("{step}", fmt::format("{:.9g}", grid.step));
  put("{output}", quoted(png));
  put("{title}", quoted(scene.title));
  return fmt::to_string(out) + commands;
}

void write_all(int to, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = write(to, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;  // gnuplot went away: its exit status tells
    done += static_cast<std::size_t>(wrote);
  }
}

// Runs gnuplot with `text` as its standard input. An empty string means that all went well; else what went wrong.
std::string run_gnuplot(const std::string& text) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return std::strerror(errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[0], STDIN_FILENO);
  std::string name = "gnuplot";
  char* const arguments[] = {name.data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[0]);
  if (failed != 0) {
    close(pipe_ends[1]);
    return failed == ENOENT ? "gnuplot is not installed (Debian: apt install gnuplot-nox)" : std::strerror(failed);
  }
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  write_all(pipe_ends[1], text);
  close(pipe_ends[1]);
  std::signal(SIGPIPE, before);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return "";
  return "gnuplot failed; its own message stands above";
}

std::string without_extension(const std::string& png) {
  return png.ends_with(".png") ? png.substr(0, png.size() - 4) : png;
}

void leave_for_later(const std::string& text, const std::string& png, const std::string& why) {
  const std::string path = without_extension(png) + ".gnuplot";
  std::FILE* file = std::fopen(path.c_str(), "w");
  const bool is_written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file == nullptr || std::fclose(file) != 0 || !is_written) {
    fmt::print(stderr, "no picture: {}; and {} cannot be written: {}\n", why, path, std::strerror(errno));
    return;
  }
  fmt::print(stderr, "no picture: {}\n  data and drawing are in {}; draw it with: gnuplot {}\n", why, path, path);
}

}  // namespace

std::vector<float> Grid::coordinates() const {
  std::vector<float> all;
  all.reserve(2 * points());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      all.push_back(static_cast<float>(left + static_cast<double>(column) * step));
      all.push_back(static_cast<float>(bottom + static_cast<double>(row) * step));
    }
  }
  return all;
}

Grid grid_around(const std::vector<float>& points, double margin, double step) {
  const Range x = range_of(points, 0);
  const Range y = range_of(points, 1);
  const double left = x.low - margin;
  const double bottom = y.low - margin;
  return {left, bottom, step, arange_count(left, x.high + margin, step), arange_count(bottom, y.high + margin, step)};
}

bool draw(const Scene& scene, const std::string& png) {
  const std::string text = program(scene, png);
  const std::string problem = run_gnuplot(text);
  if (problem.empty()) return true;
  leave_for_later(text, png, problem);
  return false;
}

}  // namespace picture
