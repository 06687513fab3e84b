# SPDX-License-Identifier: Apache-2.0
"""A worker: a process that trains one workload with one tool, when it is told to.

It trains 100 steps of brood's batches from brood's weights, then prints a line of JSON with
`disagreement` (of losses, relative), `first_seconds` (first call: compilation) and `version`. From then
on, for each line on its standard input (seconds) it trains for about so long and prints `steps`
(member-steps) and `seconds`. It ends with its input.
"""
import argparse
import json
import sys
import time

from workload import Workload


def arguments(variants):
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["fp32", "tf32"], default="fp32")
    parser.add_argument("--variant", choices=variants, default=variants[0])
    parser.add_argument("--threads", type=int, default=0, help="0: as the tool would have it")
    given = parser.parse_args()
    return given, Workload(given.folder)


def say(**facts):
    print(json.dumps(facts), flush=True)


def serve(trainer, version):
    """trainer: members, steps_at_once; check() -> disagreement; prepare(); run(steps) waits."""
    start = time.perf_counter()
    trainer.run(trainer.steps_at_once)
    first = time.perf_counter() - start
    trainer.start()
    disagreement = trainer.check()
    trainer.prepare()
    trainer.run(trainer.steps_at_once)
    start = time.perf_counter()
    trainer.run(trainer.steps_at_once)
    once = time.perf_counter() - start
    say(ready=True, disagreement=disagreement, first_seconds=first, version=version)
    for line in sys.stdin:
        times = max(1, round(float(line) / once))
        start = time.perf_counter()
        trainer.run(times * trainer.steps_at_once)
        seconds = time.perf_counter() - start
        once = seconds / times
        say(steps=times * trainer.steps_at_once * trainer.members, seconds=seconds)
