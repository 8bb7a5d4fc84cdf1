// Runs the `croton` command and keeps what it said.
#pragma once
#include <sys/wait.h>

#include <cstdio>
#include <string>

#include "catch.h"

struct Said {
  int status = -1;
  std::string text;  // stdout and stderr together
  bool has(const std::string& part) const { return text.find(part) != std::string::npos; }
};

/// environment: "CROTON_FLAGS='device=cpu' ", arguments as a shell takes them.
inline Said run_croton(const std::string& arguments, const std::string& environment = {}) {
  const std::string line = "CROTONRC= CROTON_FLAGS= " + environment + " '" CROTON_COMMAND "' " + arguments + " 2>&1";
  FILE* pipe = ::popen(line.c_str(), "r");
  REQUIRE(pipe);
  Said said;
  char block[4096];
  for (std::size_t n = 0; (n = std::fread(block, 1, sizeof block, pipe)) > 0;) said.text.append(block, n);
  const int status = ::pclose(pipe);
  said.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}
