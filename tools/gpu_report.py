# SPDX-License-Identifier: Apache-2.0
"""Runs the programs of build-gpu/bin on this machine's GPU and reports: see gpu_check.sh.

    gpu_report.py BIN OUT
    gpu_report.py --check BIN   whether the programs have the tests that are named here

Nobody may be at hand, and the machine may be taken away at any time. So what decides the most comes
first, every step has its share of the time, a program that falls silent is ended, one that loses the
device or crashes goes on behind what it lost, and what is known is written after each step.
"""

import datetime
import json
import os
import pathlib
import re
import sys
import traceback

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "bench")]
import modelled  # noqa: E402
from gpu import google_benchmark, machine, profiler, sanitizer  # noqa: E402
from gpu.google_test import list_tests, run_tests  # noqa: E402
from gpu.session import Clock, Session, write_log  # noqa: E402
from gpu.table import table  # noqa: E402

SECONDS = 535  # of nine minutes
# At most, of each step; what one leaves is the last one's. Those before the backend's tests are three
# minutes: then it is known whether the kernels are right and how far they are from their model.
CAPS = {"conformance": 40, "smoke": 20, "first benchmarks": 60, "profile": 50, "backend": 150,
        "benchmarks": 120, "sanitizer": 1000}
QUICK_SILENCE = 20  # seconds, in the steps of a minute

# A, D, B and a cluster in small: against the CPU, and a cluster against one block.
SMOKE = ["CpuAgreement.AfterOneEpoch/fp32_digits", "CpuAgreement.AfterOneEpoch/fp32_small",
         "CpuAgreement.AfterOneEpoch/fp32_wide_input", "Placement.ChangesNoBit/fp32_blocks_2"]
PROBED = "Primitives.ShuffleValues"  # a small kernel, for the profiler's probe
FIRST = (r"Peak/cuda/.*|TrainStep/cuda/[A-D]/{precision}/members:(132|4224)(/optimizer:sgd)?"
         r"|BlocksPerMember/cuda/A/{precision}/members:1/.*")
# In this order; what an earlier pattern has is not run again. Two minutes suffice for tf32 and the main
# ones of bf16; the largest populations, which may take long, come last of those.
REST = [r"TrainStep/cuda/[A-D]/bf16/members:(132|4224)(/optimizer:sgd)?", r"BlocksPerMember/cuda/A/tf32/.*",
        r"TrainStep/cuda/\w+/tf32/members:\d{1,5}", r"LayerByLayer/cuda/\w+/tf32/.*",
        r"TrainStep/cuda/D/tf32/members:(131072|1048576)",
        r"TrainStep/cuda/\w+/(bf16|fp32)/members:\d{1,5}(/.*)?", r"BlocksPerMember/.*|LayerByLayer/.*",
        r"TrainStep/cuda/D/.*"]
PRECISIONS = ("tf32", "bf16", "fp32")


def wrong_precisions(conformance):
    """Those whose primitives do not do as they should: what is measured of them says nothing."""
    names = " ".join(failure["name"] for failure in conformance.get("failures", []))
    return [precision for precision in PRECISIONS if re.search(precision, names, re.I)]


def about(folder):
    try:
        lines = (folder / "about.txt").read_text().splitlines()
    except OSError:
        return {"commit": "unknown: no about.txt beside the programs"}
    found = dict(line.split(" ", 1) for line in lines if " " in line)
    return {"commit": found.get("commit", "unknown"), "kernel_hash": found.get("kernel_hash", ""),
            "built": found.get("built", "")}


