// croton cache [--clear]: what the compile cache holds.
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "commands.h"
#include "runtime/cache.h"

namespace {

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

void print_listing(croton::runtime::CompileCache& cache) {
  const auto entries = cache.list();
  std::uint64_t total = 0;
  for (const auto& e : entries) {
    print(fmt::format("{}  {:>10}  {}\n", e.key, e.bytes, e.name));
    total += e.bytes;
  }
  print(fmt::format("{}: {} entries, {} bytes; the least recently used stands first\n", cache.folder(), entries.size(),
                    total));
}

}  // namespace

void add_cache_command(CLI::App& app) {
  const auto clear = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("cache", "Lists the compiled kernels that are kept on disk");
  command->add_flag("--clear", *clear, "Deletes them; programs that use them go on");
  command->callback([clear] {
    croton::runtime::CompileCache cache(*croton::config_snapshot());
    if (*clear) return print(fmt::format("{}: {} entries deleted\n", cache.folder(), cache.clear()));
    print_listing(cache);
  });
}
