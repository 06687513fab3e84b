# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of build-gpu/bin on this machine's GPU and reports: see gpu_check.sh.

    gpu_report.py BIN OUT

Nobody may be at hand. So a program that falls silent is ended, one that loses the device or crashes goes
on behind the test that it lost, every step has a limit, and what is known is written after each.
"""

import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

START = time.monotonic()
SECONDS = float(os.environ.get("BROOD_GPU_SECONDS", "560"))
SILENCE = float(os.environ.get("BROOD_GPU_SILENCE", "60"))  # seconds without a word, after which a program is taken to hang
MOST_LOG = 4 << 20  # characters of a log that are kept
DEVICE_LOST = 86  # tests/gpu/device_environment.cpp
NO_DEVICE = "no CUDA device"

# Small, and between them every phase of the kernel; of clusters and global memory for the second.
SANITIZED = {
    "steps": "Shape/OneStep.MatchesOracle/in15_h17_out33_b17:Feature/OneStep.MatchesOracle/both_dropouts:"
             "Feature/OneStep.MatchesOracle/clip_norm:Feature/ManySteps.MatchOracle/ema:"
             "Feature/Evaluates.AsTheOracleDoes/mse:Feature/Forward.PredictsAsTheOracleDoes/labels:"
             "CpuAgreement.AfterOneStep/tf32_digits:CpuAgreement.AfterOneStep/bf16_digits",
    "placements": "Placement.ChangesNoBit/tf32_blocks_2:Placement.ChangesNoBit/tf32_weights_in_l2_chunks:"
                  "Placement.ChangesNoBit/bf16_blocks_4",
}
SANITIZERS = [("memcheck", "steps"), ("racecheck", "steps"), ("memcheck", "placements"),
              ("racecheck", "placements")]
# What matters most comes first: the rest may be out of time.
BENCHMARKS = ["Peak/cuda|TrainStep/cuda/.*/tf32/", "BlocksPerMember/cuda/A/tf32/", "LayerByLayer/cuda/.*/tf32/",
              "TrainStep/cuda/.*/bf16/",
              "TrainStep/cuda/.*/fp32/", "BlocksPerMember/cuda/A/(bf16|fp32)/"]


def elapsed():
    return time.monotonic() - START


def remaining(reserve=10):
    """Seconds until the end of it all, less some for the report."""
    return max(1.0, SECONDS - reserve - elapsed())


class Run:
    """A program with its output, ended when it takes too long in all or says nothing for too long."""

    def __init__(self, command, seconds, silence=SILENCE, environment=None, on_line=None):
        self.lines = []
        self.ended = ""  # why it was ended; empty: by itself
        began = time.monotonic()
        try:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace", env={**os.environ, **(environment or {})}, start_new_session=True)
        except OSError as error:
            self.code, self.seconds = 127, 0.0
            self.lines.append(f"{command[0]}: {error}")
            return
        lines = queue.Queue()

        def read():
            for line in process.stdout:
                lines.put(line.rstrip("\n"))
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        heard = time.monotonic()
        while True:
            now = time.monotonic()
            limit = min(began + seconds - now, heard + silence - now)
            if limit <= 0:
                self.ended = (f"ended after {now - began:.0f} s" if began + seconds <= now else
                              f"ended after {silence:.0f} s of silence")
                try:
                    os.killpg(process.pid, signal.SIGKILL)  # the group that it was started in
                except ProcessLookupError:
                    pass
                break
            try:
                line = lines.get(timeout=limit)
            except queue.Empty:
                continue
            if line is None:
                break
            heard = time.monotonic()
            self.lines.append(line)
            if on_line:
                on_line(line)
        try:
            self.code = process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # even SIGKILL waits for a driver that hangs
            self.code = -9
        # What was said before the end.
        while not lines.empty():
            line = lines.get()
            if line is not None:
                self.lines.append(line)
        self.seconds = time.monotonic() - began
        if self.ended:
            self.lines.append(self.ended)


def write_log(path, lines):
    text = "\n".join(lines) + "\n"
    if len(text) > MOST_LOG:
        text = text[:MOST_LOG // 2] + "\n[...]\n" + text[-MOST_LOG // 2:]
    path.write_text(text)


# ---- GoogleTest programs


def list_tests(program):
    names, suite = [], ""
    for line in Run([program, "--gtest_list_tests"], 60).lines:
        if line.startswith("  "):
            names.append(suite + line.strip().split("  #")[0].strip())
        elif re.fullmatch(r"[\w/]+\.(  #.*)?", line):
            suite = line.split("  #")[0]
    return names


class Tests:
    """What has become of a program's tests."""

    def __init__(self):
        self.state = collections.OrderedDict()  # name: passed, failed, skipped
        self.why = {}  # of failed ones: the first lines
        self.reports, self.log = [], []
        self.device, self.no_device = "", ""

    def count(self, state):
        return sum(1 for s in self.state.values() if s == state)

    def failed(self):
        return [name for name, state in self.state.items() if state == "failed"]


