# SPDX-License-Identifier: Apache-2.0
"""tools/gpu_check.sh with programs that behave as a device may make them: losing it, crashing, hanging.

    report_test.py ROOT

Its clock goes as these programs say: by a line `@spend SECONDS`, and by `@hang`, after which a program says
nothing more. So minutes pass at once, and no test depends on how fast this machine is.
"""

import contextlib
import io
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(sys.argv.pop(1))
sys.path.insert(0, str(ROOT / "tools"))
import gpu_report  # noqa: E402
from gpu import machine, profiler, sanitizer  # noqa: E402
from gpu.session import Clock, Session  # noqa: E402
import modelled  # noqa: E402


class ProgramsClock(Clock):
    def __init__(self):
        self.time = 1000.0

    def now(self):
        return self.time

    def next_line(self, lines, seconds):
        until = self.time + seconds
        while True:
            line = lines.get()
            if line is None or not line.startswith("@"):
                return line
            self.time = until if line == "@hang" else min(until, self.time + float(line.split()[1]))
            if self.time >= until:
                raise queue.Empty


PYTHON = f"#!{sys.executable}\n"
SPEND = """
import json, os, re, signal, sys, time
def spend(seconds):
    print("@spend", seconds, flush=True)
def hang():
    print("@hang", flush=True)
    time.sleep(1e6)
"""

# A GoogleTest program. Each test takes SECONDS and does what its name says.
TESTS = PYTHON + SPEND + r"""
NAMES, SECONDS = %r, %r
if "--gtest_list_tests" in sys.argv:
    print("Running main() from x")
    for name in NAMES:
        suite, _, test = name.partition(".")
        print(f"{suite}.\n  {test}  # GetParam() = 3")
    sys.exit()
print("on a device\n[  REPORT  ] of note", flush=True)
code = 0
for name in sys.argv[1].split("=", 1)[1].split(":"):
    print(f"[ RUN      ] {name}", flush=True)
    spend(SECONDS)
    if name.endswith("lost"):
        print(f"x.cpp:1: Failure\n[  FAILED  ] {name}, where GetParam() = 3\ndevice lost: illegal access", flush=True)
        os._exit(86)
    if name.endswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.endswith("hang"):
        hang()
    if name.endswith("wrong"):
        code = 1
        print("x.cpp:2: Failure\n3 for 4")
    word = "  FAILED  " if name.endswith("wrong") else "  SKIPPED " if name.endswith("skipped") else "       OK "
    print(f"[{word}] {name} (0 ms)", flush=True)
sys.exit(code)
"""
MIXED = ["S/A.x/fine", "S/A.x/lost", "S/A.x/crash", "S/A.x/hang", "S/A.x/also_fine", "B.wrong", "B.skipped"]
CONFORMANCE = ["TensorCores.Multiply/tf32", "TensorCores.Multiply/bf16", gpu_report.PROBED]
BACKEND = gpu_report.SMOKE + [name for names in sanitizer.CASES.values() for name in names]


def tests(names, seconds=0.5):
    return TESTS % (names, seconds)


