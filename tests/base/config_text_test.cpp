// The files made from the table.
#include "base/config_text.h"

#include <sstream>

#include "base/config_entries.h"
#include "base/text.h"
#include "config_fixture.h"

using namespace croton;

static std::string file_text(const std::string& name) {
  std::stringstream out;
  out << std::ifstream(std::string(CROTON_SOURCE_DIR) + "/" + name).rdbuf();
  return out.str();
}

TEST_CASE("config.ini.example is what the table says (else: croton config --example > config.ini.example)") {
  CHECK(file_text("config.ini.example") == config_example());
}

TEST_CASE("docs/config.md is what the table says (else: croton config --page > docs/config.md)") {
  CHECK(file_text("docs/config.md") == config_page());
}

TEST_CASE("the example, as it is and with every key uncommented, means the defaults") {
  std::string uncommented;
  std::size_t keys = 0;
  const std::string example = config_example();
  for (const std::string_view line : split(example, '\n')) {
    const bool key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    keys += key;
    uncommented += std::string(line.substr(key ? 1 : 0)) + "\n";
  }
  CHECK(keys == config_size);
  const Config defaults;
  for (const Config& config : {from_file(config_example()), from_file(uncommented)})
    for (std::size_t row = 0; row < config_size; ++row) CHECK(config.value(row).text == defaults.value(row).text);
}

TEST_CASE("the listing has key, value and source, one line a key") {
  const Config config = from_flags("device=cuda1");
  const std::string text = config_listing(config);
  CHECK(split(text, '\n').size() == config_size + 1);
  CHECK(says(text, "\ndevice ") == false);
  CHECK(text.substr(0, 7) == "device ");
  CHECK(says(text, "cuda1"));
  CHECK(says(text.substr(0, text.find('\n')), "CROTON_FLAGS"));
  CHECK(says(config_details(config, find_config_row("threads")),
             "threads = 0\n  from     default\n  values   a whole number of threads from 0 to 1024\n  default  0\n"));
}

TEST_CASE("every row has a sentence, a name of its own and a section that exists") {
  for (std::size_t row = 0; row < config_size; ++row) {
    const ConfigRow& r = config_table[row];
    CAPTURE(r.name);
    CHECK(r.doc.back() == '.');
    CHECK(find_config_row(lower(r.name)) == row);
    CHECK(is_config_section(section_of(r.name)));
  }
}
