# SPDX-License-Identifier: Apache-2.0
"""brood stop: studies that another process is asked to end, and trials that it is asked to drop."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from command import BROOD, HANG, RUN_FILES, SWEEP, CommandTest

SAME = [name for name in RUN_FILES if name not in ("run.json", "report.html", "study.db")]
KINDS = [
    ["early_terminate={type: successive_halving, eta: 3, min_iter: 1000, max_iter: 3000}"],
    ["early_terminate={type: asha, eta: 3, min_iter: 1000, max_iter: 3000, workers: 4}"],
]


class Stopping(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def start(self, *arguments):
        """The command, once its directory is taken."""
        process = subprocess.Popen(
            [BROOD, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        while not all((self.folder / "run" / name).exists() for name in ("lock", "study.db")):
            self.assertIsNone(process.poll(), "ended too early")
            time.sleep(0.002)
        return process

    def stand_still(self, process):
        """Stops a process, and waits until none of its threads runs: the signal alone says nothing of when."""
        process.send_signal(signal.SIGSTOP)
        now = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self.assertEqual(now.si_code, os.CLD_STOPPED, "ended too early")

    def asked(self, process, *requests):
        """(stdout, stderr) of brood stop with each of these options, all asked before the study goes on: it
        hears of them in time, however fast it is."""
        self.stand_still(process)
        asking = [subprocess.Popen([BROOD, "stop", "run", *request], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.environment())
                  for request in requests]
        files = [f".ask-drop-{request[-1]}" if request else ".ask-stop" for request in requests]
        while not all((self.folder / "run" / name).exists() for name in files):
            self.assertEqual([each.poll() for each in asking], [None] * len(asking))
            time.sleep(0.002)
        process.send_signal(signal.SIGCONT)
        return [each.communicate(timeout=HANG) for each in asking]

    def tune(self, *arguments):
        # One thread and wide networks, so that there is time to ask.
        return ["tune", "wine.yaml", "--out", "run", "--threads", "1", "hidden=[64,64]", *arguments]

    def ended(self, process, code):
        out, err = process.communicate(timeout=HANG)
        self.assertEqual(process.returncode, code, err)
        return out, err

    def files(self):
        return {name: (self.folder / "run" / name).read_bytes() for name in SAME}

    def nothing_is_left(self):
        self.assertEqual([name for name in os.listdir(self.folder / "run")
                          if name.startswith((".ask", ".told")) or name == "lock"], [])

    def state_of(self, trial):
        return next(row for row in self.rows("run/trials.csv") if int(row["trial"]) == trial)


class Stop(Stopping):
    def test_a_study_ends_and_goes_on_to_the_same_bytes(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                shutil.rmtree(self.folder / "run", ignore_errors=True)
                self.brood(*self.tune(*kind))
                whole = self.files()
                shutil.rmtree(self.folder / "run")
                process = self.start(*self.tune(*kind))
                [(out, _)] = self.asked(process, [])
                self.assertRegex(out, r"^stopped, as brood stop asked, after rung 0.*; all of it is saved, to go on: ")
                self.assertIn(out, self.ended(process, 130)[1])
                self.nothing_is_left()
                self.brood("resume", "run")
                self.assertEqual(self.files(), whole)

    def test_nobody_to_ask(self):
        cases = [("nowhere", "nowhere: there is no such directory"), (".", ".: is not a run directory")]
        for directory, says in cases:
            self.assertIn(says, self.brood("stop", directory, code=2)[1])
        self.brood("tune", "wine.yaml", "--out", "run", "--events", "1")
        self.assertIn("its study has ended, and can be given more: ", self.brood("stop", "run", code=2)[1])
        os.remove(self.folder / "run/run.json")
        err = self.brood("stop", "run", code=2)[1]
        self.assertIn("run: no process works in it, so that there is nothing to stop; its study waits to be gone "
                      "on with: ", err)
        self.assertIn("'x' is not allowed; allowed: whole numbers 0 ..",
                      self.brood("stop", "run", "--trial", "x", code=2)[1])
        self.nothing_is_left()

    def test_what_a_dead_process_was_asked_stops_no_other(self):
        self.brood(*self.tune(*KINDS[0]))
        whole = self.files()
        shutil.rmtree(self.folder / "run")
        process = self.start(*self.tune(*KINDS[0]))
        self.stand_still(process)
        asking = subprocess.Popen([BROOD, "stop", "run"], cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env=self.environment())
        asking_too = subprocess.Popen([BROOD, "stop", "run", "--trial", "3"], cwd=self.folder,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      env=self.environment())
        while not all((self.folder / "run" / name).exists() for name in (".ask-stop", ".ask-drop-3")):
            self.assertEqual((asking.poll(), asking_too.poll()), (None, None))
            time.sleep(0.01)
        asking.kill()  # so that it takes nothing back
        asking.communicate()
        process.kill()
        process.wait()
        out, err = asking_too.communicate(timeout=HANG)
        self.assertEqual(asking_too.returncode, 2)
        self.assertIn("has ended before it heard of this; to go on with what it saved: ", err)
        self.assertTrue((self.folder / "run/.ask-stop").exists())
        self.brood("resume", "run")
        self.assertEqual(self.files(), whole)
        self.nothing_is_left()


class Drop(Stopping):
    def second_rung(self, *arguments):
        """A study that has its first rung behind it and goes on with the second."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        self.brood(*self.tune(*KINDS[0], "--events", "1"))
        return self.start("resume", "run", "--threads", "1", "--save-every", "1h")

    def test_a_trial_drops_out_the_same_whatever_happens_afterwards(self):
        self.brood(*self.tune(*KINDS[0]))
        best = json.loads(self.text("run/run.json"))["winner"]["trial"]
        process = self.second_rung()
        [(out, _)] = self.asked(process, ["--trial", str(best)])
        self.assertEqual(out, f"trial {best} is dropped, after rung 1 of 2\n")
        self.assertIn(out, self.ended(process, 0)[1])
        self.nothing_is_left()
        dropped = self.files()
        row = self.state_of(best)
        self.assertEqual((row["state"], row["epochs"], row["rank"]), ("dropped", "1000", ""))
        self.assertNotEqual(json.loads(self.text("run/run.json"))["winner"]["trial"], best)

        process = self.second_rung()
        self.asked(process, ["--trial", str(best)])
        process.kill()
        process.communicate()
        if process.returncode != 0:  # it may have ended before
            self.brood("resume", "run")
        self.assertEqual(self.files(), dropped)
        self.brood("show", "run")
        self.brood("export", "run", "--format", "json", "--out", "run.json")
        self.brood("tune", "--only", best, "run")

    def test_who_cannot_be_dropped(self):
        process = self.second_rung()
        # Three of the nine go on.
        pruned = [["--trial", trial] for trial in self.pruned_trials()[:2]]
        (_, unknown), *others, _ = self.asked(process, ["--trial", "99"], *pruned, [])
        self.assertIn("run: Trial 99 does not exist; trials are 0 .. 8.", unknown)
        for _, text in others:
            self.assertRegex(text, r"^run: Trial \d+ has ended already: it is pruned\.\n$")
        self.ended(process, 130)

    def pruned_trials(self):
        return [row["trial"] for row in self.rows("run/trials.csv") if row["state"] == "pruned"]


if __name__ == "__main__":
    unittest.main()