# A Google Benchmark program. Each takes SECONDS; those that match HANGS do not return.
BENCHMARKS = PYTHON + SPEND + r"""
SECONDS, HANGS = %r, %r
names = ["Peak/cuda/device"]
for p in ("tf32", "bf16", "fp32"):
    names += [f"TrainStep/cuda/{w}/{p}/members:{m}" for w in "ABCD" for m in (132, 1056, 4224)]
    names += [f"TrainStep/cuda/{w}/{p}/members:4224/optimizer:sgd" for w in "AD"]
    names += [f"TrainStep/cuda/D/{p}/members:{m}" for m in (131072, 1048576)]
    names += [f"BlocksPerMember/cuda/A/{p}/members:33/blocks:4", f"LayerByLayer/cuda/L/{p}/members:8"]
    names += [f"OneEpoch/cuda/{w}/{p}/members:{m}/steps:32" for w, m in (("A", 132), ("D", 4224))]
names = [name + "/iterations:1/manual_time" for name in names]
if "--benchmark_list_tests=true" in sys.argv:
    print("\n".join(names))
    sys.exit()
with open(os.environ["FAKE_LOG"], "a") as log:
    print("bench", os.environ.get("LD_LIBRARY_PATH", ""), file=log)
pattern = [a for a in sys.argv if a.startswith("--benchmark_filter=")][0].split("=", 1)[1]
print('{\n  "context": {\n    "kernel_hash": "abc"\n  },\n  "benchmarks": [', flush=True)
for i, name in enumerate(n for n in names if re.search(pattern, n)):
    spend(SECONDS)
    if HANGS and re.search(HANGS, name):
        hang()
    entry = {"name": name, "steps_per_s": 2e7, "device_steps_per_s": 2.5e7, "seconds": 0.5, "device_seconds": 0.4,
             "clocks_per_step": 9664.0, "steps": 4224.0, "label": "resident"}
    print(("," if i else "") + json.dumps(entry, indent=1), flush=True)
print("  ]\n}")
"""


def benchmarks(seconds=1.0, hangs=""):
    return BENCHMARKS % (seconds, hangs)


SMI = r"""#!/bin/sh
if [ "$1" = -q ]; then
  echo "smi -q" >>"$FAKE_LOG"
  printf '        Performance State : P0\n    Clocks Event Reasons\n        Idle : Not Active\n'
  printf '        SW Power Cap : Active\n    Clocks\n        SM : 1830 MHz\n        Memory : 3201 MHz\n'
  printf '    Max Clocks\n        SM : 1980 MHz\n'
else
  echo "a fake GPU, 580.0, 143771 MiB"
fi
"""

# Runs the program that it is given, and writes the report. HOW: fine, refuses, hangs.
NCU = PYTHON + SPEND + r"""
import subprocess
how = %r
with open(os.environ["FAKE_LOG"], "a") as log:
    print("ncu", *sys.argv[1:], file=log)
if "--import" in sys.argv:
    print('"ID","Kernel Name","smsp__inst_executed.sum","launch__registers_per_thread"')
    print('"","","inst","register/thread"\n"0","run","44,056,320","128"')
    sys.exit()
if how == "refuses":
    print("==ERROR== Failed to initialize the profiler: LibraryNotLoaded")
    sys.exit(9)
if how == "hangs":
    hang()
print('==PROF== Profiling "run" - 0 (1/1): 0%%....100%% - 41 passes\n  Elapsed Cycles  cycle  100', flush=True)
if "-o" in sys.argv:
    spend(9)
    open(sys.argv[sys.argv.index("-o") + 1], "w").write("a report")
program = next(i for i, a in enumerate(sys.argv) if a.endswith(("brood_bench", "gpu_conformance_test")))
sys.exit(subprocess.run(sys.argv[program:]).returncode)
"""

SANITIZER = PYTHON + SPEND + r"""
with open(os.environ["FAKE_LOG"], "a") as log:
    print("sanitizer", sys.argv[2], file=log)
spend(20)
print("[       OK ] one\n========= ERROR SUMMARY: 0 errors")
"""
TOOLS = {"nvidia-smi": SMI, "ncu": NCU % "fine", "compute-sanitizer": SANITIZER,
         "ldconfig": "#!/bin/sh\necho '\tlibcublasLt.so.13 (libc6,x86-64) => /x/libcublasLt.so.13'\n"}
