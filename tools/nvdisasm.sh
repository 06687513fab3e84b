#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs nvdisasm, by which tests/machine reads the kernels' machine code, into build/nvdisasm from
# PyPI; does nothing where there is one or no nvcc. Says so if it cannot, and exits with 0: the tests
# that need it are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

nvcc=$(command -v "${CUDACXX:-nvcc}" || echo /usr/local/cuda/bin/nvcc)
[[ -x $nvcc ]] || exit 0
if command -v nvdisasm >/dev/null || [[ -x $(dirname "$nvcc")/nvdisasm ]]; then exit 0; fi
folder=build/nvdisasm
compgen -G "$folder/lib/python3*/site-packages/nvidia/cu*/bin/nvdisasm" >/dev/null && exit 0

mkdir -p build
tools/packages.sh machine || true
if ! python3 -m venv "$folder" 2>/dev/null ||
  ! "$folder/bin/pip" install -q --disable-pip-version-check nvidia-cuda-nvdisasm; then
  echo "nvdisasm.sh: could not install nvdisasm from PyPI: the tests with the label machine that" \
    "execute the kernels will be skipped" >&2
fi
