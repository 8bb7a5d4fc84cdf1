// The `croton` command: each subcommand is one file with one function that adds it.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

void add_cache_command(CLI::App&);
void add_config_command(CLI::App&);
/// Sets the exit status: 0 if the configured device works, 1 if not, 3 where it does not answer.
void add_gputest_command(CLI::App&, int& exit_status);

/// Processor, host compiler, compile cache and BLAS, one line each, with a measured speed.
std::string machine_report();
