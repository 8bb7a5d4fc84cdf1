// The `croton` command: each subcommand is one file with one function that adds it.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

void add_cache_command(CLI::App&);
void add_config_command(CLI::App&);

/// Processor, host compiler, compile cache and BLAS, one line each, with a measured speed.
std::string machine_report();
