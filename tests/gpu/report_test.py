# SPDX-License-Identifier: Apache-2.0
"""tools/gpu_report.py with programs that behave as a device may make them: losing it, crashing, hanging.

    report_test.py ROOT
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))

# A GoogleTest program: the test named after what it does.
TESTS = r"""#!/usr/bin/env python3
import os, signal, sys, time
names = ["S/A.x/fine", "S/A.x/lost", "S/A.x/crash", "S/A.x/hang", "S/A.x/also_fine", "B.wrong", "B.skipped"]
if "--gtest_list_tests" in sys.argv:
    print("Running main() from x\nS/A.\n" + "".join(f"  {n[4:]}  # GetParam() = 3\n" for n in names[:5])
          + "B.\n  wrong\n  skipped")
    sys.exit()
print("on a device\n[  REPORT  ] of note", flush=True)
code = 0
for name in sys.argv[1].split("=", 1)[1].split(":"):
    print(f"[ RUN      ] {name}", flush=True)
    if "lost" in name:
        print(f"x.cpp:1: Failure\n[  FAILED  ] {name}, where GetParam() = 3\ndevice lost: illegal access", flush=True)
        os._exit(86)
    if "crash" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in name:
        time.sleep(1000)
    if "wrong" in name:
        code = 1
        print("x.cpp:2: Failure\n3 for 4")
    word = "  FAILED  " if "wrong" in name else "  SKIPPED " if "skipped" in name else "       OK "
    print(f"[{word}] {name} (0 ms)", flush=True)
sys.exit(code)
"""

# A Google Benchmark program whose second training hangs, in any run that has it.
BENCHMARKS = r"""#!/usr/bin/env python3
import re, sys, time
names = ["Peak/cuda/device"] + [f"TrainStep/cuda/A/tf32/members:{m}" for m in (132, 1056, 4224)]
pattern = [a for a in sys.argv if a.startswith("--benchmark_filter=")][0].split("=", 1)[1]
chosen = [n + "/iterations:1/manual_time" for n in names if re.search(pattern, n + "/iterations:1/manual_time")]
if "--benchmark_list_tests=true" in sys.argv:
    print("\n".join(chosen))
    sys.exit()
print('{\n  "context": {\n    "kernel_hash": "abc"\n  },\n  "benchmarks": [', flush=True)
for i, name in enumerate(chosen):
    if "1056" in name:
        time.sleep(1000)
    print(("," if i else "") + '    {\n "name": "%s",\n "steps_per_s": 2.5e7,\n "label": "resident"\n }' % name, flush=True)
print("  ]\n}")
"""


class Report(unittest.TestCase):
    def report(self, programs):
        """The exit code, the last lines and the JSON of a run with these programs."""
        with tempfile.TemporaryDirectory() as folder:
            bin_folder, out = pathlib.Path(folder, "bin"), pathlib.Path(folder, "out")
            bin_folder.mkdir()
            for name, text in programs.items():
                (bin_folder / name).write_text(text)
                (bin_folder / name).chmod(0o755)
            done = subprocess.run(
                [ROOT / "tools/gpu_check.sh", out], capture_output=True, text=True,
                env={**os.environ, "BROOD_GPU_BIN": str(bin_folder), "BROOD_GPU_SILENCE": "2", "BROOD_GPU_SECONDS": "60"})
            files = sorted(path.name for path in out.iterdir())
            self.assertLessEqual(len(files), 8)
            found = json.loads((out / [name for name in files if name.startswith("gpu-")][0]).read_text())
            return done.returncode, done.stdout, found

    def test_goes_on_behind_what_fails(self):
        code, table, found = self.report(
            {"gpu_conformance_test": TESTS, "gpu_backend_test": TESTS, "brood_bench": BENCHMARKS})
        self.assertEqual(code, 1)
        self.assertEqual(found["tests"], {"passed": 4, "failed": 8, "skipped": 2, "not_run": 0})
        why = {failure["name"]: " ".join(failure["why"]) for failure in found["steps"]["backend"]["failures"]}
        self.assertIn("exit code -11", why["S/A.x/crash"])
        self.assertIn("silence", why["S/A.x/hang"])
        self.assertIn("3 for 4", why["B.wrong"])
        self.assertEqual(found["device"] and found["steps"]["conformance"]["reports"][0], "of note")
        self.assertEqual(found["kernel_hash"], "abc")
        self.assertIn("abc", found["warning"])
        benchmarks = {entry["name"]: entry for entry in found["benchmarks"]}
        self.assertEqual(benchmarks["TrainStep/cuda/A/tf32/members:4224"]["steps_per_s"], 2.5e7)
        self.assertIn("silence", benchmarks["TrainStep/cuda/A/tf32/members:1056"]["error_message"])
        self.assertIn("25 M", table)
        self.assertEqual(found["errors"], [])

    def test_says_what_is_missing(self):
        code, table, found = self.report({"gpu_conformance_test": "#!/bin/sh\necho no such library >&2\nexit 127\n"})
        self.assertEqual(code, 1)
        self.assertIn("no such library", table)
        self.assertIn("No such file", table)
        self.assertEqual(found["benchmarks"], [])

    def test_skips_without_a_device(self):
        none = TESTS.replace('print("on a device', 'print("no CUDA device: none"); sys.exit(0)\nprint("on a device')
        code, table, found = self.report(
            {"gpu_conformance_test": none, "gpu_backend_test": none, "brood_bench": "#!/bin/sh\nexit 0\n"})
        self.assertEqual(code, 0)
        self.assertEqual(found["tests"], {"passed": 0, "failed": 0, "skipped": 14, "not_run": 0})
        self.assertIn("no CUDA device: none", table)


if __name__ == "__main__":
    unittest.main()