def run_group(program, names, tests, lock, deadline):
    """Runs some tests in one process, and in further ones where a process did not live to the last."""
    left = list(names)
    while left and time.monotonic() < deadline:
        current, said, done = [None], [], []

        def hear(line):
            begun = re.match(r"\[ RUN      \] (\S+)", line)
            ended = re.match(r"\[ +(OK|FAILED|SKIPPED) +\] ([^\s,]+)(?=,|\s|$)", line)
            if begun:
                current[0] = begun.group(1)
                said.clear()
            elif ended and ended.group(2) == current[0]:
                state = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[ended.group(1)]
                with lock:
                    tests.state[current[0]] = state
                    if state == "failed":
                        tests.why[current[0]] = said[:6]
                done.append(current[0])
                current[0] = None
            elif current[0]:
                said.append(line)
            with lock:
                if line.startswith("[  REPORT  ]"):
                    tests.reports.append(line[12:].strip())
                elif line.startswith("on ") and not current[0]:
                    tests.device = line[3:]
                elif line.startswith(NO_DEVICE):
                    tests.no_device = line

        command = [program, "--gtest_filter=" + ":".join(left)]
        run = Run(command, deadline - time.monotonic(), on_line=hear)
        with lock:
            tests.log += [f"$ {pathlib.Path(program).name} ({len(left)} tests, {run.seconds:.1f} s, "
                          f"exit code {run.code})"] + run.lines + [""]
        if tests.no_device:
            with lock:
                tests.state.update((name, "skipped") for name in left)
            return
        if current[0]:  # did not come back from it
            with lock:
                tests.state[current[0]] = "failed"
                tests.why[current[0]] = said[-6:] + [run.ended or f"exit code {run.code}"]
            done.append(current[0])
        if not done:  # nothing was begun: it would be so for ever
            with lock:
                for name in left:
                    tests.state[name] = "failed"
                    tests.why[name] = run.lines[-3:] + [f"exit code {run.code}"]
            return
        left = [name for name in left if name not in set(done)]


def group_of(name):
    """Tests that share what a process computes once."""
    suite, _, test = name.partition(".")
    precision = re.search(r"/(tf32|bf16|fp32)_", test)
    return suite + (precision.group(0) if precision and suite == "Placement" else "")


def run_tests(program, seconds, jobs):
    tests = Tests()
    names = list_tests(program)
    if not names:
        tests.state["(none was found)"] = "failed"
        tests.why["(none was found)"] = Run([program, "--gtest_list_tests"], 60).lines[-3:]
    groups = collections.OrderedDict()
    for name in names:
        groups.setdefault(group_of(name), []).append(name)
    parts = [part[i:i + 40] for part in groups.values() for i in range(0, len(part), 40)] if jobs > 1 else [names]
    deadline = time.monotonic() + seconds
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(run_group, program, part, tests, lock, deadline) for part in parts if part]:
            future.result()
    for name in names:
        tests.state.setdefault(name, "not run")
    return tests


