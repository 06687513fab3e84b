# SPDX-License-Identifier: Apache-2.0
"""brood tune from end to end: what it prints, what it leaves, and that it can be repeated."""

import csv
import json
import os
import re
import shlex
import unittest

from command import BROOD, CANCER, DIGITS, RUN_FILES, SWEEP, WINE, CommandTest


class Results(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def test_a_data_file_alone_is_enough(self):
        out, err = self.brood("tune", CANCER, "--target", "diagnosis", "--trials", "27")
        self.assertIn("picked for 569 rows: folds: 5, repeats: 3; ", err)
        files = [name for name in self.names("runs") if "/best/ensemble" not in name]
        self.assertEqual(files, ["breast_cancer-1/" + name for name in RUN_FILES])
        self.assertIn("breast_cancer-1/best/ensemble.json", self.names("runs"))
        accuracy = float(re.search(r"On these rows also accuracy ([\d.]+)", out)[1])
        # Nearly every network is right on more than nine in ten.
        self.assertGreater(accuracy, 0.85)

    def test_the_quality_that_is_asked_for(self):
        trials = {name: self.json_of("plan", CANCER, "--target", "diagnosis", "--quality", name)["trials"]
                  for name in ("fast", "good", "best")}
        self.assertEqual(trials, {"fast": 64, "good": 256, "best": 1024})
        self.assertIn("--quality: 'bad' is not known; allowed: fast, good, best",
                      self.brood("plan", CANCER, "--target", "diagnosis", "--quality", "bad", code=2)[1])
        self.assertIn("--quality: is of the sweep that is picked for a data file; wine.yaml says itself",
                      self.brood("tune", "wine.yaml", "--quality", "best", code=2)[1])

    def test_the_printed_command_predicts(self):
        out, _ = self.brood("tune", "wine.yaml", "--out", "my run")
        line = out.rstrip("\n").split("\n")[-1]
        program, *arguments = shlex.split(line)
        self.assertEqual(program, BROOD)
        self.assertEqual(arguments, ["predict", "my run", WINE])
        predicted, err = self.brood(*arguments)
        self.assertEqual(len(predicted.splitlines()), 1 + 178)
        self.assertIn("accuracy", err)

    def test_results_go_to_stdout_and_all_else_to_stderr(self):
        out, err = self.brood("tune", "wine.yaml")
        self.assertTrue(out.startswith("rank"))
        self.assertIn("Plan for", err)
        self.assertEqual(len(re.findall(r"(?m)^rung \d/3: ", err)), 3)
        self.assertNotIn("\x1b", out + err)
        out, err = self.brood("tune", "wine.yaml", "--quiet")
        self.assertTrue(out.startswith("rank"))
        self.assertEqual(err, "")

    def test_runs_are_numbered(self):
        for n in (1, 2):
            out, _ = self.brood("tune", "wine.yaml", "--quiet")
            self.assertIn(f"runs/wine-{n}", out)
        self.assertEqual(len(self.names("runs")), 2 * len(RUN_FILES))

    def test_json_is_the_run_in_one_document(self):
        document = self.json_of("tune", "wine.yaml", "--out", "run")
        self.assertEqual(document["directory"], "run")
        self.assertEqual(document["metric"], "accuracy")
        self.assertEqual(document["trials"], 9)
        self.assertEqual((document["ended"], document["events"]), ("complete", 3))
        trials = self.rows("run/trials.csv")
        best = document["best"]
        row = trials[best["trial"]]
        self.assertEqual(row["state"], "complete")
        self.assertEqual(float(row["valid_accuracy"]), best["valid"])
        self.assertEqual(float(row["lr"]), best["parameters"]["lr"])
        self.assertEqual(json.loads(row["hidden"]), best["parameters"]["hidden"])
        score = json.loads(self.text("run/best/score.json"))
        self.assertEqual((score["valid"], score["test"]), (best["valid"], best["test"]))
        run = json.loads(self.text("run/run.json"))
        self.assertEqual(run["data"]["fingerprint"], document["data"]["fingerprint"])
        self.assertEqual(run["repeat"], {"trials": 9, "events": 3})
        self.assertIn("tune wine.yaml --out run --json", run["command_line"])

    def test_the_plan_is_what_runs(self):
        for arguments in (["validation.folds=3"], ["--trials", "13"], ["early_terminate.eta=2"]):
            plan = self.json_of("plan", "wine.yaml", *arguments)
            done = self.json_of("tune", "wine.yaml", *arguments)
            self.assertEqual(done["plan"], plan)
            self.assertEqual(done["member_epochs"], plan["member_epochs"])
            self.assertEqual(done["refit_epochs"], plan["refit_epochs"])
            (bracket,) = plan["brackets"]
            states = [row["state"] for row in self.rows(done["directory"] + "/trials.csv")]
            self.assertEqual(len(states), plan["trials"])
            self.assertEqual(states.count("complete"), bracket[-1]["trials"])
            points = self.rows(done["directory"] + "/curves.csv")
            self.assertEqual(len(points), plan["member_epochs"])  # one evaluation each epoch

    def sweep_with(self, scheduler, trials):
        """The name of a sweep with another scheduler; trials 0: it does not say how many."""
        text = re.sub("early_terminate: .*", "early_terminate: {" + scheduler + "}", SWEEP)
        return self.write("other.yaml", text.replace(
            "trials: 9\n", f"trials: {trials}\n" if trials else ""))

    def test_hyperband_is_planned_bracket_by_bracket(self):
        name = self.sweep_with("type: hyperband, max_iter: 81", 0)
        plan = self.json_of("plan", name)
        rungs = [[(rung["trials"], rung["epoch"]) for rung in bracket]
                 for bracket in plan["brackets"]]
        # Table 1 of Li et al., "Hyperband".
        self.assertEqual(rungs, [[(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
                                 [(34, 3), (11, 9), (3, 27), (1, 81)],
                                 [(15, 9), (5, 27), (1, 81)], [(8, 27), (2, 81)], [(5, 81)]])
        self.assertEqual(plan["trials"], 143)
        self.assertEqual(plan["member_epochs"], 1581)
        self.assertEqual(plan["member_epochs_restarted"], 1902)
        out, err = self.brood("plan", name)
        self.assertIn("read as all 5 brackets of R = 81", err)
        self.assertRegex(out, r"(?m)^ +1 +34  34@3 11@9 3@27 1@81 +276$")
        self.assertRegex(out, r"(?m)^ +5 +143  in all +1581$")
        _, err = self.brood("plan", self.sweep_with("type: hyperband, max_iter: 18, s: 2", 9))
        self.assertIn("one bracket whose rungs end at epochs 2, 6, 18", err)

    def test_what_a_plan_leaves_open_is_said(self):
        out, _ = self.brood("plan", self.sweep_with("type: asha, max_iter: 9", 9))
        self.assertIn("The rungs after the first are the fewest", out)
        out, _ = self.brood("plan", self.sweep_with("type: median, max_iter: 9", 9))
        self.assertIn("This is an upper bound: trials worse than the median are stopped", out)

    def test_a_winner_that_was_a_copy_says_what_it_was(self):
        for seed in range(6):
            name = self.sweep_with("type: pbt, max_iter: 9, interval: 1, quantile: 0.5", 8)
            done = self.json_of("tune", name, "--out", "run", "--overwrite", f"seed={seed}")
            segments = json.loads(self.text("run/run.json")).get("winner_was")
            if segments is None:
                continue
            self.assertEqual(segments[-1]["trial"], done["best"]["trial"])
            self.assertEqual(segments[-1]["parameters"], done["best"]["parameters"])
            ends = [segment["until_epoch"] for segment in segments]
            self.assertEqual(ends, sorted(set(ends)))
            self.assertEqual(ends[-1], 9)
            return
        self.fail("no winner was a copy")

    def test_every_scheduler_runs_and_repeats(self):
        for scheduler in ("hyperband, max_iter: 9", "asha, max_iter: 9, workers: 4",
                          "median, max_iter: 6", "pbt, max_iter: 6, interval: 2"):
            with self.subTest(scheduler):
                name = self.sweep_with("type: " + scheduler, 20)
                one = self.json_of("tune", name, "--threads", "1")
                two = self.json_of("tune", name, "--threads", "2")
                for same in ("best", "leaderboard", "member_epochs", "events"):
                    self.assertEqual(one[same], two[same])
                self.assertEqual(one["ended"], "complete")

    def test_a_gpu_that_is_not_there_can_be_planned_for(self):
        for model in ("sm_80", "sm_86", "sm_90"):
            plan = self.json_of("plan", DIGITS, "--device", "cuda", "--device-model", model)
            self.assertLessEqual(plan["launches"], 8)
            self.assertGreaterEqual(plan["launches"], 1)
            self.assertTrue(0 < plan["device_seconds"] < 60, plan["device_seconds"])
            # Every network is trained by the fused kernel, wherever its tensors lie.
            self.assertEqual(sum(each["members"] for each in plan["layouts"]), 1024)
        on_chip = [each for each in plan["layouts"] if each["layout"] != "weights in L2"]
        self.assertEqual(sum(each["members"] for each in on_chip), 1024)
        on_cpu = self.json_of("plan", "wine.yaml")
        self.assertEqual(on_cpu["launches"], 0)
        self.assertNotIn("device_seconds", on_cpu)

    def test_shorter_launches_are_more_of_them(self):
        launches = [self.json_of("plan", DIGITS, "--device", "cuda", "--device-model", "sm_90",
                                 "--max-launch-ms", limit)["launches"] for limit in ("1000", "1")]
        self.assertGreater(launches[1], launches[0])

    def test_the_winner_is_the_best_of_those_trained_furthest(self):
        document = self.json_of("tune", "wine.yaml", "--trials", "30")
        trials = self.rows(document["directory"] + "/trials.csv")
        furthest = max(int(row["epochs"]) for row in trials)
        last = [row for row in trials if int(row["epochs"]) == furthest]
        best = min(last, key=lambda row: (-float(row["valid_accuracy"]), int(row["trial"])))
        self.assertEqual(document["best"]["trial"], int(best["trial"]))
        self.assertEqual(document["leaderboard"][0]["trial"], int(best["trial"]))
        self.assertLessEqual(len(document["leaderboard"]), 10)

    def test_epochs_and_seeds_of_trials_are_searched(self):
        self.write("own.yaml", SWEEP.replace("  lr:", """\
  num_epochs: {values: [2, 9]}
  random_seed: {values: [1, 2]}
  lr:"""))
        self.assertIn("upper bound: some trials have fewer epochs", self.brood("plan", "own.yaml")[0])
        out, err = self.brood("tune", "own.yaml", "--out", "own")
        self.assertIn("num_epochs is read as epochs, random_seed as seed", err)
        self.assertIn("epochs_in_all  seed", out)
        header = (self.folder / "own/trials.csv").read_text().splitlines()[0].split(",")
        self.assertEqual(len(set(header)), len(header))
        for row in self.rows("own/trials.csv"):
            self.assertLessEqual(int(row["epochs"]), int(row["epochs_in_all"]))
            self.assertIn(row["parameters.seed"], "12")
        self.brood("tune", "own/config.yaml", "--out", "again")
        self.assertEqual((self.folder / "own/trials.csv").read_bytes(),
                         (self.folder / "again/trials.csv").read_bytes())

    def test_heads_are_searched_with_widths(self):
        sweep = SWEEP.replace("parameters:\n", "parameters:\n  heads: {values: [1, 4, 8]}\n", 1)
        self.assertIn("heads", sweep)
        self.write("heads.yaml", sweep)
        self.brood("tune", "heads.yaml", "--out", "run", "--quiet", "validation={folds: 2}")
        trials = self.rows("run/trials.csv")
        self.assertEqual({row["heads"] for row in trials}, {"1", "4", "8"})
        predicted, _ = self.brood("predict", "run", WINE)
        self.assertEqual(len(predicted.splitlines()), 1 + 178)
        for range_of in ("{min: 1, max: 8}", "{values: [2, 3]}", "{value: 32}"):
            _, err = self.brood("check", "wine.yaml", f"parameters.heads={range_of}", code=2)
            self.assertRegex(err, r"heads: \d+ is not allowed; allowed: one of 1, 2, 4, 8, 16")

    def test_patience_makes_the_plan_an_upper_bound_and_is_said(self):
        out, _ = self.brood("plan", "wine.yaml", "patience=2")
        self.assertIn("upper bound", out)
        self.assertNotIn("upper bound", self.brood("plan", "wine.yaml")[0])
        self.assertIn("upper bound", self.brood("plan", "wine.yaml", "--time-limit", "1h")[0])
        plan = self.json_of("plan", "wine.yaml", "patience=2")
        self.assertTrue(plan["upper_bound"])
        done = self.json_of("tune", "wine.yaml", "patience=2")
        self.assertLessEqual(done["member_epochs"], plan["member_epochs"])

    def test_plan_and_check_write_nothing(self):
        before = self.tree()
        self.brood("plan", "wine.yaml")
        out, err = self.brood("check", "wine.yaml")
        self.assertEqual(len(out.splitlines()), 1)
        self.assertTrue(out.startswith("ok: wine.yaml"))
        self.assertTrue(self.json_of("check", "wine.yaml")["ok"])
        self.assertEqual(self.tree(), before)

    def test_keys_that_are_ignored_are_named(self):
        self.write("notes.yaml", "project: mine\n" + SWEEP)
        _, err = self.brood("tune", "notes.yaml")
        self.assertIn("notes.yaml:1:1: project is ignored", err)

    def test_json_sweeps_are_read_too(self):
        self.write("wine.json", json.dumps({
            "data": {"file": WINE, "target": "cultivar"}, "trials": 3,
            "early_terminate": {"type": "none"}, "train": {"epochs": 2},
            "parameters": {"lr": {"min": 0.001, "max": 0.1}}}))
        self.assertEqual(self.json_of("tune", "wine.json")["member_epochs"], 6)

    def test_several_targets_and_labels(self):
        lines = ["a,b,p,q"] + [
            f"{i / 60},{(i * 7 % 60) / 60},{int(i > 30)},{int(i * 7 % 60 > 20)}" for i in range(60)]
        self.write("two.csv", "\n".join(lines) + "\n")
        self.brood("tune", "two.csv", "data.target=[p,q]", "task=multi_label", "--trials", "9",
                   "--out", "labels")
        out, _ = self.brood("predict", "labels", "two.csv")
        self.assertEqual(out.splitlines()[0], "prediction,p,q,p_p,p_q")
        for row in csv.DictReader(out.splitlines()):
            on = [name for name in "pq" if float(row["p_" + name]) > 0.5]
            self.assertEqual(row["prediction"], ";".join(on))
            self.assertEqual([row["p"], row["q"]], [str(int(name in on)) for name in "pq"])
        self.brood("tune", "two.csv", "data.target=[a,b]", "task=regression", "--trials", "9",
                   "--out", "values")
        out, err = self.brood("predict", "values", "two.csv")
        self.assertEqual(out.splitlines()[0], "prediction_a,prediction_b")
        self.assertIn("rmse", err)

    def test_an_ensemble_predicts(self):
        out, _ = self.brood("tune", "wine.yaml", "ensemble=8", "--out", "run", "--quiet",
                            "metric.name=log_loss", "validation.folds=3")
        self.assertRegex(out, r"The ensemble, \d networks? in \d picks?, [\d.]+ (bytes|KiB): valid log_loss ")
        saved = json.loads(self.text("run/best/ensemble.json"))
        self.assertLessEqual(sum(part["count"] for part in saved["parts"]), 8)
        score = json.loads(self.text("run/best/score.json"))
        # Of all rows together; the winner's is the mean over folds, of which one has a row more.
        self.assertLessEqual(saved["valid"], score["valid"] * 1.03)
        document = self.json_of("predict", "run", WINE)
        self.assertEqual(document["networks"], len(saved["parts"]))
        for row in document["predictions"]:
            self.assertAlmostEqual(sum(row[f"p_{k}"] for k in range(3)), 1, delta=1e-6)
        again = self.json_of("tune", "run/config.yaml", "--out", "again", "--quiet")
        self.assertEqual(self.text("again/best/ensemble.json"), self.text("run/best/ensemble.json"))
        self.assertEqual([part["count"] for part in again["ensemble"]["parts"]],
                         [part["count"] for part in saved["parts"]])
        plan = self.json_of("plan", "wine.yaml", "ensemble=8")
        self.assertEqual(plan["ensemble_epochs"], 8 * plan["refit_epochs"])
        # Without one there is one network again.
        self.brood("tune", "wine.yaml", "--out", "run", "--overwrite", "--quiet")
        self.assertEqual(self.json_of("predict", "run", WINE)["networks"], 1)

    def test_ends_by_its_scores_and_says_so(self):
        out, _ = self.brood("tune", "wine.yaml", "--out", "run", "stop.target=0.2", "--quiet")
        self.assertIn("Ended by stop.target after rung 1 of 3.", out)
        self.assertEqual(json.loads(self.text("run/run.json"))["ended"], "target")
        again = self.json_of("tune", "run/config.yaml", "--out", "again", "--quiet")
        self.assertEqual((again["ended"], again["events"]), ("target", 1))
        self.assertEqual(self.text("again/trials.csv"), self.text("run/trials.csv"))
        self.assertTrue(self.json_of("plan", "wine.yaml", "stop.patience_rungs=1")["upper_bound"])

    def test_the_best_of_any_rung_is_the_winner(self):
        for best_of in ("any", "last_rung"):
            document = self.json_of("tune", "wine.yaml", f"best_of={best_of}", "--quiet",
                                    "metric.name=log_loss", "lr=0.1", "--out", best_of)
            scores = [float(row["valid_log_loss"]) for row in self.rows(f"{best_of}/trials.csv")]
            if best_of == "any":
                self.assertEqual(document["best"]["valid"], min(scores))

    def test_any_metric_of_the_task_is_the_objective(self):
        for metric in ("balanced_accuracy", "precision", "f1_macro", "mcc", "auc", "pr_auc", "log_loss",
                       "brier"):
            out = f"run_{metric}"
            document = self.json_of("tune", self.write("s.yaml", SWEEP), f"metric.name={metric}",
                                    "--out", out, "--quiet")
            self.assertEqual(document["metric"], metric)
            self.assertEqual(document["goal"], "minimize" if metric in ("log_loss", "brier") else "maximize")
            self.assertEqual(document["best"]["test"], document["best"]["test_metrics"][metric])
            scores = [trial["valid"] for trial in document["leaderboard"]]
            self.assertIn(document["best"]["valid"], scores)
            with open(self.folder / out / "curves.csv", newline="") as file:
                for row in csv.DictReader(file):
                    # Log loss is the loss, which is there at every epoch.
                    at_end = metric == "log_loss" or int(row["epoch"]) in (1, 3, 9)
                    self.assertEqual(row[f"valid_{metric}"] != "nan", at_end)
            saved = json.loads(self.text(f"{out}/best/score.json"))
            self.assertEqual(saved["test_metrics"], document["best"]["test_metrics"])
            _, err = self.brood("predict", out, WINE)
            self.assertRegex(err, rf"{metric} [\d.]+ on 178 rows")


class Repeating(CommandTest):
    # run.json knows of clock and machine, report.html says what is in it, and study.db is the store.
    SAME = [name for name in RUN_FILES if name not in ("run.json", "report.html", "study.db")]

    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def run_of(self, name, *arguments):
        self.brood("tune", "wine.yaml", "--out", name, *arguments)
        return {file: (self.folder / name / file).read_bytes() for file in self.SAME}

    def test_threads_memory_and_repetition_change_no_byte(self):
        first = self.run_of("first")
        for name, arguments in {
            "again": [],
            "one": ["--threads", "1"],
            "two": ["--threads", "2"],
            "three": ["--threads", "3"],
            # Room for a few members at a time.
            "small": ["--memory-limit", "30KiB", "--threads", "2"],
        }.items():
            self.assertEqual(self.run_of(name, *arguments), first, name)

    def test_of_every_scheduler_and_validation(self):
        halving = "early_terminate.type=successive_halving"
        for name, arguments in {
            "halving": [halving, "metric.name=auc"],
            "folds": [halving, "validation.folds=3", "validation.repeats=2", "refit=false"],
            "hyperband": ["early_terminate={type: hyperband, eta: 3, max_iter: 9}", "trials=17"],
            "asha": ["early_terminate={type: asha, eta: 3, max_iter: 9, workers: 4}"],
            "pbt": ["early_terminate={type: pbt, max_iter: 9, interval: 3}", "hidden=[8]"],
            "tpe": [halving, "method=tpe", "sampler.startup=3", "validation.repeats=2",
                    "ensemble=4"],
        }.items():
            whole = self.run_of(name, *arguments, "--threads", "1")
            for threads, memory in ((7, "8MiB"), (1, "20KiB"), (7, "40KiB")):
                out = f"{name}-{threads}-{memory}"
                again = self.run_of(out, *arguments, "--threads", threads, "--memory-limit", memory)
                self.assertEqual(again, whole, out)

    def test_a_small_memory_limit_makes_waves_and_says_so(self):
        plan = self.json_of("plan", "wine.yaml", "--memory-limit", "30KiB")
        self.assertGreater(plan["waves"], 1)
        _, err = self.brood("tune", "wine.yaml", "--memory-limit", "30KiB")
        self.assertIn("waves", err)

    def test_the_seed_changes_the_run(self):
        self.assertNotEqual(self.run_of("a")["trials.csv"],
                            self.run_of("b", "--seed", "8")["trials.csv"])

    def test_the_resolved_sweep_gives_the_same_run(self):
        first = self.run_of("first", "--trials", "5", "lr=0.01")
        # Under the same name, for that is the name of the study.
        self.write("again/wine.yaml", self.text("first/config.yaml"))
        self.brood("tune", "again/wine.yaml", "--out", "second")
        for name in self.SAME:
            self.assertEqual((self.folder / "second" / name).read_bytes(), first[name], name)

    def test_methods_that_need_no_scores_propose_each_configuration_once(self):
        for method in ("random", "grid", "sobol"):
            run = self.run_of(method, f"method={method}", "lr=0.01", "--trials", "9")
            trials = [tuple(row[name] for name in ("hidden", "activation", "lr"))
                      for row in self.rows(f"{method}/trials.csv")]
            self.assertEqual(len(trials), 4, method)
            self.assertEqual(len(set(trials)), 4, method)

    def same_files(self, one, other, names=("trials.csv", "curves.csv", "best/model.safetensors",
                                            "best/score.json", "best/trained_rows.npy")):
        for name in names:
            self.assertEqual((self.folder / one / name).read_bytes(),
                             (self.folder / other / name).read_bytes(), name)

    def test_a_run_that_ended_early_is_repeated_by_its_events(self):
        document = self.json_of("tune", "wine.yaml", "--out", "cut", "--events", "2")
        self.assertTrue(document["stopped_early"])
        self.assertEqual(document["ended"], "events")
        run = json.loads(self.text("cut/run.json"))
        self.assertEqual(run["repeat"]["events"], 2)
        self.json_of("tune", "cut/config.yaml", "--out", "again", "--events", "2")
        self.same_files("cut", "again")

    # Of this machine nothing is known; by a clock that runs far too fast there is time for the first
    # epoch of one trial and no more, and by one that hardly moves for all.
    def test_a_run_that_the_clock_has_cut_is_repeated_by_its_config(self):
        for name, arguments in (("sweep", ["wine.yaml"]),
                                ("data", [WINE, "--target", "cultivar"])):
            for rate in (None, 1e5, 1e-6):
                done = self.run_brood("tune", *arguments, "--out", name, "--time-limit", "1s",
                                      "--json", "--overwrite", clock_rate=rate)
                self.assertEqual(done.returncode, 0, done.stderr)
                document = json.loads(done.stdout)
                self.assertIn("# time_limit: none", self.text(f"{name}/config.yaml"))
                if rate == 1e5:
                    self.assertEqual(document["trials"], 1)
                    self.assertEqual(document["ended"],
                                     "time limit" if name == "sweep" else "complete")
                self.json_of("tune", f"{name}/config.yaml", "--out", "again", "--overwrite")
                self.same_files(name, "again")

    def test_trials_that_do_not_fit_are_left_out_and_said(self):
        for rate, trials, says in ((1e5, 1, r"trials=1 of \d+ fit into 1 s"), (1e-6, None, None)):
            done = self.run_brood("plan", "wine.yaml", "--time-limit", "1s", "--json",
                                  clock_rate=rate)
            plan = json.loads(done.stdout)
            if trials is None:
                self.assertNotIn("fit into", done.stderr.decode())
                self.assertEqual(plan, self.json_of("plan", "wine.yaml"))
            else:
                self.assertEqual(plan["trials"], trials)
                self.assertRegex(done.stderr.decode(), says)

    def test_the_plan_of_a_table_fits_a_time_limit(self):
        data = [WINE, "--target", "cultivar"]
        for rate, says in ((None, r"trials=\d+, to \d+ epochs?, by .*, fit into 1 s"
                                  r"|trials=256, .* more would fit into 1 s"),
                           (1e5, "trials=1, to 1 epoch, by a hold-out of 20.0 %, fit into 1 s"),
                           (1e-6, "trials=256, to 81 epochs, by 5 folds, 3 repeats, are enough for "
                                  "so few rows; more would fit into 1 s")):
            done = self.run_brood("plan", *data, "--time-limit", "1s", clock_rate=rate)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stderr.decode(), says)
        self.assertEqual(self.json_of("plan", *data)["trials"], 256)
        # On a device that is not there nothing can be measured.
        plan = self.json_of("plan", *data, "--time-limit", "1s", "--device-model", "sm_90")
        self.assertEqual(plan["trials"], 256)

    def test_a_time_limit_that_is_not_reached_changes_nothing(self):
        document = self.json_of("tune", "wine.yaml", "--time-limit", "1h")
        self.assertFalse(document["stopped_early"])
        self.assertEqual(document["ended"], "complete")

    def test_overwrite_replaces_the_run(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        self.brood("tune", "wine.yaml", "--out", "run", "--trials", "4", "--overwrite")
        self.assertEqual(self.names("run"), RUN_FILES)
        self.assertEqual(len(self.text("run/trials.csv").splitlines()), 5)
        self.assertEqual(sorted(os.listdir(self.folder)), ["run", "wine.yaml"])


class Profile(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def test_it_changes_no_result_and_adds_up(self):
        self.brood("tune", "wine.yaml", "--out", "plain", "--quiet")
        out, err = self.brood("tune", "wine.yaml", "--out", "measured", "--quiet", "--profile")
        for name in ("trials.csv", "curves.csv", "best/model.safetensors", "best/score.json"):
            self.assertEqual((self.folder / "plain" / name).read_bytes(),
                             (self.folder / "measured" / name).read_bytes(), name)
        self.assertNotIn("profile", json.loads(self.text("plain/run.json")))
        self.assertTrue(out.startswith("rank"))
        self.assertTrue(err.startswith("phase"), err)
        rows = dict(re.findall(r"(?m)^(?:  )?(\w[\w ]*?)  +([\d.]+)  +[\d.]+$", err))
        phases = ["read data", "encode", "prepare", "admit", "training", "control", "refit",
                  "write files", "other"]
        parts = ["gather", "forward", "loss", "backward", "update", "evaluation", "idle"]
        # Each is rounded to a thousandth.
        self.assertAlmostEqual(sum(float(rows[name]) for name in phases), float(rows["all"]),
                               delta=0.0005 * (len(phases) + 1))
        self.assertAlmostEqual(sum(float(rows[name]) for name in parts), float(rows["training"]),
                               delta=0.0005 * (len(parts) + 1))
        self.assertIn("the device was busy for", err)

    def test_documents_have_phases_and_submissions(self):
        document = self.json_of("tune", "wine.yaml", "--out", "run", "--profile")
        written = json.loads(self.text("run/run.json"))["profile"]
        for profile in (document["profile"], written):
            seconds = [phase["seconds"] for phase in profile["phases"]]
            self.assertAlmostEqual(sum(seconds), profile["seconds"], places=9)
            (training,) = [p for p in profile["phases"] if p["name"] == "training"]
            self.assertAlmostEqual(sum(part["seconds"] for part in training["parts"]),
                                   training["seconds"], places=9)
            self.assertTrue(0 < profile["busy_share_of_all"] < profile["busy_share"] <= 1.001)
            # Rungs are trained in pieces of about a second, and then the refit.
            members = [each["members"] for each in profile["submissions"]]
            self.assertEqual((members[0], members[-1]), (9, 1))
        self.assertLess(written["seconds"], document["profile"]["seconds"])
        self.assertIn("busy_share", document["plan"])


if __name__ == "__main__":
    unittest.main()
