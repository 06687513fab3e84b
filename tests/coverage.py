#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the preset coverage, runs the tests of the labels unit and e2e, and prints the share of lines
and branches of host/, cuda/ and tools/ that they execute, folder by folder. Branches that only an
exception takes are not counted, nor is what the emulator executes of cuda/.

    tests/coverage.py [--least N] [--no-tests]

--least N also prints the N files with the smallest share of lines. --no-tests reads what is there from
the last run. The exit code is that of the tests.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build-coverage"


def run_tests():
    """The exit code of the tests, with the counters of this run alone."""
    subprocess.run(["tools/packages.sh", "program", "tests", "coverage"], cwd=ROOT, check=True)
    for label in ("unit", "e2e"):
        subprocess.run(["tools/build.sh", "coverage", f"brood_tests_{label}"], cwd=ROOT, check=True)
    for counters in BUILD.rglob("*.gcda"):
        counters.unlink()
    # Halving compares many whole studies; with counters it takes as long as all others.
    return subprocess.run(["ctest", "--test-dir", str(BUILD), "--label-regex", "^(unit|e2e)$",
                           "--exclude-regex", "^Halving[.]", "--no-tests=error", "--output-on-failure",
                           "--parallel", str(os.cpu_count())]).returncode


def read_counters():
    """gcovr's numbers of each file."""
    summary = BUILD / "coverage.json"
    subprocess.run(["gcovr", "--root", str(ROOT), "--object-directory", str(BUILD), "-j", str(os.cpu_count()),
                    "--filter", "host/", "--filter", "cuda/", "--filter", "tools/",
                    "--exclude-directories", ".*CompilerIdCXX",
                    "--exclude-throw-branches", "--exclude-unreachable-branches",
                    "--json-summary", str(summary), str(BUILD)], cwd=ROOT, check=True)
    return json.loads(summary.read_text())["files"]


def folder_of(name):
    """host/data of host/data/splits.cpp; cuda of cuda/task/plan.cpp."""
    parts = pathlib.PurePath(name).parts
    return "/".join(parts[:2 if parts[0] == "host" else 1])


def share(covered, total):
    return f"{100 * covered / total:.1f} %" if total else "-"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--least", type=int, default=0)
    parser.add_argument("--no-tests", action="store_true")
    args = parser.parse_args()
    code = 0 if args.no_tests else run_tests()
    files = read_counters()
    counts = collections.defaultdict(collections.Counter)
    for file in files:
        for folder in (folder_of(file["filename"]), "all"):
            counts[folder].update({key: file[key] for key in
                                   ("line_total", "line_covered", "branch_total", "branch_covered")})
    print("| folder | lines | executed | branches | taken |\n| --- | --- | --- | --- | --- |")
    for folder in sorted(counts, key=lambda name: (name == "all", name)):
        n = counts[folder]
        print(f"| `{folder}` |" if folder != "all" else "| all |", f"{n['line_total']:,} |",
              share(n["line_covered"], n["line_total"]), f"| {n['branch_total']:,} |",
              share(n["branch_covered"], n["branch_total"]), "|")
    for file in sorted(files, key=lambda f: f["line_covered"] / max(f["line_total"], 1))[:args.least]:
        print(f"{file['filename']}: {file['line_covered']} of {file['line_total']} lines,",
              f"{file['branch_covered']} of {file['branch_total']} branches")
    sys.exit(code)


main()
