# SPDX-License-Identifier: Apache-2.0
"""An object compiled for one instruction set defines only what is its own.

    kernel_symbols.py --nm NM OBJECT...   of the objects, looks at those of kernels_<set>.cpp
    kernel_symbols.py --self-test

The linker merges equal symbols of different objects and keeps any one of them: an inline function
of the standard library that the AVX-512 object defines could be the one that a machine without
AVX-512 runs. So each symbol must name the namespace brood::cpu::<set> (as its scope, or in a
template argument, which makes it as distinct), or be the object's one entry, brood::cpu::<set>_kernels().
"""

import re
import subprocess
import sys

# Made by the compiler, without instructions of their own choice: a pointer to the personality
# routine of exceptions.
HARMLESS = re.compile(r"DW\.ref\.")


def strangers(isa, listing):
    """Symbols in the output of `nm -C --defined-only --extern-only` that are not of `isa`."""
    found = []
    for line in listing.splitlines():
        match = re.fullmatch(r"[0-9a-f]* *([A-Za-z]) (.+)", line.strip())
        if not match:
            continue
        kind, name = match.groups()
        own = f"brood::cpu::{isa}::" in name or name == f"brood::cpu::{isa}_kernels()"
        if not own and not HARMLESS.match(name):
            found.append(f"{kind} {name}")
    return found


def self_test():
    listing = """
0000000000000000 T brood::cpu::avx2_kernels()
0000000000000010 T brood::cpu::avx2::train(brood::Member const&)
0000000000000000 W void brood::visit<brood::cpu::avx2::step()::{lambda(auto:1)#1}>(int)
0000000000000000 V DW.ref.__gxx_personality_v0
0000000000000000 W std::vector<float, std::allocator<float> >::push_back(float const&)
0000000000000000 W brood::steps_per_epoch(brood::Member const&)
0000000000000020 T brood::cpu::avx512::train(brood::Member const&)
0000000000000030 T brood::cpu::avx512_kernels()
"""
    expected = ["std::vector", "brood::steps_per_epoch", "avx512::train", "avx512_kernels"]
    found = strangers("avx2", listing)
    right = len(found) == len(expected) and all(e in f for e, f in zip(expected, found))
    return [] if right else [f"found {found}, expected {expected}"]


def main():
    if sys.argv[1:] == ["--self-test"]:
        problems = self_test()
    else:
        nm = sys.argv[sys.argv.index("--nm") + 1]
        objects = [(m.group(1), path) for path in sys.argv[1:]
                   if (m := re.search(r"kernels_(\w+)\.cpp\.o(bj)?$", path))]
        problems = []
        for isa, path in objects:
            command = [nm, "-C", "--defined-only", "--extern-only", path]
            listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            problems += [f"kernels_{isa}.cpp defines {symbol}" for symbol in strangers(isa, listing)]
            if f"brood::cpu::{isa}_kernels()" not in listing:
                problems.append(f"kernels_{isa}.cpp lacks its entry brood::cpu::{isa}_kernels()")
        print(f"{len(objects)} objects read")
        if not objects:
            problems = ["no object of a kernels_<set>.cpp was given"]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


main()
