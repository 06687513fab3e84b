# SPDX-License-Identifier: Apache-2.0
"""Nsight Compute over one launch of the training kernel, where it may read the device's counters."""

import csv
import re

from gpu.google_benchmark import complete_benchmarks
from gpu.machine import find_tool

PROBE_SECONDS = 8  # five will do; some sandboxes refuse, some hang
SECTIONS = ["SpeedOfLight", "LaunchStats", "Occupancy", "SchedulerStats", "WarpStateStats", "InstructionStats",
            "MemoryWorkloadAnalysis", "SourceCounters"]
KERNELS = "regex:run|train|step"
WORKLOADS = [("A", 132), ("D", 4224)]
# What is shown of some hundred metrics: name, in the table, whether it is of all steps.
SHOWN = [("smsp__inst_executed.sum", "warp instructions a step", True),
         ("launch__registers_per_thread", "registers", False),
         ("gpc__cycles_elapsed.max", "clocks of the launch", False),
         ("sm__warps_active.avg.pct_of_peak_sustained_active", "% of warps active", False),
         ("smsp__issue_active.avg.pct", "% of issue slots", False)]


def command(tool, *arguments):
    return [tool, "--clock-control", "none", *arguments]


def works(session, tool, small_program, log):
    """Whether it reads counters of a small program's kernel; why not."""
    run = session.run(command(tool, "--launch-count", "1", "--section", "SpeedOfLight", *small_program),
                      PROBE_SECONDS, silence=PROBE_SECONDS)
    log += ["$ ncu (probe)"] + run.lines + [""]
    errors = [line for line in run.lines if line.startswith("==ERROR==")]
    if run.ended or errors or not any("Elapsed Cycles" in line for line in run.lines):
        return run.ended or (errors or run.lines[-1:] or ["it says nothing"])[0]
    return ""


def number(text):
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return text


def metrics_of(lines):
    """Of `--page raw --csv`: names, units, then a line for each kernel."""
    at = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
    rows = list(csv.reader(lines[at:at + 3])) if at is not None else []
    return {name: number(value) for name, value in zip(rows[0], rows[2])} if len(rows) == 3 else {}


def profile(session, program, small_program, out, seconds, log):
    tool = find_tool("ncu", "/usr/local/cuda*/bin", "/opt/nvidia/nsight-compute/*")
    if not tool:
        return {"why_not": "ncu is not installed here"}
    deadline = session.clock.now() + seconds
    if why := works(session, tool, small_program, log):
        return {"why_not": "ncu does not work here: " + why}
    found = {"kernels": []}
    for i, (workload, members) in enumerate(WORKLOADS):
        left = (deadline - session.clock.now()) / (len(WORKLOADS) - i)
        if left < PROBE_SECONDS:
            break
        report = out / f"{workload}.ncu-rep"
        sections = [part for section in SECTIONS for part in ("--section", section)]
        # The first launch warms up; a benchmark's second is 32 steps of each member.
        run = session.run(command(tool, "-f", "-o", report, "-k", KERNELS, "--launch-skip", "1",
                                  "--launch-count", "1", *sections, program,
                                  f"--benchmark_filter=^OneEpoch/cuda/{workload}/tf32/members:{members}/",
                                  "--benchmark_format=json"), left, silence=left)
        log += [f"$ ncu ({workload}, {run.seconds:.1f} s, exit code {run.code})"] + run.lines + [""]
        benchmark = next(iter(complete_benchmarks("\n".join(run.lines))[1]), {})
        kernel = {"workload": workload, "members": members, "steps": benchmark.get("steps"), "ended": run.ended}
        if report.exists():
            shown = session.run([tool, "--import", report, "--page", "raw", "--csv"], 10)
            kernel["metrics"] = metrics_of(shown.lines)
        else:
            kernel["why_not"] = next((line for line in run.lines if line.startswith("==")
                                      and re.search("ERROR|WARNING", line)), run.ended or "no report")
        found["kernels"].append(kernel)
    return found


def lines_of(found):
    if "why_not" in found:
        return [found["why_not"]]
    lines = []
    for kernel in found["kernels"]:
        cells = []
        for metric, name, of_steps in SHOWN:
            value = kernel.get("metrics", {}).get(metric)
            if isinstance(value, float):
                if of_steps and not kernel["steps"]:
                    continue
                cells.append(f"{name} {value / kernel['steps'] if of_steps else value:,.6g}")
        lines.append(f"ncu: {kernel['workload']}, {kernel['members']:,} members: "
                     + (", ".join(cells) or kernel.get("why_not", "no metrics")))
    return lines
