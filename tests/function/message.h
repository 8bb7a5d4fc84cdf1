// What a refusal says, and the ways to run a function.
#pragma once
#include <croton.h>

#include <regex>
#include <sstream>
#include <string>

#include "base/log.h"
#include "catch.h"
#include "gpu.h"

namespace croton {

/// The text with every place of a test, "shared_test.cpp:36", written HERE.
inline std::string without_lines(const std::string& text) {
  static const std::regex place("[a-z_]+_test\\.cpp:[0-9]+");
  return std::regex_replace(text, place, "HERE");
}

/// The text of the error that f throws, without lines; "" if it throws none of that type.
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& e) { return without_lines(e.what()); }
  return {};
}

inline std::string printed(const Array& a) {
  std::ostringstream out;
  out << a;
  return out.str();
}

/// One dtype and shape, and elements that differ by no more than that, relative or absolute.
inline bool all_close(const Array& a, const Array& b, double tolerance = 1e-12) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() &&
         eval(allclose(Tensor(a), Tensor(b), tolerance, tolerance)).item<bool>();
}

inline bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace croton
