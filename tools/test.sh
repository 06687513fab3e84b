#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything in build/ (Release) and runs every test: the labels unit, threads, emulation,
# machine (skipped without nvcc), gpu (skipped without a device), e2e and hygiene. Installs the
# packages that are missing (Debian).
#   tools/test.sh                what is described above
#   tools/test.sh --build-only   builds the tests and build/brood_bench, runs nothing
#   tools/test.sh --all          also what .ci/run does (sanitizers, clang), a browser and what reads exports
# BROOD_WERROR=ON in the environment makes warnings errors; BROOD_TEST_TABLES names a folder of larger
# tables (tests/README.md).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=${1-}
if [[ $# -gt 1 || ! $mode =~ ^(|--build-only|--all)$ ]]; then
  echo "usage: tools/test.sh [--build-only | --all]" >&2
  exit 2
fi
if [[ $mode == --all ]]; then
  BROOD_ALL=1 exec .ci/run
fi

tools/packages.sh program tests
tools/nvdisasm.sh
tools/build.sh cpu all -DBROOD_BUILD_TESTS=ON -DBROOD_BUILD_BENCH=ON \
  ${BROOD_WERROR:+-DBROOD_WERROR=$BROOD_WERROR} \
  ${BROOD_TEST_TABLES:+-DBROOD_TEST_TABLES=$BROOD_TEST_TABLES}
if [[ $mode != --build-only ]]; then
  ctest --test-dir build --output-on-failure --no-tests=error --parallel "$(nproc)"
fi
