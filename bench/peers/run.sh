#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# brood against what people would use in its place: the same work, in one run.
#   bench/peers/run.sh --device cpu|cuda [--quick] [more options of run.py]
# For the CPU it makes a virtual environment, build-peers/venv, with the peers from PyPI (2 GB),
# and builds brood's side. For a GPU it takes what is installed (torch, jax), and
# build-gpu/bin/brood_peer_bench as tools/gpu_check.sh --build left it, if that is there.
# BROOD_PEERS_PYTHON: a python that has the peers; nothing is installed then.
# Writes bench/results/peers-<device>-<date>.json and prints a table last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

device=
for ((i = 1; i <= $#; ++i)); do
  if [[ ${!i} == --device ]]; then
    next=$((i + 1))
    device=${!next-}
  fi
done
if [[ ! $device =~ ^(cpu|cuda)$ ]]; then
  echo "usage: bench/peers/run.sh --device cpu|cuda [--quick]" >&2
  exit 2
fi

make_environment() {
  local venv=build-peers/venv
  python=$venv/bin/python
  [[ ! -f $venv/complete ]] || return 0
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet numpy scipy scikit-learn==1.9.1 optuna==5.0.0 jax==0.10.2 \
    jaxlib==0.10.2 filelock typing-extensions sympy networkx jinja2 fsspec setuptools
  # torch alone, without the 2.5 GB of CUDA libraries that it would bring along: see cpu_torch.py.
  "$venv/bin/pip" install --quiet --no-deps torch==2.11.0 nvidia-cuda-runtime==13.0.96
  "$python" bench/peers/cpu_torch.py "$venv"/lib/python3*/site-packages >&2
  "$python" -c 'import torch; torch.ones(2) @ torch.ones(2)'
  touch "$venv/complete"
}

build() {
  tools/build.sh cpu brood_peer_bench -DBROOD_BUILD_BENCH=ON >/dev/null
}

python=${BROOD_PEERS_PYTHON-}
program=build-gpu/bin/brood_peer_bench
[[ $device == cuda ]] || tools/packages.sh program tests peers
building=
if [[ $device == cpu || ! -x $program ]]; then
  program=build/brood_peer_bench
  build &  # while the peers are downloaded
  building=$!
fi
if [[ -z $python ]]; then
  python=$(command -v python3)
  [[ $device == cuda ]] || make_environment
fi
[[ -z $building ]] || wait "$building"
exec "$python" bench/peers/run.py --program "$program" "$@"
