#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures and builds one preset of CMakePresets.json, on all cores, with ccache if it is there:
#   tools/build.sh PRESET TARGET [cmake option...]     build/ for the preset cpu, else build-PRESET/
# Options that an earlier call gave to the same folder stay: nothing is built twice.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1 target=$2
shift 2
folder=build-$preset
[[ $preset != cpu ]] || folder=build

# A folder keeps the generator that it was first configured with.
generator=()
if [[ -f $folder/CMakeCache.txt ]]; then
  generator=(-G "$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$folder/CMakeCache.txt")")
fi
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset "$preset" "${generator[@]}" "$@"
cmake --build "$folder" --target "$target" --parallel "$(nproc)"
