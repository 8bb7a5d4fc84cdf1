// The picture at the end of the tutorial: predicted classes as filled regions, the training points over them. gnuplot
// draws it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace picture {

// A regular grid over the plane; point (column, row) stands at (left + column * step, bottom + row * step).
struct Grid {
  double left = 0, bottom = 0, step = 0;
  std::size_t columns = 0, rows = 0;

  std::size_t points() const { return columns * rows; }
  // Coordinates of all points, [points, 2], row after row from the bottom.
  std::vector<float> coordinates() const;
};

// The grid that covers `points` ([n, 2]) and `margin` around them, as numpy.arange(min - margin, max + margin, step)
// does.
Grid grid_around(const std::vector<float>& points, double margin, double step);

struct Scene {
  std::string title;
  Grid grid;
  std::vector<std::int64_t> regions;  // the class of each grid point
  std::vector<float> points;          // [n, 2]
  std::vector<std::int64_t> classes;  // [n]
};

// Draws the scene into `png` with gnuplot and returns true. Without gnuplot, or where it fails, writes the complete
// gnuplot program (data included) beside it as `<png without .png>.gnuplot`, says on stderr what to do with it, and
// returns false.
bool draw(const Scene& scene, const std::string& png);

}  // namespace picture
