# SPDX-License-Identifier: Apache-2.0
"""The core headers compile as CUDA: nvcc takes core_cuda.cu, which must include every one of them.

    core_cuda.py --host-compiler CXX ROOT

nvcc is called by itself: CMake 3.25 does not know that nvcc 13 has C++20.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--host-compiler", required=True)
parser.add_argument("root", type=pathlib.Path)
args = parser.parse_args()

source = args.root / "tests" / "hygiene" / "core_cuda.cu"
included = set(re.findall(r'#include "(core/[^"]+)"', source.read_text()))
present = {f"core/{header.name}" for header in (args.root / "host" / "core").glob("*.hpp")}
if included != present:
    sys.exit(f"{source} must include the headers of host/core; missing: {sorted(present - included)}, "
             f"too many: {sorted(included - present)}")

nvcc = shutil.which("nvcc", path=os.environ["PATH"] + ":/usr/local/cuda/bin")
if nvcc is None:
    print("skipped: nvcc is neither in PATH nor in /usr/local/cuda/bin")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    command = [nvcc, "-std=c++20", "-arch=sm_90", "-fmad=false", "-Werror", "all-warnings"]
    command += ["-ccbin", args.host_compiler, f"-I{args.root / 'host'}"]
    command += ["-c", str(source), "-o", str(pathlib.Path(folder) / "core_cuda.o")]
    sys.exit(subprocess.run(command).returncode)
