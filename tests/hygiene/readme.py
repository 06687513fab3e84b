#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the README's commands, as written, in a folder that looks like the checkout.

  readme.py CHECKOUT BUILD

Every line of its `sh` blocks that begins with build/brood is run by a shell, in order, and must exit
with 0. The scripts that it names must be there and be executable; they run this test themselves, so they
are not run again. Every path that the README gives must exist.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def main():
    checkout, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    text = (checkout / "README.md").read_text()
    commands = [line.split("  #")[0].strip() for block in blocks(text, "sh") for line in block.splitlines()]
    commands = [command for command in commands if command]
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in ("tools", "tests"):
            (root / name).symlink_to(checkout / name)
        (root / "build").symlink_to(build)
        for command in commands:
            program = command.split()[0]
            if program.startswith("tools/"):
                if not os.access(checkout / program, os.X_OK):
                    failures.append(f"{program}: is not there, or not executable")
                continue
            done = subprocess.run(["sh", "-c", command], cwd=root, capture_output=True, text=True)
            print(f"{done.returncode}  {command}")
            if done.returncode != 0:
                failures.append(f"{command}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    for path in re.findall(r"`((?:host|tools|tests|bench|cuda)/[\w./]+)`", text):
        if not (checkout / path).exists():
            failures.append(f"{path}: the README names it, and it is not there")
    if not any(command.startswith("build/brood") for command in commands):
        failures.append("README.md: no build/brood command found")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
