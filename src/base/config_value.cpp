// Reading one value by its row's type.
#include <algorithm>
#include <charconv>

#include "base/config_entries.h"
#include "base/config_table.h"
#include "base/error.h"
#include "base/text.h"

namespace croton {
namespace {

[[noreturn]] void refuse_value(const ConfigRow& row, const ConfigEntry& entry, std::string_view why,
                               std::string_view nearest = {}) {
  std::vector<std::string> hints;
  if (!nearest.empty()) hints.push_back(fmt::format("did you mean '{}'?", nearest));
  hints.push_back(fmt::format("allowed for {}: {}", row.name, allowed_values(row)));
  refuse(entry.value_spot, fmt::format("{} = '{}': {}", row.name, entry.value, why), hints);
}

std::string_view nearest_of(const std::vector<std::string_view>& words, std::string_view value) {
  std::string_view best;
  std::size_t least = 3;
  for (const std::string_view word : words) {
    const std::size_t d = edit_distance(word, value);
    if (d < least && d < word.size()) {
      least = d;
      best = word;
    }
  }
  return best;
}

ConfigValue read_flag(const ConfigRow& row, const ConfigEntry& entry) {
  for (const std::string_view yes : {"True", "1", "yes", "on"})
    if (same_ignoring_case(entry.value, yes)) return {"True", 1, entry.source};
  for (const std::string_view no : {"False", "0", "no", "off"})
    if (same_ignoring_case(entry.value, no)) return {"False", 0, entry.source};
  refuse_value(row, entry, "not a switch", nearest_of({"True", "False"}, entry.value));
}

// 1 for a bare number, 2^10, 2^20, ... for a unit of bytes, 0 for anything else.
Index factor_of(std::string_view suffix) {
  Index factor = 1;
  if (suffix.empty()) return factor;
  for (const std::string_view unit : {"KiB", "MiB", "GiB", "TiB"}) {
    factor *= 1024;
    if (same_ignoring_case(suffix, unit)) return factor;
  }
  return 0;
}

ConfigValue read_number(const ConfigRow& row, const ConfigEntry& entry) {
  const std::string_view digits = entry.value;
  Index n = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  const std::string_view rest =
      trim(std::string_view(end, static_cast<std::size_t>(digits.data() + digits.size() - end)));
  const Index factor = row.unit == "bytes" ? factor_of(rest) : rest.empty() ? 1 : 0;
  if (error == std::errc::invalid_argument || factor == 0) refuse_value(row, entry, "not a whole number");
  if (error != std::errc{} || n < row.low || n > row.high / factor) refuse_value(row, entry, "out of range");
  return {std::to_string(n * factor), n * factor, entry.source};
}

// Words that Theano has for these keys, and what to write instead.
std::string_view instead_of(std::string_view key, std::string_view value) {
  struct Word {
    std::string_view key, value, instead;
  };
  static constexpr Word words[] = {
      {"mode", "ProfileMode", "Theano's ProfileMode is profile=True here"},
      {"mode", "PROFILE_MODE", "Theano's ProfileMode is profile=True here"},
      {"mode", "DebugMode", "there is no DebugMode: check_ir=True verifies every pass, FAST_COMPILE is the reference"},
      {"mode", "DEBUG_MODE", "there is no DebugMode: check_ir=True verifies every pass, FAST_COMPILE is the reference"},
      {"mode", "NanGuardMode", "Theano's NanGuardMode is check_nan=True here"},
      {"warn_float64", "pdb", "there is no Python debugger to stop in; raise throws where the float64 appears"},
  };
  for (const Word& w : words)
    if (w.key == key && same_ignoring_case(w.value, value)) return w.instead;
  return "no such value";
}

ConfigValue read_choice(const ConfigRow& row, const ConfigEntry& entry) {
  const auto words = split(row.allowed, '|');
  // Theano's own default is written mode=Mode
  const bool theano = row.name == "mode" && same_ignoring_case(entry.value, "Mode");
  const std::string_view value = theano ? row.fallback : entry.value;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (same_ignoring_case(words[i], value)) return {std::string(words[i]), static_cast<Index>(i), entry.source};
  refuse_value(row, entry, instead_of(row.name, value), nearest_of(words, value));
}

bool is_device(std::string_view name) {
  if (name == "cpu" || name == "emulator" || name == "auto") return true;
  if (name == "queued") return true;  // a cpu that works late, for tests; not offered to users
  if (name.substr(0, 4) == "cuda")
    name.remove_prefix(4);
  else if (name.substr(0, 3) == "gpu")
    name.remove_prefix(3);
  else
    return false;
  return name.size() <= 3 && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

ConfigValue read_device(const ConfigRow& row, const ConfigEntry& entry) {
  const std::string name = lower(entry.value);
  if (!is_device(name))
    refuse_value(row, entry, "no such device", nearest_of({"cpu", "cuda", "gpu", "emulator", "auto"}, name));
  return {name, 0, entry.source};
}

ConfigValue read_path(const ConfigRow& row, const ConfigEntry& entry, std::string_view home) {
  if (entry.value != "~" && entry.value.substr(0, 2) != "~/") return {entry.value, 0, entry.source};
  if (home.empty()) refuse_value(row, entry, "HOME is not set, so ~ has no meaning");
  return {std::string(home) + entry.value.substr(1), 0, entry.source};
}

ConfigValue read_arguments(const ConfigRow& row, const ConfigEntry& entry) {
  if (!split_arguments(entry.value)) refuse_value(row, entry, "a quote is not closed");
  return {entry.value, 0, entry.source};
}

}  // namespace

ConfigValue read_config_value(const ConfigRow& row, const ConfigEntry& entry, std::string_view home) {
  switch (row.type) {
    case ConfigType::flag: return read_flag(row, entry);
    case ConfigType::number: return read_number(row, entry);
    case ConfigType::choice: return read_choice(row, entry);
    case ConfigType::device: return read_device(row, entry);
    case ConfigType::path: return read_path(row, entry, home);
    case ConfigType::arguments: break;
  }
  return read_arguments(row, entry);
}

}  // namespace croton
