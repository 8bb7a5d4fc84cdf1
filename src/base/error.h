// Building error texts: "file:line: what: details" first, facts on lines of their own, the way out last.
#pragma once
#include <fmt/format.h>

#include "croton/base.h"

namespace croton {

/// "fit.cpp:12" (the file's name without its folder), or "" where nothing is known.
std::string place(const Where&);

/// Throws E with a formatted text: fail<ShapeError>("dot: {} ...", x).
template <class E, class... A>
[[noreturn]] void fail(fmt::format_string<A...> text, A&&... a) {
  throw E(fmt::format(text, std::forward<A>(a)...));
}
/// The same, with the place first.
template <class E, class... A>
[[noreturn]] void fail_at(const Where& w, fmt::format_string<A...> text, A&&... a) {
  const std::string p = place(w);
  throw E(p.empty() ? fmt::format(text, std::forward<A>(a)...) : p + ": " + fmt::format(text, std::forward<A>(a)...));
}

}  // namespace croton
