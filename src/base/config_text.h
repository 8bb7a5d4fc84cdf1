// The table of keys as text for people: the example file, the page of the documentation, what `croton config` prints.
#pragma once
#include <string>

#include "base/config.h"

namespace croton {

/// config.ini.example: every key with its sentence and default, commented out.
std::string config_example();
/// docs/config.md.
std::string config_page();
/// Every key, its value, and where the value came from.
std::string config_listing(const Config&);
/// One key in full: value, source, what is allowed, the sentence.
std::string config_details(const Config&, std::size_t row);

}  // namespace croton
