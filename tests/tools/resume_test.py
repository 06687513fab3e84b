# SPDX-License-Identifier: Apache-2.0
"""Runs that are stopped, killed, or meet a disk that fails, and are gone on with: in the end they are to
the byte what they would have been.

BROOD_TEST_KILLS is how many random moments are tried (10), BROOD_TEST_FAULT_STEP how many calls that
write lie between two that fail (11; 1 tries them all)."""

import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest

from command import BROOD, HANG, RUN_FILES, SWEEP, CommandTest

# What is the same whenever and wherever a run is repeated.
# The others know of the clock, of the directory, or are the store itself.
SAME = [name for name in RUN_FILES if name not in ("run.json", "report.html", "study.db")]

KINDS = [
    ["early_terminate={type: successive_halving, eta: 3, min_iter: 1, max_iter: 9}"],
    ["early_terminate={type: hyperband, max_iter: 9, eta: 3}", "method=sobol"],
    ["early_terminate={type: asha, eta: 2, max_iter: 8, workers: 4}"],
    ["early_terminate={type: median, max_iter: 6, interval: 2}", "ensemble=4"],
    ["early_terminate={type: pbt, max_iter: 6, interval: 2}"],
    ["early_terminate={type: none}", "epochs=3", "method=tpe", "trials=140"],
    ["early_terminate={type: none}", "epochs=2", "method=bayes", "trials=70"],
    ["early_terminate={type: none}", "epochs=2", "method=grid", "lr=0.01", "trials=4"],
    ["validation={folds: 3, final_repeats: 4}", "patience=2", "optimizer=adam"],
]


