#include "base/config_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace croton {
namespace {

// Breaks at blanks so that lines stay below `width`, each begun by `lead`.
std::string wrapped(std::string_view text, std::string_view lead, std::size_t width) {
  std::string out, line(lead);
  for (const std::string_view word : split(text, ' ')) {
    if (line.size() + word.size() >= width && line.size() > lead.size()) {
      out += line + "\n";
      line = lead;
    }
    line += line.size() > lead.size() ? " " : "";
    line += word;
  }
  return out + line + "\n";
}

std::string table_cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

constexpr std::string_view rules = R"(# Configuration

The same program runs on the CPU or on a GPU, in float32 or float64; only the configuration says which. `croton config`
shows every key, its value and where the value came from; `croton config KEY` explains one key. This page and
`config.ini.example` are made from the table in `src/base/config_table.h`.

## Where values come from
The strongest first:

1. the program: `ScopedConfig scope{"floatX=float32"};` for a scope, `set_config("device", "cpu")` from there on;
2. the environment variable `CROTON_FLAGS`, such as `CROTON_FLAGS="device=cuda0, floatX=float32"`;
3. files: those that `CROTONRC` names, separated by `:`, later ones over earlier ones; without `CROTONRC`, `~/.crotonrc`,
   then `~/.crotonrc.txt`. An empty `CROTONRC` means no file;
4. the defaults.

Files and environment are read once, at the first use. A function that is being compiled keeps the values it began with.

## How values are written
In a file:

    [global]
    device = cuda        # a comment may stand here
    floatX = float32
    [gcc]
    cxxflags = -O1 "-I/opt/my headers"

`key: value` is accepted too. Sections, keys and listed values ignore case; `~` is the home folder; quotes around a value
protect `#` and `;`. `%(USER)s`, `%(TMPDIR)s`, `%(TEMP)s`, `%(TMP)s`, `%(LSCRATCH)s`, `%(PID)s` and keys of the same section
are filled in, `%%` is `%`. A file may have 1 MB; one that others may write is read with a warning, as it holds flags for a
compiler.

In `CROTON_FLAGS` a comma separates, quotes protect commas, and key `cxx` of `[gcc]` is `gcc.cxx` or `gcc__cxx`:

    CROTON_FLAGS="gcc.cxxflags='-Wl,-z,now', threads=4"

An unknown key, a bad value, a key set twice in one place or a malformed line is an error that says where it stands and
what is allowed. A file written for Theano is accepted: name it, `CROTONRC=~/.theanorc`. Its keys that have lost their
meaning say why, once (second table).

## Keys
| key | default | values | meaning |
|---|---|---|---|
)";

}  // namespace

std::string config_example() {
  std::string out =
      "# Configuration of Croton: copy to ~/.crotonrc and take the '#' from the lines you want; docs/config.md has "
      "the\n"
      "# rules. The values below are the defaults. Made from src/base/config_table.h by `croton config --example`.\n";
  std::string_view section;
  for (const ConfigRow& row : config_table) {
    if (section_of(row.name) != section) {
      section = section_of(row.name);
      out += fmt::format("\n[{}]", section);
    }
    out += "\n" + wrapped(row.doc, "# ", 118);
    if (row.type != ConfigType::path && row.type != ConfigType::arguments)
      out += fmt::format("# Values: {}.\n", allowed_values(row));
    out += fmt::format("#{} ={}{}\n", option_of(row.name), row.fallback.empty() ? "" : " ", row.fallback);
  }
  return out;
}

std::string config_page() {
  std::string out(rules);
  for (const ConfigRow& row : config_table)
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, row.fallback, table_cell(allowed_values(row)), row.doc);
  out += "\n## Keys of Theano that do nothing here\n| key | why |\n|---|---|\n";
  for (const RetiredKey& key : retired_keys()) out += fmt::format("| `{}` | {} |\n", key.name, key.why);
  return out;
}

std::string config_listing(const Config& config) {
  std::size_t widest_name = 0, widest_value = 0;
  for (std::size_t row = 0; row < config_size; ++row) {
    widest_name = std::max(widest_name, config_table[row].name.size());
    widest_value = std::max(widest_value, std::min<std::size_t>(config.value(row).text.size(), 40));
  }
  std::string out;
  for (std::size_t row = 0; row < config_size; ++row)
    out += fmt::format("{:<{}}  {:<{}}  {}\n", config_table[row].name, widest_name, config.value(row).text,
                       widest_value, config.value(row).source);
  return out;
}

std::string config_details(const Config& config, std::size_t row) {
  const ConfigRow& r = config_table[row];
  const ConfigValue& v = config.value(row);
  return fmt::format("{} = {}\n  from     {}\n  values   {}\n  default  {}\n{}", r.name, v.text, v.source,
                     allowed_values(r), r.fallback.empty() ? "(empty)" : r.fallback, wrapped(r.doc, "  ", 100));
}

}  // namespace croton
