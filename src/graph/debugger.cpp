// What tools/croton-gdb.py calls to show handles and arrays; plain C names, so that it works on a library without debug
// information.
#include <sstream>
#include <string>

#include "graph/walk.h"

namespace {

// The text lives until the next call: a debugger copies it at once.
template <class T>
const char* shown(const void* object) {
  static std::string text;
  std::ostringstream out;
  out << *static_cast<const T*>(object);
  text = out.str();
  return text.c_str();
}

}  // namespace

/// The object is a croton::Tensor or croton::Shared.
extern "C" const char* croton_debugger_tensor(const void* tensor) { return shown<croton::Expr>(tensor); }
/// The object is a croton::Array.
extern "C" const char* croton_debugger_array(const void* array) { return shown<croton::Array>(array); }
