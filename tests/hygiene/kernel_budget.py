# SPDX-License-Identifier: Apache-2.0
"""The CUDA kernels keep within their budget of registers, stack and code.

    kernel_budget.py ROOT OBJECT...   compares the sm_90 code that the build has put into the
                                      objects with tests/hygiene/kernel_budget.json

A stack that is not in the budget is not allowed; a thread's spilled registers are a part of it. A
kernel that is not in the budget, or one of the budget that is not there, is an error too. Prints
what was found: paste it into the budget when a change is meant. Exits with 77 if the build has no
such code.
"""

import json
import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "machine"))
import kernel_code  # noqa: E402

CODE = ".text."
SYMBOL_BYTES = 24
# Entries of .nv.info: a byte of format, one of attribute, two of size, then a symbol and a value.
WITH_SIZE, MIN_STACK_SIZE, REGISTERS = 0x04, 0x12, 0x2F
REACHES = ("chip", "memory", "anywhere", "cluster")  # as cuda/kernels/reach.hpp numbers them


def name_of(symbol):
    """run<Tf32,chip> of _ZN5brood4cuda3runINS0_4Tf32ELNS0_5ReachE0EEEv..."""
    run = re.search(r"3runINS0_\d(\w+?)ELNS0_5ReachE(\d)E", symbol)
    if not run:
        small = re.search(r"\d(init_weights|copy|layered|pair_keys|pair_counts)E", symbol)
        return small.group(1) if small else symbol
    return f"run<{run.group(1)},{REACHES[int(run.group(2))]}>"


def symbol_of(sections, number):
    name, = struct.unpack_from("<I", sections[".symtab"], number * SYMBOL_BYTES)
    names = sections[".strtab"]
    return names[name:names.index(b"\0", name)].decode()


def kernels_of(cubin):
    """What each kernel takes: bytes of a thread's stack, registers of a thread, instructions."""
    sections = kernel_code.sections(cubin)
    found = {name.removeprefix(CODE): {"instructions": len(text) // 16}
             for name, text in sections.items() if name.startswith(CODE)}
    info, at = sections[".nv.info"], 0
    while at < len(info):
        form, attribute, size = struct.unpack_from("<BBH", info, at)
        if form == WITH_SIZE and attribute in (MIN_STACK_SIZE, REGISTERS):
            number, value = struct.unpack_from("<II", info, at + 4)
            kernel = found.get(symbol_of(sections, number))
            if kernel is not None:
                kernel["stack" if attribute == MIN_STACK_SIZE else "registers"] = value
        at += 4 + (size if form == WITH_SIZE else 0)
    return {name_of(symbol): takes for symbol, takes in found.items()}


def main():
    root, objects = pathlib.Path(sys.argv[1]), map(pathlib.Path, sys.argv[2:])
    found, problems = {}, []
    for path in objects:
        for architecture, cubin in kernel_code.cubins(path):
            if architecture == "sm_90":
                found.update(kernels_of(cubin))
    if not found:
        print("skipped: this build has no code for sm_90")
        sys.exit(77)
    budget = json.loads((root / "tests/hygiene/kernel_budget.json").read_text())
    for name in sorted(found.keys() | budget.keys()):
        if name not in budget or name not in found:
            problems.append(f"{name}: is {'not in the budget' if name in found else 'gone'}")
            continue
        for what, most in ({"stack": 0} | budget[name]).items():
            if found[name][what] > most:
                problems.append(f"{name}: {found[name][what]} {what}; the budget is {most}")
    print(json.dumps(found, indent=2, sort_keys=True))
    for problem in problems:
        print("OVER BUDGET:", problem)
    sys.exit(1 if problems else 0)


main()