FINE = {"gpu_conformance_test": tests(CONFORMANCE), "gpu_backend_test": tests(BACKEND), "brood_bench": benchmarks()}


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.bin, self.out, self.tools = (self.folder / name for name in ("bin", "out", "tools"))
        self.log = self.folder / "log"
        self.log.touch()

    def put(self, folder, programs):
        folder.mkdir()
        for name, text in programs.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    def environment(self, **more):
        return {"PATH": f"{self.tools}:{os.environ['PATH']}", "FAKE_LOG": str(self.log), **more}

    def report(self, programs, tools=None, saved=None, **environment):
        """The exit code, what is printed and the JSON of a run with these programs; `saved` is called with
        the JSON after each step."""
        self.put(self.bin, programs)
        self.put(self.tools, TOOLS | (tools or {}))
        self.clock = ProgramsClock()
        save = gpu_report.Report.save

        def save_and_tell(report):
            save(report)
            if saved:
                saved(self.found())

        printed = io.StringIO()
        with mock.patch.dict(os.environ, self.environment(**environment)), contextlib.redirect_stdout(printed), \
                mock.patch.object(gpu_report.Report, "save", save_and_tell):
            code = gpu_report.main([str(self.bin), str(self.out)], self.clock)
        self.assertLessEqual(len(list(self.out.iterdir())), 8)
        return code, printed.getvalue(), self.found()

    def found(self):
        (path,) = self.out.glob("gpu-*.json")
        return json.loads(path.read_text())

    def by_name(self, found):
        return {entry["name"]: entry for entry in found["benchmarks"]}


class Order(Case):
    STEPS = ["machine", "conformance", "smoke", "first benchmarks", "profile", "backend", "benchmarks", "sanitizer",
             "clocks"]

    def test_what_decides_the_most_comes_first_and_is_saved_after_each_step(self):
        seen = []
        code, printed, found = self.report(FINE, saved=lambda found: seen.append(list(found["seconds_of_steps"])))
        self.assertEqual((code, found["errors"]), (0, []))
        self.assertEqual([line.split(" (")[0] for line in printed.splitlines() if line.startswith("---")],
                         ["--- " + step for step in self.STEPS])
        for i, step in enumerate(self.STEPS):
            self.assertIn(self.STEPS[:i + 1], seen, step)
        # By then the table has the first benchmarks, beside what else is known.
        early = printed[:printed.index("--- backend")]
        self.assertIn("smoke: 4 passed", early)
        self.assertIn("A tf32", early)
        self.assertIn("warp instructions a step 10,430", early)
        self.assertIn("25 M 80", early)  # of the device's own time, 80 % of the wall's
        names = [entry["name"] for entry in found["benchmarks"]]
        first = [name for name in names if "/tf32/members:132" in name or "/tf32/members:4224" in name]
        self.assertEqual(names[:1 + len(first)], ["Peak/cuda/device"] + first)
        self.assertEqual(len(names), len(set(names)))
        large = [name for name in names if ":131072" in name or ":1048576" in name]
        self.assertEqual(names[-4:], large[2:])
        self.assertEqual(large[:2], ["TrainStep/cuda/D/tf32/members:131072", "TrainStep/cuda/D/tf32/members:1048576"])
        after = names[names.index(large[1]) + 1:]
        self.assertFalse([name for name in after if "/tf32/" in name])
        self.assertFalse([name for name in names if name.startswith("OneEpoch")])
        self.assertEqual(found["clocks"]["before"], {"held_back_by": ["SW Power Cap"], "performance_state": "P0",
                                                     "clocks_sm": "1830 MHz", "clocks_memory": "3201 MHz",
                                                     "max_clocks_sm": "1980 MHz"})
        self.assertEqual(found["clocks"]["after"], found["clocks"]["before"])
        self.assertEqual([line for line in self.log.read_text().splitlines() if line.startswith("sanitizer")],
                         ["sanitizer memcheck"] * 2 + ["sanitizer racecheck"] * 2)
        self.assertIn("fake GPU", printed)

    def test_where_everything_is_slow_it_ends_in_nine_minutes_and_has_the_first_three(self):
        slow = {"gpu_conformance_test": tests(CONFORMANCE, 19), "gpu_backend_test": tests(BACKEND * 20, 11),
                "brood_bench": benchmarks(19)}
        starts = {}
        code, printed, found = self.report(
            slow, saved=lambda found: starts.setdefault(list(found["seconds_of_steps"])[-1], self.clock.time - 1000))
        self.assertEqual(code, 1)
        self.assertLessEqual(self.clock.time - 1000, 540)
        self.assertLessEqual(starts["profile"], 180)
        for step, cap in gpu_report.CAPS.items():
            self.assertLessEqual(found["seconds_of_steps"][step], cap + 1, step)
        self.assertGreaterEqual(found["seconds_of_steps"]["sanitizer"], 60)
        self.assertGreater(found["steps"]["backend"]["not_run"], 0)
        entries = self.by_name(found)
        self.assertEqual(entries["TrainStep/cuda/A/tf32/members:132"]["steps_per_s"], 2e7)
        self.assertIn("error_message", entries["TrainStep/cuda/D/fp32/members:1048576"])

    def test_less_time_can_be_asked_for(self):
        self.report(FINE | {"gpu_backend_test": tests(BACKEND, 30)}, BROOD_GPU_SECONDS="100")
        self.assertLessEqual(self.clock.time - 1000, 100)


