#include "base/text.h"

#include <algorithm>

namespace croton {
namespace {

constexpr std::string_view blanks = " \t\r\n\v\f";
bool is_blank(char c) { return blanks.find(c) != std::string_view::npos; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view trim(std::string_view s) {
  const std::size_t first = s.find_first_not_of(blanks);
  if (first == std::string_view::npos) return s.substr(s.size());
  return s.substr(first, s.find_last_not_of(blanks) - first + 1);
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = lower(c);
  return out;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::vector<std::string_view> split(std::string_view text, char between) {
  std::vector<std::string_view> pieces;
  for (std::size_t from = 0;;) {
    const std::size_t to = text.find(between, from);
    pieces.push_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return pieces;
    from = to + 1;
  }
}

std::optional<std::vector<std::string>> split_arguments(std::string_view text) {
  std::vector<std::string> out;
  char quote = 0;
  bool in_word = false;
  for (const char c : text) {
    if (quote ? c == quote : c == '"' || c == '\'') {
      quote = quote ? '\0' : c;
      if (!in_word) out.emplace_back();
      in_word = true;
    } else if (!quote && is_blank(c)) {
      in_word = false;
    } else {
      if (!in_word) out.emplace_back();
      in_word = true;
      out.back() += c;
    }
  }
  if (quote) return std::nullopt;
  return out;
}

std::string join_arguments(const std::vector<std::string>& arguments) {
  std::string out;
  for (const std::string& a : arguments) {
    if (!out.empty()) out += ' ';
    if (!a.empty() && a.find_first_of(" \t\r\n\v\f'\"") == std::string::npos) {
      out += a;
      continue;
    }
    out += '"';
    for (const char c : a) out += c == '"' ? std::string("\"'\"'\"") : std::string(1, c);
    out += '"';
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code != 0x7f && c != '\\')
      out += c;
    else
      out += {'\\', 'x', "0123456789abcdef"[code / 16], "0123456789abcdef"[code % 16]};
  }
  return out;
}

bool opens_quote(std::string_view text, std::size_t at) {
  if (text[at] != '"' && text[at] != '\'') return false;
  return at == 0 || is_blank(text[at - 1]) || text[at - 1] == '=' || text[at - 1] == ',';
}

std::string_view unquote(std::string_view s) {
  const bool quoted = s.size() >= 2 && (s[0] == '"' || s[0] == '\'') && s.find(s[0], 1) == s.size() - 1;
  return quoted ? s.substr(1, s.size() - 2) : s;
}

}  // namespace croton
