// croton config [--check] [KEY]: the configuration as the library sees it.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/config_entries.h"
#include "base/config_text.h"
#include "base/error.h"
#include "commands.h"

namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void print_files() {
  for (const std::string& path : croton::config_files(croton::config_sources_of_process()))
    print(fmt::format("{} {}\n", ::access(path.c_str(), F_OK) == 0 ? "read     " : "not there", path));
}

void print_key(const croton::Config& config, const std::string& key) {
  croton::config_value(key);  // an unknown key is an error that names the nearest
  print(croton::config_details(config, croton::find_config_row(croton::config_key(key))));
}

}  // namespace

void add_config_command(CLI::App& app) {
  struct Options {
    std::string key;
    bool check = false, example = false, page = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("config", "Shows every key, its value and where the value came from");
  command->add_option("KEY", options->key, "Explains this key");
  command->add_flag("--check", options->check,
                    "Says which files were looked for, what runs here and how fast: exit status 2 if a file is wrong");
  command->add_flag("--example", options->example, "Prints config.ini.example");
  command->add_flag("--page", options->page, "Prints docs/config.md");
  command->callback([options] {
    if (options->example) return print(croton::config_example());
    if (options->page) return print(croton::config_page());
    if (options->check) print_files();
    const auto config = croton::config_snapshot();
    options->key.empty() ? print(croton::config_listing(*config)) : print_key(*config, options->key);
    if (options->check) print(machine_report());
  });
}