class Failing(Case):
    def test_it_goes_on_behind_what_fails(self):
        code, printed, found = self.report(
            {"gpu_conformance_test": tests(MIXED), "gpu_backend_test": tests(MIXED),
             "brood_bench": benchmarks(hangs="A/tf32/members:132/")})
        self.assertEqual(code, 1)
        self.assertEqual(found["tests"], {"passed": 4, "failed": 8, "skipped": 2, "not_run": 0})
        for step in ("conformance", "backend"):
            why = {failure["name"]: " ".join(failure["why"]) for failure in found["steps"][step]["failures"]}
            self.assertIn("exit code -11", why["S/A.x/crash"])
            self.assertIn("silence", why["S/A.x/hang"])
            self.assertIn("device lost: illegal access", why["S/A.x/lost"])
            self.assertIn("3 for 4", why["B.wrong"])
        self.assertEqual(found["steps"]["conformance"]["reports"][0], "of note")
        smoke = found["steps"]["smoke"]
        self.assertEqual((smoke["failed"], smoke["failures"][0]["why"]), (4, ["the program has no such test"]))
        self.assertEqual(found["kernel_hash"], "abc")
        self.assertIn("abc", found["warning"])
        entries = self.by_name(found)
        self.assertIn("silence", entries["TrainStep/cuda/A/tf32/members:132"]["error_message"])
        self.assertEqual(entries["TrainStep/cuda/A/tf32/members:4224"]["device_steps_per_s"], 2.5e7)
        self.assertEqual(found["errors"], [])

    def test_a_failed_conformance_test_leaves_out_its_precision_alone(self):
        for wrong, first in (("tf32", "bf16"), ("bf16", "tf32")):
            names = [name + ("_wrong" if name.endswith(wrong) else "") for name in CONFORMANCE]
            code, printed, found = self.report(FINE | {"gpu_conformance_test": tests(names)})
            self.assertEqual(code, 1)
            names = [entry["name"] for entry in found["benchmarks"]]
            self.assertFalse([name for name in names if f"/{wrong}/" in name])
            for precision in {"tf32", "bf16", "fp32"} - {wrong}:
                self.assertIn(f"TrainStep/cuda/A/{precision}/members:4224", names)
            self.assertIn(f"/{first}/", names[1])
            self.assertIn(f"benchmarks left out: {wrong}, whose primitives fail", printed)
            self.setUp()

    def test_a_primitive_of_no_precision_leaves_out_nothing(self):
        _, printed, found = self.report(FINE | {"gpu_conformance_test": tests(CONFORMANCE + ["Primitives.wrong"])})
        self.assertEqual(found["left_out"], "")
        self.assertIn("TrainStep/cuda/A/tf32/members:4224", self.by_name(found))

    def test_a_profiler_that_refuses_or_hangs_costs_seconds(self):
        for how, says in (("refuses", "LibraryNotLoaded"), ("hangs", "ended after")):
            code, printed, found = self.report(FINE, {"ncu": NCU % how})
            self.assertEqual(code, 0)
            self.assertIn(f"ncu does not work here: ", printed)
            self.assertIn(says, found["steps"]["profile"]["why_not"])
            self.assertLessEqual(found["seconds_of_steps"]["profile"], profiler.PROBE_SECONDS)
            self.setUp()

    def test_a_step_that_is_wrong_itself_stops_no_other(self):
        with mock.patch.object(profiler, "profile", side_effect=KeyError("of ours")):
            code, printed, found = self.report(FINE)
        self.assertEqual(code, 1)
        self.assertIn("of ours", found["errors"][0])
        self.assertEqual(found["steps"]["backend"]["passed"], len(BACKEND))

    def test_it_says_what_is_missing(self):
        code, printed, found = self.report({"gpu_conformance_test": "#!/bin/sh\necho no such library >&2\nexit 127\n"})
        self.assertEqual(code, 1)
        self.assertIn("no such library", printed)
        self.assertIn("No such file", printed)
        self.assertEqual(found["benchmarks"], [])

    def test_without_a_device_everything_is_skipped(self):
        none = tests(MIXED).replace('print("on a device', 'print("no CUDA device: none"); sys.exit(0)\nprint("on a device')
        code, printed, found = self.report(FINE | {"gpu_conformance_test": none})
        self.assertEqual(code, 0)
        self.assertEqual(found["tests"], {"passed": 0, "failed": 0, "skipped": len(MIXED), "not_run": 0})
        self.assertIn("no CUDA device: none", printed)