def tests_step(program, log, seconds, jobs):
    began = elapsed()
    tests = run_tests(program, seconds, jobs)
    write_log(log, tests.log)
    return {
        "passed": tests.count("passed"), "failed": tests.count("failed"), "skipped": tests.count("skipped"),
        "not_run": tests.count("not run"), "seconds": round(elapsed() - began, 1), "device": tests.device,
        "no_device": tests.no_device, "reports": tests.reports,
        "failures": [{"name": name, "why": tests.why.get(name, [])} for name in tests.failed()][:100],
    }


# ---- compute-sanitizer


def find_sanitizer():
    for place in (shutil.which("compute-sanitizer"), "/usr/local/cuda/bin/compute-sanitizer",
                  "/usr/local/cuda/compute-sanitizer/compute-sanitizer"):
        if place and os.access(place, os.X_OK):
            return place
    return None


def sanitizer_step(program, log, seconds):
    tool = find_sanitizer()
    if not tool:
        write_log(log, ["compute-sanitizer is not installed here"])
        return [{"tool": "compute-sanitizer", "summary": "is not installed here"}]
    results, lines = [], []
    deadline = time.monotonic() + seconds
    for i, (check, cases) in enumerate(SANITIZERS):
        share = (deadline - time.monotonic()) / (len(SANITIZERS) - i)
        run = Run([tool, "--tool", check, "--print-limit", "20", program, "--gtest_filter=" + SANITIZED[cases]],
                  share, silence=share)
        summaries = [line.strip("= ") for line in run.lines if "SUMMARY" in line]
        passed = sum(1 for line in run.lines if re.match(r"\[ +OK \]", line))
        # Its words where it found something, or could not start.
        said = [line for line in run.lines if line.startswith("=========") and "SUMMARY" not in line][:5]
        results.append({"tool": check, "cases": cases, "summary": "; ".join(summaries) or "no summary",
                        "passed": passed, "code": run.code, "ended": run.ended,
                        "seconds": round(run.seconds, 1), "said": said})
        lines += [f"$ compute-sanitizer --tool {check} ({cases}, {run.seconds:.1f} s, exit code {run.code})"]
        lines += run.lines + [""]
        write_log(log, lines)
    return results


# ---- benchmarks


def complete_benchmarks(text):
    """The context and the benchmarks of Google Benchmark's JSON, also if its end is missing."""
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


def run_slice(program, pattern, log):
    """Context and entries of the benchmarks of a pattern. Where one ends the program, it is left out and the
    others are tried once more."""
    listed = Run([program, "--benchmark_list_tests=true", f"--benchmark_filter={pattern}"], 60)
    left = [line for line in listed.lines if re.match(r"\w+/cuda/", line)]
    if not left:
        log += [f"$ brood_bench {pattern}: has none"] + listed.lines + [""]
    context, entries = {}, []
    for _ in range(3):
        seconds = remaining()
        if not left or seconds < 20:
            break
        chosen = "^(" + "|".join(re.escape(name) for name in left) + ")$"
        run = Run([program, f"--benchmark_filter={chosen}", "--benchmark_format=json"], seconds,
                  environment={"BROOD_BENCH_SECONDS": str(seconds - 12)})
        text = "\n".join(run.lines)
        run_context, found = complete_benchmarks(text[text.index("{"):] if "{" in text else "")
        context = context or run_context
        entries += found
        done = {entry["name"] for entry in found}
        left = [name for name in left if name not in done]
        log.append(f"$ brood_bench {pattern} ({len(found)} benchmarks, {run.seconds:.1f} s, exit code {run.code})")
        log += [line for line in run.lines if not re.match(r'\s*("|[{}\]])', line)] + [""]
        if left:
            entries.append({"name": left.pop(0), "error_occurred": True,
                            "error_message": run.ended or f"exit code {run.code}"})
    entries += [{"name": name, "error_occurred": True, "error_message": "out of time"} for name in left]
    return context, entries