class Resuming(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def tune(self, out, *arguments, code=0):
        return self.brood("tune", "wine.yaml", "--out", out, "--save-every", "0s", *arguments, code=code)

    def files(self, run):
        return {name: (self.folder / run / name).read_bytes() for name in SAME}

    def assert_same(self, run, whole):
        files, others = self.files(run), self.files(whole)
        for name in SAME:
            self.assertEqual(files[name], others[name], name)

    def refused(self, *arguments, code=2, says):
        out, err = self.brood(*arguments, code=code)
        self.assertEqual(out, "")
        self.assertIn(says, err)
        return err


class Resume(Resuming):
    def test_every_kind_goes_on_to_the_same_bytes(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                shutil.rmtree(self.folder / "whole", ignore_errors=True)
                shutil.rmtree(self.folder / "run", ignore_errors=True)
                self.tune("whole", *kind)
                self.tune("run", *kind, "--events", "1", "--threads", "1")
                self.brood("resume", "run", "--events", "2", "--threads", "2", "--memory-limit", "100KiB")
                self.brood("resume", "run")
                self.assert_same("run", "whole")
                self.assertEqual(json.loads(self.text("run/run.json"))["ended"], "complete")
                self.assertEqual(self.rungs("run"), self.rungs("whole"))
                self.assertEqual(self.history("run"), self.history("whole"))

    def rungs(self, run):
        """Of run.json, without their seconds, which grow."""
        rungs = json.loads(self.text(f"{run}/run.json"))["rungs"]
        seconds = [rung.pop("seconds") for rung in rungs]
        self.assertEqual(seconds, sorted(seconds))
        self.assertGreater(seconds[0], 0)
        return rungs

    def history(self, run):
        """The best so far in its report, without times, which are all known."""
        history = self.json_of("report", run)["runs"][0]["history"]
        self.assertNotIn("nan", history.pop("seconds"))
        return history

    def test_a_run_that_is_complete_is_left_as_it_is(self):
        self.tune("run")
        before = self.tree()
        out, err = self.brood("resume", "run")
        self.assertEqual(out, "")
        self.assertIn("run: is complete; for more: ", err)
        self.assertEqual(self.json_of("resume", "run"), {"directory": "run", "ended": "complete"})
        self.assertEqual(self.tree(), before)

    def test_tune_begins_it_or_goes_on(self):
        self.tune("whole")
        self.tune("run", "--resume", "--events", "1")
        self.tune("run", "--resume", "--json")
        self.assert_same("run", "whole")
        self.refused("tune", "wine.yaml", "--resume", says="--resume: goes on with the run at --out")
        self.refused("tune", "wine.yaml", "--resume", "--overwrite", "--out", "run", says="say one of them")

    def test_a_study_that_has_changed_is_refused_with_both_lines(self):
        self.tune("run", "--events", "1")
        before = self.tree()
        for change, stored, asked in (
                ("seed=8", "seed: 7", "seed: 8"),
                ("metric.name=log_loss", "metric: {name: accuracy, goal: maximize}",
                 "metric: {name: log_loss, goal: minimize}"),
                ("optimizer=sgd", "optimizer: adam", "optimizer: {value: sgd}"),
                ("ensemble=3", "ensemble: 0", "ensemble: 3"),
                ("validation.test=0.3", "validation: {holdout: 0.2, repeats: 1, test: 0.2}",
                 "validation: {holdout: 0.2, repeats: 1, test: 0.3}")):
            err = self.refused("resume", "run", change, says="cannot change when a run goes on\n")
            self.assertIn(f"\n  stored: {stored}\n  asked:  {asked}\n", err)
            self.refused("tune", "wine.yaml", "--out", "run", "--resume", change, says=f"\n  stored: {stored}\n")
        self.assertEqual(self.tree(), before)

    def test_data_that_has_moved_or_changed(self):
        text = (self.folder / "wine.yaml").read_text().splitlines()[0]
        shutil.copy(text.split("file: ")[1].split(",")[0], self.folder / "here.csv")
        self.tune("whole")
        self.tune("run", "data.file=here.csv", "--events", "1")
        os.rename(self.folder / "here.csv", self.folder / "there.csv")
        self.refused("resume", "run", says="here.csv, is no longer there; if it has moved, say data.file=PATH")
        data = (self.folder / "there.csv").read_text()
        self.write("other.csv", "\n".join(data.splitlines()[:-1]) + "\n")
        self.refused("resume", "run", "data.file=other.csv", says="its study is of other data")
        self.brood("resume", "run", "data.file=there.csv")
        for name in ("trials.csv", "curves.csv", "best/model.safetensors"):
            self.assertEqual(self.files("run")[name], self.files("whole")[name], name)

    def test_what_is_not_finished_is_not_replaced_silently(self):
        process = self.start_long()
        self.refused("tune", "wine.yaml", "--out", "long", "--overwrite", code=6, says="another process")
        self.refused("resume", "long", code=6, says=f"number {process.pid}, works in this directory")
        process.kill()
        process.wait()
        self.refused("tune", "wine.yaml", "--out", "long", says="go on with it: brood resume long")
        self.tune("long", "--overwrite")

    LONG = ["early_terminate.eta=3000", "early_terminate.max_iter=30000", "hidden=[256,256]", "trials=6000"]

    def start_long(self, *arguments):
        process = subprocess.Popen(
            [BROOD, "tune", "wine.yaml", "--out", "long", "--save-every", "0s", *self.LONG, *arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while not any((self.folder / "long").glob("members-*.state")):
            self.assertIsNone(process.poll(), "ended too early")
            time.sleep(0.01)
        return process

    def test_places_without_a_study(self):
        self.refused("resume", "nowhere", says="nowhere: there is no such directory")
        os.mkdir(self.folder / "empty")
        self.refused("resume", "empty", says="empty: has no study.db")
        self.refused("resume", "wine.yaml", says="wine.yaml: ")

    def test_a_study_that_is_damaged(self):
        self.tune("run", "--events", "1")
        path = self.folder / "run/study.db"
        whole = path.read_bytes()
        path.write_bytes(b"x" * len(whole))
        self.refused("resume", "run", code=4, says="run/study.db: is damaged, or is no study of brood")
        path.write_bytes(whole)
        members = next((self.folder / "run").glob("members-*.state"))
        members.write_bytes(members.read_bytes()[:-1])
        self.refused("resume", "run", code=4, says=f"run/{members.name}: is damaged")

    def test_a_closed_pipe_changes_nothing(self):
        self.tune("whole")
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([BROOD, "tune", "wine.yaml", "--out", "run"], cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=writer, stderr=writer, env=self.environment(), timeout=HANG)
        os.close(writer)
        self.assertIn(done.returncode, (-signal.SIGPIPE, 4))
        self.assert_same("run", "whole")

    def test_a_time_limit_can_be_followed_by_more_time(self):
        # By its clock the machine is a hundred thousand times slower, so that no time is enough.
        done = self.run_brood("tune", "wine.yaml", "--out", "limited", "--save-every", "0s", "--time-limit", "60s",
                              clock_rate=100000)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.text("limited/run.json"))["ended"], "time limit")
        _, err = self.brood("resume", "limited")
        self.assertIn("ended by its time limit; for more: ", err)
        self.brood("resume", "limited", "--time-limit", "10h")
        document = json.loads(self.text("limited/run.json"))
        self.assertEqual(document["ended"], "complete")
        self.tune("whole", "--trials", str(document["repeat"]["trials"]))
        for name in ("trials.csv", "curves.csv", "best/model.safetensors"):
            self.assertEqual(self.files("limited")[name], self.files("whole")[name], name)


class Extend(Resuming):
    def extended(self, kind, change, *, kept):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.write("wine.yaml", SWEEP)
        self.tune("whole", *kind, *change)
        self.tune("run", *kind)
        _, err = self.brood("resume", "run", *change)
        self.assertEqual(" as they were" in err, kept, err)
        self.assert_same("run", "whole")

    def test_it_is_what_it_would_have_been_from_the_beginning(self):
        for kind in KINDS:
            if "pbt" in kind[0] or "grid" in " ".join(kind):
                continue
            more = "trials=150" if "tpe" in " ".join(kind) else "trials=90" if "bayes" in " ".join(kind) else "trials=30"
            with self.subTest(kind=kind):
                self.extended([each for each in kind if not each.startswith("trials")], [more], kept=True)

    def test_more_epochs(self):
        self.extended([], ["early_terminate.max_iter=27"], kept=True)
        self.refused("resume", "run", "early_terminate.max_iter=81", "lr_schedule=cosine", says="cannot change")

    def test_what_cannot_be_kept_is_refused_with_the_reason(self):
        self.tune("run", "lr_schedule=cosine")
        before = self.tree()
        self.refused("resume", "run", "early_terminate.max_iter=27", says="lr_schedule: its course spans all epochs")
        self.assertEqual(self.tree(), before)
        self.tune("pbt", "early_terminate={type: pbt, max_iter: 4, interval: 2}")
        self.refused("resume", "pbt", "trials=30", says="population based training cannot be extended")

    def test_a_study_that_had_a_time_limit_gets_more_trials_without_one(self):
        self.brood("tune", "wine.yaml", "--out", "limited", "--time-limit", "1h")
        self.brood("resume", "limited", "trials=12")
        self.brood("tune", "wine.yaml", "trials=12", "--out", "whole")
        self.assertEqual(self.text("limited/trials.csv"), self.text("whole/trials.csv"))

    def test_members_for_which_there_was_no_time_are_trained_again(self):
        # Four members of 25 MB, for which a fiftieth of a second is too short; by the clock of the
        # run the machine is a hundred times faster, so that the limit changes nothing else.
        draw = random.Random(1)
        columns = [f"x{i}" for i in range(4000)]
        rows = [[str(draw.randrange(100)) for _ in columns] + ["uv"[i % 2]] for i in range(30)]
        self.write("wide.csv", "\n".join(",".join(row) for row in [columns + ["y"], *rows]) + "\n")
        sweep = ["wide.yaml", "--seed", "3"]
        self.write("wide.yaml", "data: {file: wide.csv, target: y}\nvalidation: {holdout: 0.3, test: 0}\n"
                   "trials: 4\nearly_terminate: {type: successive_halving, eta: 2, min_iter: 1, max_iter: 2}\n"
                   "parameters: {hidden: {values: [[512]]}, lr: {min: 1.0e-4, max: 1.0e-3}}\n")
        done = self.run_brood("tune", *sweep, "--out", "limited", "--time-limit", "1s", clock_rate=0.01)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.text("limited/run.json"))["ended"], "complete")
        self.assertEqual(list((self.folder / "limited").glob("members-*")), [])
        self.brood("tune", *sweep, "--out", "unlimited")
        self.assertNotEqual(list((self.folder / "unlimited").glob("members-*")), [])
        self.brood("tune", *sweep, "trials=8", "--out", "whole")
        for run in ("limited", "unlimited"):
            self.brood("resume", run, "trials=8")
            for name in ("trials.csv", "curves.csv", "best/model.safetensors"):
                self.assertEqual((self.folder / run / name).read_bytes(),
                                 (self.folder / "whole" / name).read_bytes(), f"{run} {name}")