class Script(Case):
    def test_the_script_runs_it(self):
        self.put(self.bin, FINE)
        self.put(self.tools, TOOLS)
        done = subprocess.run([ROOT / "tools/gpu_check.sh", self.out], capture_output=True, text=True,
                              env=os.environ | self.environment(BROOD_GPU_BIN=str(self.bin)))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.found()["tests"]["passed"], len(CONFORMANCE + BACKEND))

    def test_names_of_tests_are_checked_when_they_are_built(self):
        self.put(self.bin, FINE | {"gpu_backend_test": tests(BACKEND[1:])})
        done = subprocess.run([sys.executable, ROOT / "tools/gpu_report.py", "--check", self.bin],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (1, f"gpu_backend_test has no test {BACKEND[0]}\n"))


class Machine(Case):
    def folder_of(self, *places):
        for place in places:
            (self.folder / place).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / place).touch()
        session = Session(500, 60, 1, ProgramsClock())
        with mock.patch.dict(os.environ, self.environment()):
            found = machine.cublas_folder(session, [str(self.folder / "cuda*/lib64")], str(self.folder))
        return found.replace(str(self.folder), "")

    def test_cublas_is_found_with_a_toolkit_or_a_package(self):
        self.put(self.tools, TOOLS)
        self.assertEqual(self.folder_of("cuda-13/lib64/libcublasLt.so.13"), "")  # the loader has it
        (self.tools / "ldconfig").write_text("#!/bin/sh\n")
        self.assertEqual(self.folder_of("site/nvidia/cu13/lib/libcublasLt.so.13"), "/cuda-13/lib64")
        (self.folder / "cuda-13/lib64/libcublasLt.so.13").unlink()
        self.assertEqual(self.folder_of("a/libcublasLt.so.12"), "/site/nvidia/cu13/lib")
        (self.folder / "site/nvidia/cu13/lib/libcublasLt.so.13").unlink()
        self.assertEqual(self.folder_of(), "/a")
        (self.folder / "a/libcublasLt.so.12").unlink()
        self.assertEqual(self.folder_of(), "")

    def test_programs_get_its_folder(self):
        with mock.patch.object(machine, "cublas_folder", return_value="/of/cublas"):
            self.report(FINE, LD_LIBRARY_PATH="/before")
        self.assertIn("bench /of/cublas:/before\n", self.log.read_text())