def benchmark_step(program, out, keep):
    """Slices in processes of their own; `keep` is given what is known after each."""
    context, entries, log = {}, [], []
    for pattern in BENCHMARKS:
        slice_context, found = run_slice(program, pattern, log)
        context = context or slice_context
        entries += found
        benchmarks = []
        for entry in entries:
            name = entry["name"].replace("/iterations:1", "").replace("/manual_time", "")
            fields = {k: v for k, v in entry.items() if k not in OWN_FIELDS and k != "name"}
            benchmarks.append({"name": name, **fields})
        (out / "bench.json").write_text(json.dumps({"context": context, "benchmarks": entries}, indent=1) + "\n")
        write_log(out / "bench.txt", log)
        keep({"kernel_hash_of_program": context.get("kernel_hash", ""), "benchmarks": benchmarks,
              "benchmark_log": log[-40:] if not entries else []})


# ---- what machine and what programs


def machine():
    run = Run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"], 30)
    if run.code == 0 and run.lines:
        parts = [part.strip() for part in run.lines[0].split(",")]
        return {"device": parts[0], "driver": parts[1] if len(parts) > 1 else "",
                "memory": parts[2] if len(parts) > 2 else ""}
    return {"device": "", "driver": ""}


def about(folder):
    try:
        lines = (folder / "about.txt").read_text().splitlines()
    except OSError:
        return {"commit": "unknown: no about.txt beside the programs"}
    found = dict(line.split(" ", 1) for line in lines if " " in line)
    return {"commit": found.get("commit", "unknown"), "kernel_hash": found.get("kernel_hash", ""),
            "built": found.get("built", "")}


def hash_of_tree():
    run = Run(["bash", "tools/kernel_hash.sh"], 30)
    return run.lines[-1] if run.code == 0 and run.lines else ""


# ---- the table


def number(value):
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{unit}"
    return f"{value:.3g}"


def training_rows(benchmarks):
    """Workload and precision down, members across: steps per second and shares of the two peaks."""
    rows = collections.OrderedDict()
    for entry in benchmarks:
        match = re.fullmatch(r"TrainStep/cuda/(\w+)/(\w+)/members:(\d+)", entry["name"])
        if match:
            if entry.get("error_occurred"):
                cell = entry.get("error_message", "error")[:22]
            else:
                cell = (f"{number(entry.get('steps_per_s', 0))} {100 * entry.get('peak_share', 0):.0f} "
                        f"{100 * entry.get('shared_share', 0):.0f}")
            rows.setdefault(f"{match.group(1)} {match.group(2)}", {})[int(match.group(3))] = cell
    columns = sorted({members for row in rows.values() for members in row})
    if not rows:
        return []
    lines = ["steps/s, % of the mma peak, % of shared memory, by members",
             "  " + "".join(f"{text:<24}" for text in [""] + [str(c) for c in columns])]
    for name, row in rows.items():
        lines.append("  " + "".join(f"{text:<24}" for text in [name] + [row.get(c, "-") for c in columns]))
    return lines


def block_rows(benchmarks):
    rows = collections.OrderedDict()
    for entry in benchmarks:
        match = re.fullmatch(r"BlocksPerMember/cuda/A/(\w+)/members:(\d+)/blocks:(\d+)", entry["name"])
        if match:
            cell = entry.get("error_message", "")[:12] or number(entry.get("steps_per_s", 0))
            rows.setdefault((match.group(1), int(match.group(3))), {})[int(match.group(2))] = cell
    if not rows:
        return []
    columns = sorted({members for row in rows.values() for members in row})
    lines = ["A, blocks per member: steps/s by members",
             "  " + "".join(f"{text:<14}" for text in [""] + [str(c) for c in columns])]
    for (precision, blocks), row in rows.items():
        cells = [f"{precision} x{blocks}"] + [row.get(c, "-") for c in columns]
        lines.append("  " + "".join(f"{text:<14}" for text in cells))
    return lines


def tests_lines(title, step):
    if "error" in step:
        return [f"{title}: {step['error']}"]
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