class Killed(Resuming):
    """By the kernel, at moments that nobody chose."""

    def run_until(self, seconds, *arguments):
        """Whether it came to its end."""
        process = subprocess.Popen([BROOD, "tune", "wine.yaml", "--out", "run", "--resume", "--save-every", "0s",
                                    *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=self.environment())
        try:
            _, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return False
        self.assertEqual(process.returncode, 0, err)
        return True

    def test_five_kills_deep_it_is_what_it_would_have_been(self):
        drawn = random.Random(1)
        seconds = []
        for number, kind in enumerate(KINDS):
            begin = time.monotonic()
            self.tune(f"whole{number}", *kind)
            seconds.append(time.monotonic() - begin)
        for number in range(int(os.environ.get("BROOD_TEST_KILLS", "10"))):
            which = number % len(KINDS)
            shutil.rmtree(self.folder / "run", ignore_errors=True)
            with self.subTest(number=number, kind=KINDS[which]):
                for deep in range(5):
                    other = ["--threads", str(1 + deep % 2)] + (["--memory-limit", "100KiB"] if deep % 3 == 1 else [])
                    if self.run_until(drawn.uniform(0, seconds[which]), *KINDS[which], *other):
                        break
                self.run_until(HANG, *KINDS[which])
                self.assert_same("run", f"whole{which}")
                self.assertEqual([name for name in os.listdir(self.folder / "run") if name.startswith(".")], [])


class Faults(Resuming):
    """At every call that writes."""

    ARGUMENTS = ["tune", "wine.yaml", "--out", "run", "--resume", "--save-every", "0s", "--quiet"]

    def run_with(self, **variables):
        return subprocess.run([BROOD, *self.ARGUMENTS], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=HANG,
                              env=self.environment(LD_PRELOAD=os.environ["BROOD_TEST_FAULTS"], **variables))

    def test_whichever_call_goes_wrong_nothing_is_lost(self):
        self.tune("whole")
        count = self.folder / "count"
        self.assertEqual(self.run_with(BROOD_TEST_FAULT_COUNT=str(count)).returncode, 0)
        calls = int(count.read_text())
        self.assertGreater(calls, 50)
        step = int(os.environ.get("BROOD_TEST_FAULT_STEP", "11"))
        for fault, at in itertools.product(("kill", "torn", "full", "broken"), range(1, calls + 1, step)):
            shutil.rmtree(self.folder / "run", ignore_errors=True)
            with self.subTest(fault=fault, at=at, calls=calls):
                done = self.run_with(BROOD_TEST_FAULT=fault, BROOD_TEST_FAULT_AT=str(at))
                if fault in ("kill", "torn"):
                    self.assertIn(done.returncode, (0, -signal.SIGKILL))
                elif done.returncode != 0:
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertIn(b"run", done.stderr)
                    self.assertEqual(done.stdout, b"")
                self.brood(*self.ARGUMENTS)
                self.assert_same("run", "whole")

    def test_a_small_disk(self):
        self.tune("whole")
        for size in (0, 300, 5000, 20000, 60000, 10 ** 6):
            shutil.rmtree(self.folder / "run", ignore_errors=True)
            with self.subTest(size=size):
                done = subprocess.run(
                    [BROOD, *self.ARGUMENTS], cwd=self.folder, capture_output=True, timeout=HANG,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
                if done.returncode != 0:
                    self.assertEqual(done.returncode, 4, done.stderr)
                    self.assertIn(b"run", done.stderr)
                self.brood(*self.ARGUMENTS)
                self.assert_same("run", "whole")


if __name__ == "__main__":
    unittest.main()
