#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages that brood is built from, by purpose, and their installation:
#   tools/packages.sh GROUP...   installs what is missing of the groups: program, tests, ci,
#                                browser, coverage, machine, roots, peers
# Says nothing when nothing is missing. Exits with 2 when it cannot install what is.
set -euo pipefail

packages_of() {
  case $1 in
    program) echo g++ cmake ninja-build libyaml-cpp-dev libcli11-dev nlohmann-json3-dev libfmt-dev \
                  zlib1g-dev libsqlite3-dev libboost-dev libeigen3-dev ;;
    tests)   echo libgtest-dev libbenchmark-dev python3 ;;
    ci)      echo clang-14 libclang-rt-14-dev clang-format-14 clang-tidy-14 doxygen patch binutils ;;
    browser) echo chromium ;;  # tests/tools/report_test.py and watch_test.py draw pages in it
    coverage) echo gcovr ;;  # tests/coverage.py
    machine) echo python3-venv ;;  # tools/nvdisasm.sh
    roots)   echo debootstrap ;;  # tests/install/new_user.sh and bare_root.sh
    peers)   echo python3-venv python3-dev binutils ;;  # bench/peers/run.sh
    *) echo "packages.sh: there is no group '$1'; groups are program, tests, ci, browser, coverage, machine," \
            "roots and peers" >&2
       exit 2 ;;
  esac
}

# Prints those of the given packages that are not installed.
missing_of() {
  local installed package
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qxF "$package installed" <<<"$installed" || echo "$package"
  done
}

# Runs apt-get without questions; shows what it said only if it failed.
quiet_apt() {
  local log
  log=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" 2>&1 </dev/null) || {
    echo "$log" | tail -n 25 >&2
    return 1
  }
}

wanted=()
for group in "$@"; do
  names=$(packages_of "$group")
  read -ra names <<<"$names"
  wanted+=("${names[@]}")
done
[[ ${#wanted[@]} -gt 0 ]] || { echo "usage: tools/packages.sh GROUP..." >&2; exit 2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  # Not Debian: the build itself will say what it does not find.
  echo "packages.sh: no apt-get here; brood needs what Debian 12 calls: ${wanted[*]}" >&2
  exit 0
fi
# (No process substitution: a root without /proc has no /dev/fd.)
names=$(missing_of "${wanted[@]}")
[[ -n $names ]] || exit 0
mapfile -t missing <<<"$names"

as_root=()
if [[ $(id -u) != 0 ]]; then
  as_root=(sudo)
  # A password is asked for on a terminal only.
  if ! sudo -n true 2>/dev/null && ! { [[ -t 0 && -t 2 ]] && sudo -v; }; then
    echo "packages.sh: these packages are missing, and only root can install them:" \
      "run 'apt-get install ${missing[*]}' as root, then this again" >&2
    exit 2
  fi
fi
echo "installing ${missing[*]}" >&2
# An update that fails in part (a dead third-party source) may still do; the install tells.
quiet_apt update || echo "packages.sh: 'apt-get update' failed; trying with what is known" >&2
if ! quiet_apt install --no-install-recommends "${missing[@]}"; then
  echo "packages.sh: apt-get could not install: ${missing[*]}" >&2
  exit 2
fi
