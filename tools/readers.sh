#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools/readers.sh [FOLDER]: installs what reads the formats of `brood export` (onnxruntime, PyTorch,
# Optuna and its dashboard, TensorBoard, and Playwright, which opens the pages of both in Chromium) from
# PyPI into build/readers, for tests/tools/export*_test.py; does nothing where it is. Takes 2 GB. Says so
# if it cannot, and exits with 0: those tests are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=${1:-build/readers}
[[ ! -f $folder/complete ]] || exit 0
install() {
  python3 -m venv "$folder" || return
  local pip=("$folder/bin/pip" install -q --disable-pip-version-check)
  "${pip[@]}" numpy onnx onnxruntime optuna optuna-dashboard playwright scikit-learn plotly tensorboard \
    safetensors filelock sympy networkx jinja2 fsspec || return
  # torch alone, without CUDA's libraries: see bench/peers/cpu_torch.py.
  "${pip[@]}" --no-deps torch==2.11.0 nvidia-cuda-runtime==13.0.96 || return
  "$folder/bin/python" bench/peers/cpu_torch.py "$folder"/lib/python3*/site-packages >&2
}

mkdir -p "$(dirname "$folder")"
tools/packages.sh peers browser || true
rm -rf "$folder"
if install; then
  touch "$folder/complete"
else
  echo "readers.sh: could not install from PyPI what reads the exported formats: their tests will be" \
    "skipped" >&2
fi