MODEL = {"kernel_hash": "abc", "file": "machine-2026-11-29.json", "rows": [
    {"workload": "A", "optimizer": "adam", "precision": "tf32", "steps_per_s": 1e7, "clocks": 24156.0, "error": 1e-3},
    {"workload": "A", "optimizer": "sgd", "precision": "tf32", "steps_per_s": 2e7, "clocks": 12078.0, "error": 1e-3},
    {"workload": "B", "optimizer": "sgd", "precision": "bf16", "steps_per_s": 4e6, "clocks": 8627.0, "blocks": 7,
     "error": 1e-3},
    {"workload": "A", "optimizer": "adam", "precision": "tf32", "steps_per_s": 3e5, "clocks": 6100.0, "blocks": 8,
     "members": "alone", "error": 1e-3},
    {"workload": "A", "optimizer": "adam", "precision": "tf32", "steps_per_s": 1e6, "clocks": 9e5, "error": 1e-3,
     "architecture": "sm_80"}]}


class Modelled(Case):
    def test_measured_stands_beside_modelled_at_full_population(self):
        def entry(name, steps, **more):
            return {"name": "TrainStep/cuda/" + name, "device_steps_per_s": steps, "steps_per_s": steps / 2,
                    "clocks_per_step": 2.4156e11 / steps, **more}
        document = {"kernel_hash": "abd", "file": "gpu.json", "benchmarks": [
            entry("A/tf32/members:132", 4e6), entry("A/tf32/members:4224", 8e6), entry("A/tf32/members:16896", 7e6),
            entry("A/tf32/members:4224/optimizer:sgd", 3e7), entry("A/bf16/members:132", 1e9),
            *({"name": f"BlocksPerMember/cuda/A/tf32/members:1/blocks:{blocks}", "device_steps_per_s": steps,
               "steps_per_s": steps / 2, "clocks_per_step": 1.0} for blocks, steps in ((1, 1e5), (4, 2.4e5))),
            {"name": "TrainStep/cuda/B/bf16/members:132/optimizer:sgd", "error_message": "does not fit"}]}
        adam, sgd, b, alone = modelled.compare(MODEL, document)
        self.assertEqual((adam["members"], adam["measured"], adam["ratio"], adam["wall"]), (4224, 8e6, 0.8, 4e6))
        self.assertEqual((adam["clocks_modelled"], adam["clocks_measured"]), (24156, 30195))
        self.assertEqual((sgd["work"], sgd["ratio"]), ("A sgd tf32", 1.5))
        self.assertEqual((b["modelled"], b["measured"], b["ratio"]), (4e6, None, None))
        self.assertEqual((alone["work"], alone["members"], alone["ratio"]), ("A adam tf32, alone", 1, 0.8))
        text = "\n".join(modelled.lines(MODEL, document))
        self.assertNotIn("B sgd", text)
        self.assertIn("The model is of kernels abc, the measurement of abd.", text)

        for name, content in (("model.json", MODEL), ("gpu.json", document)):
            (self.folder / name).write_text(json.dumps(content))
        done = subprocess.run([sys.executable, "-B", ROOT / "bench/report.py", "--measured", self.folder / "gpu.json",
                               "--modelled", self.folder / "model.json"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("| A adam tf32 | 4,224 | 10,000,000 | 8,000,000 | 0.80 | 4,000,000 | 24,156 | 30,195 |", done.stdout)
        self.assertIn("| B sgd bf16 |  | 4,000,000 |  |  |  | 60,389 |  |", done.stdout)

    def test_a_run_compares_as_soon_as_the_first_benchmarks_are_there(self):
        with mock.patch.object(modelled, "newest", return_value=MODEL):
            _, printed, _ = self.report(FINE)
        early = printed[:printed.index("--- backend")]
        self.assertRegex(early, r"A adam tf32 +132 +10,000,000 +25,000,000 +2\.50 +20,000,000 +24,156 +9,664")
        self.assertEqual(modelled.lines(None, {"benchmarks": []}), [])

    def test_a_model_that_cannot_be_read_stops_nothing(self):
        with mock.patch.object(modelled, "newest", return_value={"rows": [{"workload": "A"}]}):
            code, printed, _ = self.report(FINE)
        self.assertEqual(code, 0)
        self.assertIn("not compared with a model: KeyError", printed)


if __name__ == "__main__":
    unittest.main()
