# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: running the built command in a folder of its own.

The environment names the command (BROOD), the folder of test data (BROOD_TEST_DATA) and a library
that makes a program's clock run at another rate (BROOD_TEST_CLOCK, clock.cpp). With
BROOD_TEST_CLOCK_RATE every command runs at that rate: no test may depend on the speed of a machine.
"""

import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BROOD = os.environ["BROOD"]
DATA = pathlib.Path(os.environ["BROOD_TEST_DATA"])
WINE = str(DATA / "wine.csv")
DIGITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/examples/digits.yaml")
HANG = 600  # seconds, after which a program is taken to hang
CANCER = str(DATA / "breast_cancer.csv")

# A sweep that trains in a fraction of a second: rungs of 9, 3 and 1 trials.
SWEEP = """\
data: {file: %s, target: cultivar}
trials: 9
seed: 7
early_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: 9}
metric: {name: accuracy}
parameters:
  hidden: {values: [[8], [16, 8]]}
  activation: {values: [relu, tanh]}
  lr: {distribution: log_uniform_values, min: 1e-3, max: 1e-1}
""" % WINE
# With it, a rung of all nine every moment, until somebody stops it.
ENDLESS = ["early_terminate={type: median, max_iter: 1000000, interval: 100}", "hidden=[64,64]", "--threads", "1",
           "--save-every", "0s"]


class CommandTest(unittest.TestCase):
    """Each test has an empty folder and runs the command in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="brood_e2e_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.encode()
        path.write_bytes(text)
        return name

    def environment(self, clock_rate=None, **changes):
        """The command's variables; clock_rate 100: by its clock it is a hundred times slower."""
        variables = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "TERM")}
        if clock_rate:
            variables["BROOD_TEST_CLOCK_RATE"] = str(clock_rate)
        if "BROOD_TEST_CLOCK_RATE" in variables:
            variables["LD_PRELOAD"] = os.environ["BROOD_TEST_CLOCK"]
        variables.update(changes)
        return variables

    def run_brood(self, *arguments, **changes):
        return subprocess.run(
            [BROOD, *map(str, arguments)], cwd=self.folder, env=self.environment(**changes),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG)

    def brood(self, *arguments, code=0):
        """Runs the command, expects the exit code, gives stdout and stderr as text."""
        done = self.run_brood(*arguments)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, f"{arguments}\n{out}\n{err}")
        return out, err

    def start(self, *arguments):
        """The command, in the background until the test ends."""
        process = subprocess.Popen([BROOD, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.environment())
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def json_of(self, *arguments):
        """What --json prints, which is one document and nothing else."""
        return json.loads(self.brood(*arguments, "--json")[0])

    def tree(self):
        """Everything in the folder, with the contents of files."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.folder.rglob("*"))
        }

    def names(self, root="."):
        """Of files, but those of members, of which a run has the one or the other."""
        root = self.folder / root
        names = (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        return sorted(name for name in names if not re.search(r"\bmembers-[12]\.state$", name))

    def text(self, name):
        return (self.folder / name).read_text()

    def rows(self, name):
        """Of a csv file, a dict each."""
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))


RUN_FILES = sorted([
    "best/README.md", "best/config.yaml", "best/model.safetensors", "best/score.json", "best/trained_rows.npy",
    "config.yaml", "curves.csv", "inspection.json", "report.html", "run.json", "study.db", "trials.csv",
])
