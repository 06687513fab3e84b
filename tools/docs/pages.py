#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the pages of the public headers by Doxygen. All that it warns of is an error; of what has no
comment, files, types and enumerations are: functions, aliases and fields may say all by their names.

    tools/docs/pages.py [FOLDER]  writes FOLDER/html/index.html; without FOLDER: build/docs
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

NEEDS_NO_COMMENT = re.compile(r"\((?:variable|function|typedef|macro definition)\) .*is not documented\.$")

if shutil.which("doxygen") is None:
    print("skipped: doxygen is not installed")
    sys.exit(77)
root = pathlib.Path(__file__).resolve().parents[2]
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "build" / "docs").resolve()
shutil.rmtree(folder / "html", ignore_errors=True)
folder.mkdir(parents=True, exist_ok=True)
done = subprocess.run(["doxygen", "tools/docs/Doxyfile"], cwd=root, capture_output=True, text=True,
                      env={**os.environ, "BROOD_DOCS": str(folder)})
said = (done.stdout + done.stderr).splitlines()
problems = [line for line in said if line.strip() and not NEEDS_NO_COMMENT.search(line)]
headers = sorted((root / "host" / "include").rglob("*.hpp*"))
for header in headers:
    page = header.name.replace("_", "__").replace(".", "_8") + ".html"
    if not (folder / "html" / page).exists():
        problems.append(f"{header}:2: a comment that says what the header is belongs here")
print(*problems, f"{len(headers)} headers in {folder / 'html' / 'index.html'}", sep="\n")
sys.exit(1 if done.returncode or problems or not headers else 0)
