#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows that the emulator's tests see the bugs that they are there for: plants each bug of mutants/
# in a copy of the sources, one at a time, and runs mutant_test.cpp on it, plain, then with
# AddressSanitizer and UndefinedBehaviorSanitizer, then with ThreadSanitizer, until one of them sees
# it. Before that, all three must pass without a bug.
#   tests/emulation/mutate.sh              all of mutants/
#   tests/emulation/mutate.sh NAME...      some, e.g. barrier-before-dw
#   tests/emulation/mutate.sh --quick      those whose patch says "Quick: yes", a few of each kind
# One line for each: `caught: NAME tsan TEST (race at cuda/kernels/forward.cuh:71)` or
# `NOT CAUGHT: NAME`.
# The last line counts them, and the exit status is 0 only if all were caught.
#
# A patch (diff -U2, from the repository's root) begins with what it breaks. "Precision: bf16" says
# that only those kernels show it; other patches are tried on the tf32 kernels. What no test can
# see, as the barriers that are left do for the one removed, is no bug and has no patch.
# Environment: JOBS (mutants at a time; the number of cores), BROOD_MUTATE_DIR (a folder in which to
# keep sources, objects and logs).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mutants=$root/tests/emulation/mutants
jobs=${JOBS:-$(nproc)}
compiler=(g++)
if command -v ccache > /dev/null; then compiler=(ccache g++); fi

names=()
quick=0
for argument in "$@"; do
  case $argument in
    --quick) quick=1 ;;
    -*) echo "usage: mutate.sh [--quick | NAME...]" >&2 && exit 2 ;;
    *) names+=("$argument") ;;
  esac
done
if ((quick)); then
  mapfile -t names < <(cd "$mutants" && grep -l '^Quick: yes' -- *.patch | sed 's/\.patch$//')
