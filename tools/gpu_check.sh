#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can only be known on a GPU, in one command of nine minutes.
#   tools/gpu_check.sh --build   builds the programs into build-gpu/bin; needs nvcc, but no GPU
#   tools/gpu_check.sh OUT       runs them on this machine's GPU, what decides the most first: conformance
#                                of the primitives; a few members against the CPU; the benchmarks that
#                                the model of the kernels predicts; Nsight Compute, where it works. Then,
#                                after three minutes, the backend's tests, all other benchmarks, and
#                                compute-sanitizer.
#                                Writes at most eight files into OUT, after each step anew, and prints a
#                                table after three minutes and in the end.
# The second needs python3 and a driver, nothing that was installed for brood: take the checkout and
# build-gpu/bin along (no git, no compiler, no package). Each step has a time limit, and none stops
# the others. BROOD_GPU_SECONDS: for all of it, 535 if not set.
set -euo pipefail
if [[ $# -ne 1 || ($1 == -* && $1 != --build) ]]; then
  echo "usage: tools/gpu_check.sh --build | OUT" >&2
  exit 2
fi
out=$(realpath -m -- "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tree=build-gpu
bin=$tree/bin
programs=(tests/gpu/gpu_conformance_test tests/gpu/gpu_backend_test brood_bench brood_peer_bench)

# The shared libraries of a program that are neither the C library's nor the loader's: "name path".
other_libraries() {
  ldd "$1" | awk '$2 == "=>" { print $1, $3 }' | grep -vE '^lib(c|m|pthread|dl|rt)\.so\.' || true
}

build() {
  local options=(-DCMAKE_BUILD_TYPE=Release -DBROOD_CUDA=ON -DCMAKE_CUDA_ARCHITECTURES=90-real
    # ncu and compute-sanitizer name lines; what names them is much, and travels compressed.
    "-DCMAKE_CUDA_FLAGS=-lineinfo -Xfatbin=-compress-all"
    -DBROOD_BUILD_TESTS=ON -DBROOD_BUILD_BENCH=ON)
  if command -v ccache >/dev/null; then
    options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
  fi
  [[ -f $tree/CMakeCache.txt ]] || options+=(-G Ninja)
  cmake -S . -B "$tree" "${options[@]}"
  cmake --build "$tree" --target "${programs[@]##*/}" --parallel "${BROOD_JOBS:-$(nproc)}"

  rm -rf "$bin"
  mkdir -p "$bin"
  local program name path
  for program in "${programs[@]}"; do
    strip -o "$bin/${program##*/}" "$tree/$program"
  done
  # Debian has Google Benchmark as a shared library only; it and what it needs go beside the program.
  while read -r name path; do
    strip -o "$bin/$name" "$path"
  done < <(other_libraries "$bin/brood_bench")
  {
    echo "commit $(git rev-parse HEAD)$([[ -z $(git status --porcelain) ]] || echo ' and changes')"
    echo "kernel_hash $(tools/kernel_hash.sh)"
    echo "built $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  } >"$bin/about.txt"

  for program in "${programs[@]##*/}"; do
    while read -r name path; do
      if [[ ! $path -ef $bin/$name ]]; then
        echo "gpu_check.sh: $program needs $name, which another machine may not have" >&2
        exit 1
      fi
    done < <(other_libraries "$bin/$program")
  done
  python3 tools/gpu_report.py --check "$bin"
  local megabytes
  megabytes=$(du -sm "$bin" | cut -f1)
  ls -l "$bin"
  if ((megabytes > 60)); then
    echo "gpu_check.sh: $bin is $megabytes MiB; at most 60 travel" >&2
    exit 1
  fi
}

if [[ $1 == --build ]]; then
  build
else
  exec python3 tools/gpu_report.py "${BROOD_GPU_BIN:-$bin}" "$out"
fi
