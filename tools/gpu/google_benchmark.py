# SPDX-License-Identifier: Apache-2.0
"""A Google Benchmark program on a device: what ends it is left out, and the others are tried again."""

import json
import re

LEAST_SECONDS = 15  # that are worth beginning in
TRIES = 3


def name_of(full):
    return re.sub(r"/(iterations:\d+|manual_time|real_time)", "", full)


def list_benchmarks(session, program):
    """The names as the program has them, and what it said if there are none."""
    listed = session.run([program, "--benchmark_list_tests=true"], 60)
    return [line for line in listed.lines if re.match(r"\w+/cuda/", line)], listed.lines[-5:]


def complete_benchmarks(text):
    """The context and the benchmarks of Google Benchmark's JSON, also if its end is missing."""
    begin = text.find("{")
    text = text[begin:] if begin >= 0 else ""
    try:
        document = json.loads(text)
        return document.get("context", {}), document.get("benchmarks", [])
    except ValueError:
        pass
    decoder, context, found = json.JSONDecoder(), {}, []
    try:
        context = decoder.raw_decode(text, text.index('"context":') + len('"context":') + 1)[0]
    except ValueError:
        pass
    at = text.find('"benchmarks": [')
    while at >= 0:
        at = text.find("{", at)
        try:
            entry, at = decoder.raw_decode(text, at) if at >= 0 else (None, -1)
        except ValueError:
            break
        if entry:
            found.append(entry)
    return context, found


# What Google Benchmark says of itself beside our counters.
OWN_FIELDS = {"family_index", "per_family_instance_index", "run_name", "run_type", "repetitions",
              "repetition_index", "threads", "iterations", "real_time", "cpu_time", "time_unit"}


def without_own_fields(entry):
    return {"name": name_of(entry["name"]),
            **{k: v for k, v in entry.items() if k not in OWN_FIELDS and k != "name"}}


def failed(full, why):
    return {"name": name_of(full), "error_occurred": True, "error_message": why}


def run_benchmarks(session, program, names, seconds, silence, log):
    """Context and entries of the benchmarks named."""
    left, context, entries = list(names), {}, []
    deadline = session.clock.now() + min(seconds, session.remaining())
    for _ in range(TRIES):
        time_left = deadline - session.clock.now()
        if not left or time_left < LEAST_SECONDS:
            break
        chosen = "^(" + "|".join(re.escape(name) for name in left) + ")$"
        run = session.run([program, f"--benchmark_filter={chosen}", "--benchmark_format=json"], time_left,
                          silence=silence, environment={"BROOD_BENCH_SECONDS": str(0.8 * time_left)})
        run_context, found = complete_benchmarks("\n".join(run.lines))
        context = context or run_context
        entries += [without_own_fields(entry) for entry in found]
        done = {entry["name"] for entry in found}
        left = [name for name in left if name not in done]
        log.append(f"$ brood_bench ({len(done)} benchmarks of {len(done) + len(left)}, {run.seconds:.1f} s, "
                   f"exit code {run.code})")
        log += run.lines + [""]
        if left:
            entries.append(failed(left.pop(0), run.ended or f"exit code {run.code}"))
    return context, entries + [failed(name, "out of time") for name in left]
