// Small words on text that the configuration and the compiler's command line share; ASCII rules, no locale.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace croton {

std::string_view trim(std::string_view);
std::string lower(std::string_view);
bool same_ignoring_case(std::string_view, std::string_view);

/// How many letters must be inserted, removed, replaced or swapped with a neighbour to make `a` into `b`; ignores case.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Splits at the character between; "" gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char between);

/// A command line into arguments, by rules of our own and without a shell: blanks separate, '...' and "..." group, and
/// every other character (\ $ ` ; too) is ordinary. std::nullopt where a quote is not closed.
std::optional<std::vector<std::string>> split_arguments(std::string_view text);
/// The reverse: arguments with blanks are quoted.
std::string join_arguments(const std::vector<std::string>&);

/// The text on one line, fit for a comment of any language: control characters and backslashes (which would join a C++
/// comment with the line below) are written \x0a, \x5c.
std::string one_line(std::string_view);

/// A quote opens at the start of a text and after a blank, '=' or ','; inside a word (it's) it is a letter.
bool opens_quote(std::string_view text, std::size_t at);
/// The text without a pair of quotes around the whole of it.
std::string_view unquote(std::string_view);

}  // namespace croton
