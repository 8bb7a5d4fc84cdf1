// Libraries of others, opened at run time.
#pragma once
#include <dlfcn.h>

namespace croton::runtime {

/// How: a host program's own library of the kind, linked into it, must not take the place of this one's inner
/// functions.
inline int open_flags() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return RTLD_NOW | RTLD_LOCAL;  // the sanitizers refuse RTLD_DEEPBIND
#else
  return RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif
}

/// Null where it has none of that name.
template <class F>
F function(void* library, const char* name) {
  return reinterpret_cast<F>(dlsym(library, name));
}

/// Whether it has one.
template <class F>
bool find(void* library, const char* name, F& found) {
  found = function<F>(library, name);
  return found != nullptr;
}

}  // namespace croton::runtime
