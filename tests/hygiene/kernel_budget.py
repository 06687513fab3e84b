# SPDX-License-Identifier: Apache-2.0
"""The CUDA kernels keep within their budget of registers, stack and code.

    kernel_budget.py NVCC ROOT GENERATED   compiles the kernels for sm_90a and compares them with
                                           tests/hygiene/kernel_budget.json

Neither spills nor a stack frame are allowed that are not in the budget (bytes of one function). A kernel that is not in the budget, or one of the budget
that is not there, is an error too. Prints what was found: paste it into the budget when a change is
meant. Exits with 77 without nvcc.
"""

import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

KERNEL = re.compile(r"Compiling entry function '(\w+)'")
FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
REGISTERS = re.compile(r"Used (\d+) registers")


def name_of(symbol):
    """run<Tf32,shared,alone> of _ZN5brood4cuda3runINS0_4Tf32ELb1ELb0EEEv..."""
    if layered := re.search(r"7layeredINS0_\d(\w+?)E", symbol):
        return f"layered<{layered.group(1)}>"
    run = re.search(r"3runINS0_\d(\w+?)ELb([01])ELb([01])E", symbol)
    if not run:
        small = re.search(r"\d(draw|copy|pair_keys|pair_counts)E", symbol)
        return small.group(1) if small else symbol
    weights = "shared" if run.group(2) == "1" else "global"
    return f"run<{run.group(1)},{weights},{'cluster' if run.group(3) == '1' else 'block'}>"


def code_bytes(cubin):
    """Bytes of each kernel's section, by symbol."""
    listing = subprocess.run(["readelf", "-SW", cubin], capture_output=True, text=True).stdout
    return {symbol: int(size, 16) for symbol, size in
            re.findall(r"\s\.text\.(\w+)\s+PROGBITS\s+\w+\s+\w+\s+(\w+)", listing)}


def compile_one(nvcc, root, generated, source, folder):
    cubin = folder / (source.stem + ".cubin")
    command = [nvcc, "-std=c++20", "-O3", "--fmad=false", "-arch=sm_90a", "-I", root, "-I",
               root / "host", "-I", root / "host/include", "-I", generated, "-cubin",
               "--resource-usage", "-o", cubin, source]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{source.name} does not compile:\n{done.stderr}")
    kernels, current = {}, None
    sizes = code_bytes(cubin)
    for line in done.stderr.splitlines():
        if match := KERNEL.search(line):
            current = name_of(match.group(1))
            kernels[current] = {"instructions": sizes.get(match.group(1), 0) // 16}
        elif match := FRAME.search(line):
            frame, *spills = (int(n) for n in match.groups())
            kernels[current]["frame"] = max(frame, kernels[current].get("frame", 0))
            kernels[current]["spill"] = max(*spills, kernels[current].get("spill", 0))
        elif match := REGISTERS.search(line):
            kernels[current]["registers"] = int(match.group(1))
    return kernels, time.monotonic() - began


def main():
    nvcc, root, generated = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
    if not pathlib.Path(nvcc).exists():
        print("skipped: nvcc is not installed")
        sys.exit(77)
    sources = sorted((root / "cuda").glob("kernels*.cu")) + [root / "cuda/layered.cu"]
    found, problems = {}, []
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(compile_one, nvcc, root, generated, source, pathlib.Path(folder))
                for source in sources]
        for source, job in zip(sources, jobs):
            kernels, seconds = job.result()
            print(f"{source.name}: {seconds:.0f} s")
            found.update(kernels)
    budget = json.loads((root / "tests/hygiene/kernel_budget.json").read_text())
    for name in sorted(found.keys() | budget.keys()):
        if name not in budget or name not in found:
            problems.append(f"{name}: is {'not in the budget' if name in found else 'gone'}")
            continue
        for what, most in ({"frame": 0, "spill": 0} | budget[name]).items():
            if found[name][what] > most:
                problems.append(f"{name}: {found[name][what]} {what}; the budget is {most}")
    print(json.dumps(found, indent=2, sort_keys=True))
    for problem in problems:
        print("OVER BUDGET:", problem)
    sys.exit(1 if problems else 0)


main()
