#include <croton/base.h>

#include <cstdio>

#include "commands.h"

int main(int argc, char** argv) {
  CLI::App app("Croton's command: shows how the library is set up on this machine.", "croton");
  app.set_version_flag("--version", "croton " CROTON_VERSION);
  app.require_subcommand(0, 1);
  add_cache_command(app);
  add_config_command(app);
  int exit_status = 0;
  add_gputest_command(app, exit_status);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) {
      std::fputs(app.help().c_str(), stderr);
      return 1;
    }
  } catch (const CLI::ParseError& e) { return app.exit(e); } catch (const croton::Error& e) {
    std::fprintf(stderr, "croton: %s\n", e.what());
    return 2;
  }
  return exit_status;
}