elif ((${#names[@]} == 0)); then
  mapfile -t names < <(cd "$mutants" && printf '%s\n' *.patch | sed 's/\.patch$//')
fi
for name in "${names[@]}"; do
  if [[ ! -f $mutants/$name.patch ]]; then
    echo "mutate.sh: there is no mutants/$name.patch" >&2
    exit 2
  fi
done

if [[ -n ${BROOD_MUTATE_DIR-} ]]; then
  work=$BROOD_MUTATE_DIR
  mkdir -p "$work"
else
  work=$(mktemp -d)
fi
finish() {
  local running
  mapfile -t running < <(jobs -pr)
  if ((${#running[@]} > 0)); then kill "${running[@]}" 2> /dev/null || true; fi
  if [[ -z ${BROOD_MUTATE_DIR-} ]]; then rm -rf "$work"; fi
}
trap finish EXIT

# ---- building

flavours=(plain asan tsan)
declare -A flags=(
  [plain]=""
  # Checks by calls: a third of the time to compile.
  [asan]="-fsanitize=address,undefined -fno-sanitize-recover=all
          --param asan-instrumentation-with-call-threshold=0"
  [tsan]="-fsanitize=thread"
)
# What a bug in a kernel cannot change is compiled once and without sanitizers; the kernels of fp32
# are there to link only.
once=(
  cuda/{cuda_backend,inference,launcher,training,layered/layered}.cpp
  cuda/memory/{arena,copy,resident,residents}.cpp
  cuda/plan/{cost_model,device_model,plan,size_limit,submission}.cpp cuda/ranking/{pairs,ranking}.cpp
  cuda/kernels/kernels_{fp32,fp32_clusters}.cu
  host/backend/{admission,backend,describe,hyperparameters,initial_rows,member}.cpp
  host/backend/{member_checks,member_life}.cpp
  host/backend/{profile,rows}.cpp
  host/search/schedulers/halving.cpp host/search/space/{nearest_name,value}.cpp
  tests/support/{oracle,settings,textbook,trainer}.cpp
)
each=(
  cuda/kernels/kernels_{tf32,bf16}.cu
  cuda/{kernels/kernels,layered/layered}.cu
  tests/emulation/{cluster,device,emulation,fiber,layer_products,mutant_test,operations,sort}.cpp
  tests/emulation/warp_math.cpp
)

object() { echo "${1//\//_}.o"; }

# compile TREE FLAVOUR SOURCE FOLDER [OPTIMIZATION]: the object lies in FOLDER.
compile() {
  local tree=$1 flavour=$2 source=$3 folder=$4 optimization=${5:--O1} sanitize=()
  read -r -d '' -a sanitize <<< "${flags[$flavour]}" || true
  # It only touches what ThreadSanitizer is told not to look at.
  if [[ $flavour == tsan && $source == */warp_math.cpp ]]; then sanitize=(); fi
  (cd "$tree" && "${compiler[@]}" -std=c++20 "$optimization" -g1 -w -ffile-prefix-map="$tree"=. \
    -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-strict-aliasing \
    "${sanitize[@]}" -Itests/emulation/stand_in -I. -Ihost/include -Ihost -Itests -Igenerated \
    -x c++ -c "$source" -o "$folder/$(object "$source")")
}

# link FLAVOUR PROGRAM OBJECT...: of functions that several objects hold, the first counts.
link() {
  local flavour=$1 program=$2 sanitize=()
  shift 2
  read -r -d '' -a sanitize <<< "${flags[$flavour]}" || true
  "${compiler[@]}" "${sanitize[@]}" "$@" -lgtest -lgtest_main -pthread -o "$program"
}

# in_turn COMMAND...: in the background, as soon as fewer than $jobs run.
in_turn() {
  while (($(jobs -pr | wc -l) >= jobs)); do wait -n || failed=1; done
  "$@" &
}
all_done() {
  while [[ -n $(jobs -p) ]]; do wait -n || failed=1; done
}

base=$work/base
rm -rf "$base"
mkdir -p "$base/tests/emulation" "$base/generated/cuda"
cp -r "$root/cuda" "$root/host" "$base"
cp -r "$root/tests/support" "$root/tests/backend" "$base/tests"
cp -r "$root"/tests/emulation/{*.cpp,*.hpp,stand_in} "$base/tests/emulation"
echo '#define BROOD_KERNEL_HASH "mutant"' > "$base/generated/cuda/kernel_hash.hpp"

failed=0
mkdir -p "$work/once"
for flavour in "${flavours[@]}"; do
  mkdir -p "$work/$flavour"
done
for flavour in asan tsan plain; do  # the slowest first
  for source in "${each[@]}"; do
    in_turn compile "$base" "$flavour" "$source" "$work/$flavour"
  done
done
for source in "${once[@]}"; do
  in_turn compile "$base" plain "$source" "$work/once"
done
all_done
((failed == 0)) || { echo "mutate.sh: the sources do not compile" >&2; exit 1; }

objects_of() {
  local flavour=$1 source
  for source in "${each[@]}"; do echo "$work/$flavour/$(object "$source")"; done
  for source in "${once[@]}"; do echo "$work/once/$(object "$source")"; done
}

# ---- running

# run FLAVOUR PROGRAM FILTER LOG
run() {
  local -A seconds=([plain]=100 [asan]=300 [tsan]=600)
  {
    ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1 \
      timeout -s KILL "${seconds[$1]}" \
      "$2" --gtest_filter="$3" --gtest_fail_fast --gtest_color=no > "$4" 2>&1
  } 2> /dev/null  # what the shell says of a program that aborts
}

# place_of PROGRAM: the kernel's line in a sanitizer's stack. (It cannot name the lines of templates
# itself.)
place_of() {
  local addresses
  mapfile -t addresses < <(grep -oE '^ +#[0-9]+ .*' | grep -oE '\(test\+0x[0-9a-f]+' | cut -c7- |
    head -9)
  addr2line --inlines -e "$1" "${addresses[@]}" | grep -oE 'cuda/[a-z_/]+\.(cuh|cu):[0-9]+' |
    grep -vm1 prims.cuh
}

# why PROGRAM LOG STATUS: what ended the run.
why() {
  local program=$1 log=$2 status=$3 first second
  if ((status == 137)); then
    echo "timeout"
  elif grep -q 'ThreadSanitizer: data race' "$log"; then
    first=$(sed '/Previous/,$d' "$log" | place_of "$program" || true)
    second=$(sed '1,/Previous/d; /^$/,$d' "$log" | place_of "$program" || true)
    echo "race at $first${second:+ with $second}"
  elif grep -q 'AddressSanitizer' "$log"; then
    first=$(grep -m1 -oE 'AddressSanitizer: [a-zA-Z-]+' "$log")
    echo "${first#*: } at $(place_of "$program" < "$log" || true)"
  elif grep -q 'runtime error: ' "$log"; then
    grep -m1 -oE '[a-z_./]+:[0-9]+:[0-9]+: runtime error: .*' "$log" |
      sed -E 's/ address 0x[0-9a-f]+//'
  elif grep -q '^brood emulation: ' "$log"; then
    grep -m1 '^brood emulation: ' "$log" | sed 's/^brood emulation: //'
  elif grep -qwE 'differs?' "$log"; then
    grep -m1 -owE '[a-z][a-z0-9 ]* differs?( at [0-9]+)?' "$log"
  elif grep -q 'Failure$' "$log"; then
    sed -n '/Failure$/ { s/.*\/\(.*\): Failure/\1: /; N; s/\n//; p; q }' "$log" | cut -c1-120
  elif grep -q 'thrown in' "$log"; then
    grep -m1 -oE 'description .* thrown' "$log"
  else
    echo "signal $((status - 128))"
  fi
}

# The test that failed, or the last to begin.
test_of() {
  { sed -nE 's/^\[  FAILED  \] ([^ ,]*).*/\1/p' "$1" | head -1
    sed -nE 's/^\[ RUN      \] //p' "$1" | tail -1; } | head -1
}

# try_mutant NAME
try_mutant() {
  local name=$1 patch=$mutants/$1.patch folder=$work/mutants/$1 flavour source status
  local tree=$folder/tree filter='-*Bf16*' precision=tf32
  rm -rf "$folder"
  mkdir -p "$folder"
  cp -r "$base" "$tree"
  if ! patch --directory="$tree" --strip=1 --fuzz=1 --silent --no-backup-if-mismatch < "$patch" \
    > "$folder/patch.log" 2>&1; then
    echo "NOT CAUGHT: $name (the patch does not apply)"
    return
  fi
  if grep -q '^Precision: bf16' "$patch"; then
    filter='*Bf16*'
    precision=bf16
  fi
  # What the patch changes.
  local sources=()
  while read -r file; do
    case $file in
      */init_weights.cuh | */pairs.cuh) sources+=(cuda/kernels/kernels.cu) ;;
      */layered.cuh) sources+=(cuda/layered/layered.cu) ;;
      */step_program.hpp) sources+=(cuda/plan/plan.cpp "cuda/kernels/kernels_$precision.cu") ;;
      *.cuh | host/core/*) sources+=("cuda/kernels/kernels_$precision.cu") ;;
      *.cpp) sources+=("$file") ;;
      *) echo "NOT CAUGHT: $name (mutate.sh cannot rebuild what includes $file)" && return ;;
    esac
  done < <(sed -n 's|^+++ b/\([^\t]*\).*|\1|p' "$patch")
  for flavour in "${flavours[@]}"; do
    mkdir -p "$folder/$flavour"
    local objects=() optimization=-O1
    # Most bugs are seen within a second, and kernels take several to optimize.
    if [[ $flavour == plain ]]; then optimization=-O0; fi
    for source in $(printf '%s\n' "${sources[@]}" | sort -u); do
      if ! compile "$tree" "$flavour" "$source" "$folder/$flavour" "$optimization" \
        > "$folder/compile.log" 2>&1; then
        echo "NOT CAUGHT: $name (it does not compile)"
        return
      fi
      objects+=("$folder/$flavour/$(object "$source")")
    done
    local others=()
    mapfile -t others < <(objects_of "$flavour" | grep -vF \
      "$(printf '/%s\n' "${objects[@]##*/}")")
    link "$flavour" "$folder/$flavour/test" "${objects[@]}" "${others[@]}"
    status=0
    run "$flavour" "$folder/$flavour/test" "$filter" "$folder/$flavour.log" || status=$?
    if ((status != 0)); then
      echo "caught: $name $flavour $(test_of "$folder/$flavour.log")" \
        "($(why "$folder/$flavour/test" "$folder/$flavour.log" "$status"))"
    fi
    rm -f "$folder/$flavour/test"
    if ((status != 0)); then return; fi
  done
  echo "NOT CAUGHT: $name"
}

for flavour in "${flavours[@]}"; do
  mapfile -t objects < <(objects_of "$flavour")
  in_turn link "$flavour" "$work/$flavour/test" "${objects[@]}"
done
all_done
((failed == 0)) || exit 1
try_unpatched() {
  local flavour=$1 status=0 start=$SECONDS
  run "$flavour" "$work/$flavour/test" '*' "$work/$flavour.log" || status=$?
  ((status == 0)) && echo "passes without a bug: $flavour ($((SECONDS - start)) s)" && return
  echo "FAILS WITHOUT A BUG: $flavour $(test_of "$work/$flavour.log")" \
    "($(why "$work/$flavour/test" "$work/$flavour.log" "$status"))"
  return 1
}
for flavour in tsan asan plain; do
  in_turn try_unpatched "$flavour"
done
all_done
((failed == 0)) || exit 1

: > "$work/results"
report() {
  try_mutant "$1" | tee -a "$work/results"
  if [[ -z ${BROOD_MUTATE_DIR-} ]]; then rm -rf "$work/mutants/$1"; fi
}
for name in "${names[@]}"; do
  in_turn report "$name"
done
all_done
caught=$(grep -c '^caught: ' "$work/results" || true)
echo "after $SECONDS s:"
echo "$caught of ${#names[@]} caught"
((caught == ${#names[@]}))
