# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone, and twice: the public ones see nothing but public headers.

    headers_alone.py --compiler CXX --generated DIR ROOT

A header that a source of host/ includes before anything else compiles alone if that source does, which
the build shows: such headers are only looked at for their guard.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys


def compile_alone(compiler, include_dirs, name):
    """The compiler's complaints about a file that includes nothing but the header `name`."""
    command = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    command += [f"-I{folder}" for folder in include_dirs] + ["-x", "c++", "-"]
    source = f'#include "{name}"\n#include "{name}"\n'
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{name} does not compile alone:\n{done.stderr}"


def included_first(host):
    """The names that sources of host/ include before anything else."""
    for source in host.rglob("*.cpp"):
        first = re.search(r'^#include (?:"(.+)"|<.+>)$', source.read_text(encoding="utf-8"), re.M)
        if first and first[1]:
            yield first[1]


def jobs(root, generated):
    """(include folders, header) of each header that no source shows to compile alone. Those that use
    BROOD_ISA are left out: they are parts of one source per instruction set, which defines it, and not
    headers by themselves."""
    host, public = root / "host", root / "host" / "include"
    for header in sorted(public.rglob("*.hpp")):
        yield [public, generated], header.relative_to(public)
    shown = set(included_first(host))
    for header in sorted(host.rglob("*.hpp")):
        name = header.relative_to(host)
        text = header.read_text(encoding="utf-8")
        guarded = re.search("^#pragma once$", text, re.M)
        if name.parts[0] != "include" and "BROOD_ISA" not in text and not (guarded and str(name) in shown):
            yield [host, public, generated], name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--generated", type=pathlib.Path, required=True)
    parser.add_argument("root", type=pathlib.Path)
    args = parser.parse_args()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = list(
            pool.map(lambda job: compile_alone(args.compiler, *job), jobs(args.root, args.generated)))
    print(f"{len(complaints)} headers compiled")
    print("\n".join(filter(None, complaints)))
    sys.exit(1 if any(complaints) or not complaints else 0)


main()
