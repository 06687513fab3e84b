#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An installed brood::brood needs nothing beside it: builds and runs the project consumer/ in a
# Debian 12 that has g++, cmake and make, and none of the libraries that brood is built from.
#   tests/install/bare_root.sh FOLDER [BUILD_FOLDER]
# FOLDER keeps the Debian root (made once by debootstrap); BUILD_FOLDER is build/ unless given. The
# build must be by a compiler no newer than Debian 12's. Needs root, debootstrap
# (tools/packages.sh roots) and the network: not a CTest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/debian_root.sh"
[[ $# -ge 1 && $# -le 2 ]] || { sed -n 's/^#   /usage: /p' "${BASH_SOURCE[0]}" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
build=${2-$here/../../build}

make_base "$folder"
root=$folder/compilers
if [[ ! -e $root/compilers-done ]]; then
  rm -rf "$root"
  cp -a --reflink=auto "$folder/base" "$root"
  inside "$root" bash -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get -q update && apt-get -q -y install --no-install-recommends g++ cmake make' \
    >"$folder/compilers.log" 2>&1 || { tail -n 20 "$folder/compilers.log" >&2; exit 2; }
  touch "$root/compilers-done"
fi

rm -rf "$root/opt/brood" "$root/root/consumer"
cmake --install "$build" --prefix "$root/opt/brood" >/dev/null
cp -r "$here/consumer" "$root/root/consumer"
inside "$root" bash -c 'set -e
  cd /root/consumer
  ! dpkg -l | grep -E "^ii +(libyaml-cpp|libcli11|nlohmann-json3|libfmt|zlib1g|libsqlite3|libboost|libeigen3|libgtest|libbenchmark).*-dev"
  cmake -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=/opt/brood
  cmake --build build
  build/consumer'