class Report:
    def __init__(self, folder, out, session):
        self.folder, self.out, self.session = folder, out, session
        self.now = datetime.datetime.now(datetime.timezone.utc)
        self.logs = {name: [] for name in ("tests", "bench", "device")}
        self.result = {"kernel_hash": "", **about(folder), "device": "", "driver": "", "clocks": {},
                       "date": self.now.strftime("%Y-%m-%dT%H:%M:%SZ"), "left_out": "",
                       "tests": {"passed": 0, "failed": 0, "skipped": 0, "not_run": 0},
                       "wrong_precisions": [], "benchmarks": [], "benchmark_words": [], "steps": {},
                       "seconds_of_steps": {}, "errors": []}
        self.names = None  # of the benchmarks not yet run

    # ---- what is known

    def lines(self):
        try:
            compared = modelled.lines(modelled.newest(), self.result)
        except Exception as error:  # a model's file that is not as it should be
            compared = [f"not compared with a model: {error!r}"]
        return table(self.result, compared, self.session.elapsed())

    def save(self):
        tests = self.result["tests"]
        for kind in tests:
            tests[kind] = sum(self.result["steps"][name][kind] for name in ("conformance", "backend")
                              if name in self.result["steps"])
        path = self.out / f"gpu-{self.now:%Y-%m-%d}.json"
        half = path.with_suffix(".half")
        half.write_text(json.dumps(self.result, indent=1) + "\n")
        half.replace(path)
        (self.out / "summary.txt").write_text("\n".join(self.lines()) + "\n")
        for name, log in self.logs.items():
            write_log(self.out / f"{name}.txt", log)

    def step(self, name, action):
        """Whatever goes wrong in one, the others go on."""
        began = self.session.elapsed()
        print(f"--- {name} (after {began:.0f} s)", flush=True)
        try:
            found = action(min(CAPS.get(name, 30), self.session.remaining()))
            if found is not None:
                self.result["steps"][name] = found
        except Exception:
            self.result["errors"].append(f"{name}: {traceback.format_exc(limit=4)}")
        self.result["seconds_of_steps"][name] = round(self.session.elapsed() - began, 1)
        try:
            self.save()
        except Exception:
            self.result["errors"].append(f"saving after {name}: {traceback.format_exc(limit=4)}")

    # ---- the steps

    def look_at_machine(self, _):
        self.result.update(machine.device(self.session))
        self.look_at_clocks("before")
        if folder := machine.cublas_folder(self.session):
            paths = [folder, os.environ.get("LD_LIBRARY_PATH", "")]
            self.session.environment["LD_LIBRARY_PATH"] = ":".join(path for path in paths if path)
            self.logs["device"].append(f"cublasLt is taken from {folder}")

    def look_at_clocks(self, when):
        self.result["clocks"][when] = machine.clocks(self.session, self.logs["device"])

    def run_tests(self, program, seconds, **how):
        began = self.session.elapsed()
        tests = run_tests(self.session, self.folder / program, seconds, **how)
        self.logs["tests"] += tests.log
        self.result["device"] = self.result["device"] or tests.device
        return tests.summary(self.session.elapsed() - began)

    def run_benchmarks(self, patterns, seconds, silence=None):
        """Patterns in processes of their own; what is known is saved after each."""
        program = self.folder / "brood_bench"
        if self.names is None:
            self.names, self.result["benchmark_words"] = google_benchmark.list_benchmarks(self.session, program)
        deadline = self.session.clock.now() + seconds
        began = self.session.elapsed()
        for pattern in patterns:
            chosen = [name for name in self.names if re.fullmatch(pattern, google_benchmark.name_of(name))]
            if not chosen:
                continue
            self.names = [name for name in self.names if name not in chosen]
            wrong = self.result["wrong_precisions"]
            right = [name for name in chosen if not any(f"/{precision}/" in name for precision in wrong)]
            context, entries = google_benchmark.run_benchmarks(
                self.session, program, right, deadline - self.session.clock.now(), silence, self.logs["bench"])
            self.result["benchmarks"] += entries
            self.result.setdefault("kernel_hash_of_program", context.get("kernel_hash", ""))
            self.save()
        return {"seconds": round(self.session.elapsed() - began, 1)}

    def run_first_benchmarks(self, seconds):
        right = [precision for precision in PRECISIONS if precision not in self.result["wrong_precisions"]]
        found = self.run_benchmarks([FIRST.format(precision=(right or PRECISIONS)[0])], seconds, QUICK_SILENCE)
        self.compare_hashes()
        return found

    def compare_hashes(self):
        run = self.session.run(["bash", pathlib.Path(__file__).parent / "kernel_hash.sh"], 10)
        tree = run.lines[-1] if run.code == 0 and run.lines else ""
        built = self.result.get("kernel_hash_of_program") or self.result["kernel_hash"]
        if tree and built and tree != built:
            self.result["warning"] = f"the programs were built of kernels {built}, the checkout has {tree}"
        self.result["kernel_hash"] = built

    def run_all(self):
        tests = {"conformance": "gpu_conformance_test", "backend": "gpu_backend_test"}
        bench = self.folder / "brood_bench"
        self.step("machine", self.look_at_machine)
        self.step("conformance", lambda s: self.run_tests(tests["conformance"], s, silence=QUICK_SILENCE))
        conformance = self.result["steps"].get("conformance", {})
        self.result["wrong_precisions"] = wrong_precisions(conformance)
        if self.result["wrong_precisions"]:
            self.result["left_out"] = (", ".join(self.result["wrong_precisions"])
                                       + ", whose primitives fail their conformance tests")
        if conformance.get("no_device"):
            return
        self.step("smoke", lambda s: self.run_tests(tests["backend"], s, silence=QUICK_SILENCE, only=SMOKE))
        self.step("first benchmarks", self.run_first_benchmarks)
        self.step("profile", lambda s: profiler.profile(
            self.session, bench, [self.folder / tests["conformance"], f"--gtest_filter={PROBED}"], self.out, s,
            self.logs["bench"]))
        print("\n".join(self.lines()), flush=True)
        self.step("backend", lambda s: self.run_tests(tests["backend"], s, jobs=self.session.jobs))
        self.step("benchmarks", lambda s: self.run_benchmarks(REST, s))
        self.step("sanitizer", lambda s: sanitizer.sanitize(
            self.session, self.folder / tests["backend"], self.out / "sanitizer.txt", s))
        self.step("clocks", lambda _: self.look_at_clocks("after"))


def check_names(folder, session):
    """Tests that are named here and are not there."""
    named = {"gpu_conformance_test": [PROBED],
             "gpu_backend_test": SMOKE + [name for names in sanitizer.CASES.values() for name in names]}
    return [f"{program} has no test {name}" for program, names in named.items()
            for there in [list_tests(session, folder / program)[0]] for name in names if name not in there]


def main(arguments, clock=None):
    folder = pathlib.Path(arguments[1 if arguments[0] == "--check" else 0]).resolve()
    session = Session(float(os.environ.get("BROOD_GPU_SECONDS", SECONDS)), silence=60,
                      jobs=max(1, min(4, (os.cpu_count() or 2) // 2)), clock=clock or Clock())
    if arguments[0] == "--check":
        missing = check_names(folder, session)
        print("\n".join(missing))
        return 1 if missing else 0
    out = pathlib.Path(arguments[1])
    out.mkdir(parents=True, exist_ok=True)
    report = Report(folder, out, session)
    report.run_all()
    report.save()
    print("\n".join(report.lines()), flush=True)
    tests, errors = report.result["tests"], report.result["errors"]
    return 0 if tests["failed"] == tests["not_run"] == 0 and not errors else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
