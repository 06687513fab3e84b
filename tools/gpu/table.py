# SPDX-License-Identifier: Apache-2.0
"""What has been found, as a page of text."""

import collections
import re

from gpu import profiler


def number(value):
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{unit}"
    return f"{value:.3g}"


def grid(title, rows, width):
    """Rows of a name and cells by column."""
    if not rows:
        return []
    columns = sorted({column for row in rows.values() for column in row})
    lines = [title, "  " + "".join(f"{text:<{width}}" for text in [""] + [f"{c:,}" for c in columns])]
    for name, row in rows.items():
        lines.append("  " + "".join(f"{text:<{width}}" for text in [name] + [row.get(c, "-") for c in columns]))
    return lines


def training_rows(benchmarks):
    rows = collections.OrderedDict()
    for entry in benchmarks:
        match = re.fullmatch(r"TrainStep/cuda/(\w+)/(\w+)/members:(\d+)(?:/optimizer:(\w+))?", entry["name"])
        if not match:
            continue
        if entry.get("error_occurred"):
            cell = entry.get("error_message", "error")[:24]
        else:
            rate = entry.get("steps_per_s", 0)
            share = entry.get("device_seconds", 0) / entry.get("seconds", 1)
            cell = (f"{number(entry.get('device_steps_per_s', rate))} {100 * share:.0f} "
                    f"{100 * entry.get('peak_share', 0):.0f} {100 * entry.get('shared_share', 0):.0f}")
        name = " ".join(part for part in (match.group(1), match.group(4), match.group(2)) if part)
        rows.setdefault(name, {})[int(match.group(3))] = cell
    return grid("steps/s of the device's own time, that time in % of the wall's, % of the mma peak, % of shared "
                "memory, by members", rows, 26)


def block_rows(benchmarks):
    rows = collections.OrderedDict()
    for entry in benchmarks:
        match = re.fullmatch(r"BlocksPerMember/cuda/A/(\w+)/members:(\d+)/blocks:(\d+)", entry["name"])
        if match:
            cell = entry.get("error_message", "")[:12] or number(entry.get("steps_per_s", 0))
            rows.setdefault(f"{match.group(1)} x{match.group(3)}", {})[int(match.group(2))] = cell
    return grid("A, blocks per member: steps/s by members", rows, 14)


def tests_lines(title, step):
    lines = [f"{title}: {step['passed']} passed, {step['failed']} failed, {step['skipped']} skipped, "
             f"{step['not_run']} not run ({step['seconds']} s)"]
    if step["no_device"]:
        lines.append("  " + step["no_device"])
    for failure in step["failures"][:12]:
        why = " | ".join(line.strip() for line in failure["why"] if line.strip())
        lines.append(f"  FAILED {failure['name']}: {why[:300]}")
    if len(step["failures"]) > 12:
        lines.append(f"  ... {step['failed'] - 12} more")
    return lines


def sanitizer_lines(runs):
    lines = []
    for run in runs:
        done = (f", {run['passed']} of {run['of']} tests passed ({run['seconds']} s) {run['ended']}"
                if "passed" in run else "")
        lines.append(f"sanitizer: {run['tool']} {run.get('cases', '')}: {run['summary']}{done}")
        lines += ["    " + line[:160] for line in run.get("said", [])[1:4]]
    return lines


def clock_lines(clocks):
    return [f"clocks {when} it: SM {found.get('clocks_sm', '?')} of {found.get('max_clocks_sm', '?')}, "
            + ("held back by " + ", ".join(found["held_back_by"]) if found.get("held_back_by") else "not held back")
            for when, found in clocks.items() if found]


def table(result, compared, seconds):
    """`compared`: the lines that put measured beside modelled."""
    lines = [f"device: {result['device'] or 'unknown'}, driver {result['driver'] or 'unknown'}",
             f"commit: {result['commit']}, kernels {result['kernel_hash']}, {result['date']}"]
    lines += clock_lines(result["clocks"])
    if result.get("warning"):
        lines.append("WARNING: " + result["warning"])
    steps = result["steps"]
    for name in ("conformance", "smoke", "backend"):
        if name in steps:
            lines += tests_lines(name, steps[name])
            lines += ["  " + report for report in steps[name]["reports"]]
    if result["left_out"]:
        lines.append("benchmarks left out: " + result["left_out"])
    for entry in result["benchmarks"]:
        if entry["name"].startswith("Peak/"):
            counters = ", ".join(f"{k} {number(v)}" for k, v in entry.items() if isinstance(v, float))
            lines.append(f"{entry['name']}: {entry.get('error_message', counters)}")
    lines += training_rows(result["benchmarks"]) + block_rows(result["benchmarks"]) + compared
    if "first benchmarks" in steps and not result["benchmarks"]:
        lines += ["benchmarks: none"] + ["  " + line for line in result["benchmark_words"]]
    if "profile" in steps:
        lines += profiler.lines_of(steps["profile"])
    lines += sanitizer_lines(steps.get("sanitizer", []))
    lines += ["ERROR in gpu_report.py: " + error for error in result["errors"]]
    return lines + [f"{seconds:.0f} s in all"]
