#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build into a fresh prefix, and builds and runs the project consumer/ against it:
#   tests/install/run.sh BUILD_FOLDER CMAKE CXX VERSION
# find_package(brood) must find brood::brood with every package that brood::files or the command
# stand on switched off, and what the consumer compiles and links must be libbrood.a, the C++
# runtime and nothing else; with COMPONENTS files there must be brood::files as well. bare_root.sh
# proves the same on a machine that has none of those packages.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 cmake=$2 cxx=$3 version=$4
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
prefix=$temporary/prefix

fail() { echo "FAILED: $*" >&2; exit 1; }
# configure FOLDER OPTION...: the consumer, told nothing but where brood is.
configure() {
  local folder=$temporary/$1
  shift
  "$cmake" -G Ninja -S "$here/consumer" -B "$folder" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$prefix" "$@"
}

"$cmake" --install "$build" --prefix "$prefix" >/dev/null
[[ -x $prefix/bin/brood ]] || fail "the command is not installed"
# Nothing installed may point back to the build or the checkout.
if grep -rIlF -e "$build" -e "$(cd "$here/../.." && pwd)" "$prefix/lib/cmake" "$prefix/include"; then
  fail "the files above name the build's folders"
fi

echo "--- brood::brood alone"
hidden=()
for package in ZLIB SQLite3 yaml-cpp nlohmann_json fmt CLI11 GTest benchmark; do
  hidden+=("-DCMAKE_DISABLE_FIND_PACKAGE_$package=ON")
done
configure core -DBROOD_WANTED="$version" "${hidden[@]}"
"$cmake" --build "$temporary/core" --verbose
"$temporary/core/consumer"

# What was found, compiled and linked names none of them.
ours='yaml|nlohmann|libfmt|/fmt/|cli11|/CLI/|sqlite|zlib|libz\.|gtest|benchmark'
if grep -n -v '^CMAKE_DISABLE_FIND_PACKAGE_' "$temporary/core/CMakeCache.txt" | grep -E -i "$ours" ||
  grep -n -E -i "$ours" "$temporary/core/build.ninja" ||
  ninja -C "$temporary/core" -t deps | grep -E -i "$ours"; then
  fail "the lines above: a consumer of brood::brood meets a package that it should not need"
fi
# The CUDA runtime, where there is one, comes along with the library.
archives=$(grep -o '[^ ]*\.\(a\|so[.0-9]*\)\b' "$temporary/core/build.ninja" | sort -u |
  grep -v "^$prefix/lib/libcudart_static.a$")
[[ $archives == "$prefix"/*/libbrood.a ]] || fail "it links more than libbrood.a: $archives"
needed=$(readelf -d "$temporary/core/consumer" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
for library in $needed; do
  [[ $library =~ ^(libstdc\+\+|libm|libgcc_s|libc|libpthread|libdl|librt|ld-linux.*)\.so ]] ||
    fail "the program needs $library"
done
echo "needed: "$needed

echo "--- brood::files"
configure files -DWITH_FILES=ON
"$cmake" --build "$temporary/files"
"$temporary/files/files"
"$temporary/files/consumer"

echo "--- what must be refused"
! configure next -DBROOD_WANTED=$((${version%%.*} + 1)).0 >"$temporary/log" 2>&1 ||
  fail "find_package accepts a version that this is not"
grep -q 'brood-config.cmake, version: ' "$temporary/log" || fail "not for the version: $(<"$temporary/log")"
! configure hidden -DWITH_FILES=ON "${hidden[@]}" >"$temporary/log" 2>&1 ||
  fail "brood::files is found without what it stands on"
echo "passed"
