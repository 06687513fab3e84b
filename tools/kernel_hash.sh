#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints one hash over all that the CUDA kernels are made of: the sources of cuda/ and host/core/, no
# prose. Programs carry it, and so do benchmark results, so that a result names its kernels.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
find cuda host/core -type f ! -name '*.md' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum |
  sha256sum | cut -c1-16
