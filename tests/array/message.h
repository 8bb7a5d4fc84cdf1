// The text of the error that an expression throws, or "" if it throws none of that type.
#pragma once
#include <string>

namespace croton {

template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& e) { return e.what(); }
  return {};
}

}  // namespace croton