def table(result):
    lines = [f"device: {result['device'] or 'unknown'}, driver {result['driver'] or 'unknown'}",
             f"commit: {result['commit']}, kernels {result['kernel_hash']}, {result['date']}"]
    if result.get("warning"):
        lines.append("WARNING: " + result["warning"])
    steps = result["steps"]
    if "conformance" in steps:
        lines += tests_lines("conformance", steps["conformance"])
        lines += ["  " + report for report in steps["conformance"].get("reports", [])]
    if "backend" in steps:
        lines += tests_lines("tests", steps["backend"])
    for run in steps.get("sanitizer", []):
        lines.append(f"sanitizer: {run['tool']} {run.get('cases', '')}: {run['summary']}"
                     + (f", {run['passed']} tests passed ({run['seconds']} s) {run['ended']}"
                        if "passed" in run else ""))
        lines += ["    " + line[:160] for line in run.get("said", [])[1:4]]
    for entry in result["benchmarks"]:
        if entry["name"].startswith("Peak/"):
            counters = ", ".join(f"{k} {number(v)}" for k, v in entry.items() if isinstance(v, float))
            lines.append(f"{entry['name']}: {entry.get('error_message', counters)}")
    lines += training_rows(result["benchmarks"]) + block_rows(result["benchmarks"])
    if not result["benchmarks"]:
        lines += ["benchmarks: none"] + ["  " + line for line in result.get("benchmark_log", [])[-5:]]
    for error in result["errors"]:
        lines.append("ERROR in gpu_report.py: " + error)
    lines.append(f"{elapsed():.0f} s in all")
    return lines


def main():
    folder, out = (pathlib.Path(argument) for argument in sys.argv[1:])
    folder = folder.resolve()
    out.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc)
    result = {"kernel_hash": "", **about(folder), **machine(), "date": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
              "tests": {"passed": 0, "failed": 0, "skipped": 0, "not_run": 0}, "benchmarks": [], "steps": {},
              "errors": []}

    def save():
        for kind in result["tests"]:
            result["tests"][kind] = sum(step.get(kind, 0) for name, step in result["steps"].items()
                                        if name in ("conformance", "backend"))
        path = out / f"gpu-{now:%Y-%m-%d}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
        (out / "summary.txt").write_text("\n".join(table(result)) + "\n")

    def step(name, action):
        print(f"--- {name} (after {elapsed():.0f} s)", flush=True)
        try:
            found = action()
            if found is not None:
                result["steps"][name] = found
        except Exception:  # whatever it is, the other steps go on
            result["errors"].append(f"{name}: {traceback.format_exc(limit=4)}")
        try:
            save()
        except Exception:
            result["errors"].append(f"saving after {name}: {traceback.format_exc(limit=4)}")

    def compare_hashes():
        tree, program = hash_of_tree(), result.get("kernel_hash_of_program", "")
        built = program or result["kernel_hash"]
        if tree and built and tree != built:
            result["warning"] = f"the programs were built of kernels {built}, the checkout has {tree}"
        result["kernel_hash"] = built

    jobs = max(1, min(4, (os.cpu_count() or 2) // 2))
    step("conformance", lambda: tests_step(folder / "gpu_conformance_test", out / "conformance.txt",
                                           min(75, remaining()), 1))
    step("backend", lambda: tests_step(folder / "gpu_backend_test", out / "tests.txt", min(170, remaining()),
                                       jobs))
    first = result["steps"].get("conformance", {})
    if first.get("no_device"):
        result["steps"]["sanitizer"] = []
    else:
        result["device"] = result["device"] or first.get("device", "")
        step("sanitizer", lambda: sanitizer_step(folder / "gpu_backend_test", out / "sanitizer.txt",
                                                 min(110, max(20, remaining() - 200))))
    step("benchmarks", lambda: benchmark_step(folder / "brood_bench", out,
                                              lambda found: (result.update(found), save())))
    step("kernel hashes", compare_hashes)
    print("\n".join(table(result)), flush=True)
    tests = result["tests"]
    good = (tests["failed"] == tests["not_run"] == 0 and not result["errors"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
