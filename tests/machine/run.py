#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a training step costs in machine code, executed and timed on the CPU.

    run.py --workload A --optimizer sgd --precision tf32      one row as JSON
    run.py ... --hot 20 | --stalls | --phases | --each        where instructions and clocks are
    run.py --all             all rows: bench/results/machine-<date>.json
    run.py --check           all rows against the newest such table: nothing may grow by more than 3 %
    run.py --compile ...     first compiles cuda/kernels/kernels*.cu of this checkout, for one architecture,
                             into build/machine-code, and uses that: seconds to a minute a try

From a built checkout: build/tests/machine/brood_machine, whose --help lists what else it takes.
--build DIR: another build folder. Exits with 77 where there is no machine code.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench/results"
# workload, optimizer, precision, and what else.
ROWS = [
    ("A", "sgd", "tf32"), ("A", "adam", "tf32"), ("A", "sgd", "bf16"), ("A", "adam", "bf16"),
    ("D", "adam", "tf32"), ("D", "sgd", "tf32"), ("D", "adam", "bf16"),
    ("B", "adam", "tf32"), ("C", "adam", "tf32"),
    ("A", "sgd", "tf32", "--alone"), ("A", "sgd", "tf32", "--architecture", "sm_80"),
]
KEY = ("workload", "optimizer", "precision", "architecture", "members")
BUDGET = ("warp_instructions", "clocks", "registers", "wavefronts")
ALLOWANCE = 1.03
MOST_ERROR = {"fp32": 1e-4, "tf32": 0.2, "bf16": 0.4}  # of the update; Adam's first steps are signs


def program(build):
    path = build / "tests/machine/brood_machine"
    if not path.exists():
        sys.exit(f"run.py: there is no {path}: build its target brood_machine_bench")
    return path


def has_code(build):
    folder = pathlib.Path(os.environ.get("BROOD_MACHINE_CODE", build / "tests/machine/code"))
    return any(folder.glob("*.sass"))


def row_of(build, choice):
    command = [program(build), "--workload", choice[0], "--optimizer", choice[1], "--precision",
               choice[2], *choice[3:]]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"run.py: {' '.join(map(str, command))}:\n{done.stderr}")
    return json.loads(done.stdout)


def table(build):
    digest = subprocess.run([ROOT / "tools/kernel_hash.sh"], capture_output=True, text=True, check=True)
    return {"kernel_hash": digest.stdout.strip(), "rows": [row_of(build, choice) for choice in ROWS]}


def write_table(build):
    path = RESULTS / f"machine-{datetime.date.today()}.json"
    found = table(build)
    rows = ",\n".join("    " + json.dumps(row) for row in found["rows"])
    path.write_text(f'{{\n  "kernel_hash": "{found["kernel_hash"]}",\n  "rows": [\n{rows}\n  ]\n}}\n')
    print(path.relative_to(ROOT))


def problems_of(row, budget):
    """What is wrong with a row, beside that of the table."""
    name = " ".join(str(row[key]) for key in KEY)
    for key in BUDGET:
        if row[key] > ALLOWANCE * budget[key]:
            yield f"{name}: {row[key]} {key}, and {budget[key]} are allowed but for 3 %"
    if not row["error"] < MOST_ERROR[row["precision"]]:
        yield f"{name}: weights are off by {row['error']} of the update"


def check(build):
    tables = sorted(RESULTS.glob("machine-*.json"))
    if not tables:
        sys.exit("run.py: bench/results has no table yet: run.py --all writes one")
    budgets = {tuple(row[key] for key in KEY): row for row in json.loads(tables[-1].read_text())["rows"]}
    problems = []
    for choice in ROWS:
        row = row_of(build, choice)
        print(json.dumps(row))
        budget = budgets.get(tuple(row[key] for key in KEY))
        problems += [f"{tables[-1].name} has no row for {choice}"] if budget is None else \
            problems_of(row, budget)
    if problems:
        print("\n".join(problems) + "\nIf that is meant, run.py --all writes a new table.")
        sys.exit(1)


def sources_of(precision):
    """The kernels that a workload launches: not those of other precisions, nor the layered ones."""
    others = [name for name in MOST_ERROR if name != precision]
    return [source for source in sorted(ROOT.glob("cuda/kernels/kernels*.cu"))
            if not any(name in source.stem for name in others)]


def compile_kernels(build, architecture, precision):
    """What has changed of cuda/kernels*.cu to machine code of one architecture, side by side."""
    cache = dict(line.split("=", 1) for line in (build / "CMakeCache.txt").read_text().splitlines()
                 if "=" in line and not line.startswith(("#", "/")))
    nvdisasm = os.environ.get("NVDISASM", cache.get("BROOD_NVDISASM:FILEPATH", ""))
    nvcc = os.environ.get("NVCC", cache.get("CMAKE_CUDA_COMPILER:FILEPATH", "/usr/local/cuda/bin/nvcc"))
    if not nvdisasm or nvdisasm.endswith("NOTFOUND"):
        sys.exit("run.py: no nvdisasm: tools/nvdisasm.sh installs it, or NVDISASM says where it is")
    out = build / "machine-code"
    out.mkdir(exist_ok=True)
    digits = architecture.removeprefix("sm_")
    headers = [path for folder in ("cuda", "host/core") for path in (ROOT / folder).rglob("*.*")]
    changed = max(path.stat().st_mtime for path in headers)
    cubins, running = [], []
    for source in sources_of(precision):
        cubin = out / f"{source.stem}.{architecture}.cubin"
        cubins.append(cubin)
        if cubin.exists() and cubin.stat().st_mtime > changed:
            continue
        command = [nvcc, "-std=c++20", "-O3", "--fmad=false",
                   f"--generate-code=arch=compute_{digits},code={architecture}", "-I", ROOT, "-I",
                   ROOT / "host", "-I", ROOT / "host/include", "-I", build / "include", "-cubin", "-o",
                   cubin, source]
        running.append(subprocess.Popen(command))
    if any([process.wait() for process in running]):
        sys.exit("run.py: the kernels do not compile")
    subprocess.run([sys.executable, "-B", ROOT / "tests/machine/kernel_code.py", nvdisasm, out,
                    *cubins], check=True)
    os.environ["BROOD_MACHINE_CODE"] = str(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, add_help=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    known, rest = parser.parse_known_args()
    build = known.build.resolve()
    if "--help" in rest:
        print(__doc__)
    if known.compile:
        def given(name, otherwise):
            return rest[rest.index(name) + 1] if name in rest else otherwise

        compile_kernels(build, given("--architecture", "sm_90"), given("--precision", "tf32"))
    if not has_code(build) and "--help" not in rest:
        print("skipped: there is no machine code in this build (nvcc or nvdisasm is missing)")
        sys.exit(77)
    if known.all:
        write_table(build)
    elif known.check:
        check(build)
    else:
        sys.exit(subprocess.run([program(build), *rest]).returncode)


if __name__ == "__main__":
    main()
