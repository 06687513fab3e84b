# SPDX-License-Identifier: Apache-2.0
"""A Python with the readers of other formats (tools/readers.sh): BROOD_READERS, or else our own.

A test asks for the packages that it needs, and is skipped with a sentence where they are not."""

import functools
import json
import os
import subprocess
import sys
import unittest

PYTHON = os.environ.get("BROOD_READERS", "")
if not os.path.exists(PYTHON):
    PYTHON = sys.executable


@functools.cache
def has(package):
    done = subprocess.run([PYTHON, "-c", f"import {package}"], capture_output=True)
    return done.returncode == 0


def need(*packages):
    missing = [package for package in packages if not has(package)]
    if missing:
        raise unittest.SkipTest(f"{PYTHON} has no {', '.join(missing)}: tools/readers.sh installs "
                                "what reads the exported formats")


def run(program, *arguments, cwd):
    """What a program prints as JSON on its last line."""
    done = subprocess.run([PYTHON, "-c", program, *map(str, arguments)], cwd=cwd,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])
