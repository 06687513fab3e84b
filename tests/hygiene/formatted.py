# SPDX-License-Identifier: Apache-2.0
"""Every source is as clang-format 14 would write it.

    formatted.py ROOT
"""

import pathlib
import re
import shutil
import subprocess
import sys


def find_clang_format():
    """clang-format of version 14: another version formats differently."""
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path:
            version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(r"version 14\.", version):
                return path
    return None


clang_format = find_clang_format()
if clang_format is None:
    print("skipped: clang-format 14 is not installed")
    sys.exit(77)
root = pathlib.Path(sys.argv[1])
suffixes = {".hpp", ".cpp", ".inl", ".cu", ".cuh"}
sources = sorted(str(path) for folder in ("host", "cuda", "tools", "tests", "bench")
                 for path in (root / folder).rglob("*") if path.suffix in suffixes)
done = subprocess.run([clang_format, "--dry-run", "-Werror", "--style=file", *sources],
                      capture_output=True, text=True)
names = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: ", done.stderr, re.M)))
print(f"{len(sources)} sources read")
if done.returncode != 0:
    print("run clang-format -i (version 14) on:", *names or [done.stderr], sep="\n  ")
sys.exit(done.returncode)
