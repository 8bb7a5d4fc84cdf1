# shellcheck shell=bash disable=SC2034
# What the scripts beside it share; source it, do not run it. Leaves the shell in the top folder of the project.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
top=$PWD
jobs=$(nproc 2>/dev/null || echo 2)
export LC_ALL=C.UTF-8

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Packages to build and run the library; where several would do, they stand between bars, the first is installed.
build_packages="g++ cmake ninja-build pkg-config|pkgconf libfmt-dev libzip-dev libxxhash-dev libboost-context-dev libcli11-dev nlohmann-json3-dev"
run_packages="libopenblas0-pthread libfftw3-double3 libfftw3-single3 gnuplot-nox|gnuplot-qt|gnuplot-x11"
test_packages="catch2 librapidcheck-dev libmpfr-dev libbenchmark-dev"

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]; }

# The first name of each alternative of which none is installed.
missing_packages() {
  local wanted name found
  for wanted in "$@"; do
    found=no
    for name in ${wanted//|/ }; do if is_installed "$name"; then found=yes; fi; done
    if [ $found = no ]; then echo "${wanted%%|*}"; fi
  done
}

# need PACKAGE...: installs those that are missing, as root or by sudo without a question; says so before.
need() {
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian: I install nothing and expect what these packages hold: $*"
    return
  fi
  local missing
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  if [ -z "$missing" ]; then return; fi
  local install="apt-get -y --no-install-recommends install $missing"
  local root=()
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      say "these packages are missing, and only root can install them. Please run" >&2
      printf '    sudo %s\n' "$install" >&2
      say "and then this again" >&2
      exit 1
    fi
    root=(sudo -n)
  fi
  say "installing from Debian: $missing"
  local apt=(${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0)
  "${apt[@]}" -qq update
  # shellcheck disable=SC2086
  "${apt[@]}" -y --no-install-recommends install $missing >/dev/null || fail "this failed: $install"
}

# configure FOLDER OPTION...: quiet unless it fails.
configure() {
  local folder=$1 log
  shift
  log=$(cmake -G Ninja -S . -B "$folder" "$@" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
}

# Every source file of ours, by git where there is a clone and git, else by name.
source_files() {
  if command -v git >/dev/null && git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- '*.cpp' '*.h'
  else
    find include src kernels tools tests docs -name '*.cpp' -o -name '*.h' | sort
  fi
}
