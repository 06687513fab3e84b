#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a clean checkout to a tuned network: installs the packages that are missing (Debian), builds
# the brood command and tunes the digits example.
#   tools/quickstart.sh [argument of `brood tune`...]      e.g. trials=64 --out DIR --json
# The run goes to a fresh directory, runs/digits-N of this checkout, unless --out names another.
# What is said on the way goes to stderr; stdout is that of `brood tune`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/tools/packages.sh" program >&2
"$root/tools/build.sh" cpu brood_cli >&2

out=()
if [[ " $* " != *" --out"[\ =]* ]]; then
  runs=$root/runs
  [[ ! $PWD -ef $root ]] || runs=runs
  n=1
  while [[ -e $runs/digits-$n ]]; do n=$((n + 1)); done
  out=(--out "$runs/digits-$n")
fi
exec "$root/build/brood" tune "$root/tools/examples/digits.yaml" "${out[@]}" "$@"
