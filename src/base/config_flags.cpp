// The one-line form: key=value,key=value.
#include <algorithm>

#include "base/config_entries.h"
#include "base/error.h"
#include "base/text.h"

namespace croton {

void refuse(const ConfigSpot& spot, std::string_view what, const std::vector<std::string>& hints) {
  std::string text = fmt::format("{}: {}{}", spot.place, what, spot.evidence);
  for (const std::string& hint : hints) text += "\n  " + hint;
  throw ConfigError(text);
}

std::string config_key(std::string_view written) {
  std::string key(trim(written));
  for (std::size_t at = key.find("__"); at != std::string::npos; at = key.find("__", at)) key.replace(at, 2, ".");
  return key;
}

namespace {

// The text on one line with a caret under a byte; of a long text the part around it.
std::string caret(std::string_view text, std::size_t at) {
  constexpr std::size_t widest = 100;
  const std::size_t from = text.size() <= widest ? 0
                           : at < widest / 2     ? 0
                                                 : std::min(at - widest / 2, text.size() - widest);
  std::string shown(text.substr(from, widest));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return fmt::format("\n  {}\n  {:>{}}", shown, "^", at - from + 1);
}

struct FlagsReader {
  std::string_view text;
  const std::string& title;

  ConfigSpot spot(std::size_t at) const { return {title, caret(text, at)}; }
  std::size_t position(std::string_view part) const { return static_cast<std::size_t>(part.data() - text.data()); }

  // The end of the item that begins here: the next comma outside quotes.
  std::size_t item_end(std::size_t from) const {
    for (std::size_t i = from; i < text.size(); ++i) {
      if (text[i] == ',') return i;
      if (!opens_quote(text, i)) continue;
      const std::size_t close = text.find(text[i], i + 1);
      if (close == std::string_view::npos) refuse(spot(i), "this quote is not closed");
      i = close;
    }
    return text.size();
  }

  ConfigEntry item(std::string_view written) const {
    const std::string_view whole = trim(written);
    if (whole.empty()) refuse(spot(position(written)), "nothing between commas; write key=value");
    const std::string_view inner = unquote(whole);
    const std::size_t equals = inner.find('=');
    const std::string_view key = trim(inner.substr(0, equals));
    if (equals == std::string_view::npos)
      refuse(spot(position(inner)), fmt::format("'{}' has no value; write {}=value", key, key));
    if (key.empty()) refuse(spot(position(inner)), "there is no key before '='");
    const std::string_view value = trim(inner.substr(equals + 1));
    return {config_key(key), std::string(unquote(value)), title, spot(position(key)), spot(position(value))};
  }
};

}  // namespace

std::vector<ConfigEntry> parse_config_flags(std::string_view text, const std::string& title) {
  std::vector<ConfigEntry> entries;
  if (trim(text).empty()) return entries;
  const FlagsReader reader{text, title};
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = reader.item_end(from);
    entries.push_back(reader.item(text.substr(from, to - from)));
    from = to + 1;
  }
  return entries;
}

}  // namespace croton
