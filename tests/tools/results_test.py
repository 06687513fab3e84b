# SPDX-License-Identifier: Apache-2.0
"""What can be done with a run afterwards: its trials are shown, trained again and predict."""

import csv
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import unittest

from command import BROOD, HANG, SWEEP, WINE, CommandTest

WIDTHS = (60, 80, 100, 132, 200)


class Run(CommandTest):
    """A run of 20 trials in three folds, with an ensemble."""

    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP.replace("trials: 9", "trials: 20") +
                   "  optimizer: {values: [adam, momentum]}\n"
                   "  momentum: {min: 0.5, max: 0.9, when: {optimizer: [momentum]}}\n"
                   "validation: {folds: 3, test: 0.2}\nensemble: 4\nrefit: false\n")
        self.brood("tune", "wine.yaml", "--out", "run", "--quiet")
        self.trials = self.rows("run/trials.csv")

    def kept(self):
        """Trials of which the run holds a network."""
        run = json.loads(self.text("run/run.json"))
        return {run["winner"]["trial"]} | set(self.json_of("predict", "run", WINE)["trials"])

    def not_kept(self):
        return next(int(row["trial"]) for row in self.trials
                    if int(row["trial"]) not in self.kept() and int(row["epochs"]) > 1)

    def refused(self, *arguments, says):
        before = self.tree()
        out, err = self.brood(*arguments, code=2)
        self.assertEqual(out, "")
        self.assertIn(says, err)
        self.assertEqual(self.tree(), before)


class Tables(Run):
    def test_trials_have_folds_ranks_seeds_and_sizes(self):
        self.assertEqual(len(self.trials), 20)
        names = self.text("run/trials.csv").splitlines()[0].split(",")
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(len({row["seed"] for row in self.trials}), 20)
        run = json.loads(self.text("run/run.json"))
        ranked = sorted(self.trials, key=lambda row: int(row["rank"] or 99))
        self.assertEqual(int(ranked[0]["trial"]), run["winner"]["trial"])
        for row in self.trials:
            folds = [float(row[f"fold_{k}"]) for k in (1, 2, 3)]
            self.assertAlmostEqual(sum(folds) / 3, float(row["valid_accuracy"]), delta=1e-12)
            widths = [13] + json.loads(row["hidden"]) + [3]
            self.assertEqual(int(row["parameters"]),
                             sum((a + 1) * b for a, b in zip(widths, widths[1:])))

    def test_run_json_names_winner_and_what_predicts(self):
        run = json.loads(self.text("run/run.json"))
        score = json.loads(self.text("run/best/score.json"))
        row = self.trials[run["winner"]["trial"]]
        self.assertEqual(run["winner"]["valid"], float(row["valid_accuracy"]))
        self.assertEqual(run["winner"]["epochs"], int(row["epochs"]))
        self.assertEqual(run["winner"]["parameters"]["lr"], float(row["lr"]))
        self.assertEqual(run["winner"]["test"], score["test"])
        self.assertEqual(run["predicts"]["by"], "ensemble")
        self.assertEqual(run["predicts"]["networks"],
                         self.json_of("predict", "run", WINE)["networks"])
        self.brood("tune", "wine.yaml", "--out", "one", "--quiet", "ensemble=0")
        run = json.loads(self.text("one/run.json"))
        self.assertEqual(run["predicts"]["by"], "winner")
        self.assertEqual(run["predicts"]["test"], run["winner"]["test"])

    def test_hyperband_has_brackets(self):
        self.brood("tune", "wine.yaml", "--out", "bands", "--quiet",
                   "early_terminate={type: hyperband, eta: 3, max_iter: 9}")
        plan = self.json_of("plan", "wine.yaml",
                            "early_terminate={type: hyperband, eta: 3, max_iter: 9}")
        brackets = [int(row["bracket"]) for row in self.rows("bands/trials.csv")]
        for number, bracket in enumerate(plan["brackets"], start=1):
            self.assertEqual(brackets.count(number), bracket[0]["trials"])

    def test_columns_of_predictions_have_names_of_their_own(self):
        lines = ["a,b,prediction,p,p_p"] + [
            f"{i / 60},{i % 7},{i % 2},{int(i > 30)},{int(i % 3 == 0)}" for i in range(60)]
        self.write("names.csv", "\n".join(lines) + "\n")
        self.brood("tune", "names.csv", "data.target=[prediction,p,p_p]", "task=multi_label",
                   "--trials", "3", "--out", "names", "--quiet", "early_terminate.max_iter=2")
        header = self.brood("predict", "names", "names.csv")[0].splitlines()[0].split(",")
        self.assertEqual(len(header), len(set(header)), header)


class Card(Run):
    """best/README.md on the model: its numbers are those of the other files."""

    def cells(self, heading, first):
        """The cells of the line that begins so, below a heading."""
        part = self.text("run/best/README.md").split(f"## {heading}\n", 1)[1].split("\n## ")[0]
        lines = [line.strip("| \n").split(" | ") for line in part.splitlines() if line.startswith("|")]
        return next(line for line in lines if line[0].strip() == first)[1:]

    def test_scores_are_those_of_the_run(self):
        run, card = json.loads(self.text("run/run.json")), self.text("run/best/README.md")
        predicts, winner = run["predicts"], json.loads(self.text("run/best/score.json"))
        value = re.search(r'name: "test accuracy"\n      value: (\S+)\n---\n', card)[1]
        self.assertEqual(float(value), predicts["test"])
        for name, of in (("validation accuracy", "valid"), ("test accuracy", "test")):
            told = [float(cell) for cell in self.cells("Scores", name)[1:]]
            self.assertEqual(told, [round(winner[of], 4), round(predicts[of], 4)])
        for name, score in winner["test_metrics"].items():
            if name != "accuracy":
                told = self.cells("Scores", f"test {name}")
                self.assertEqual(told[0], "36 test rows")
                self.assertAlmostEqual(float(told[1]), score, delta=5e-4 * abs(score))

    def test_classes_and_columns_are_those_of_the_rows_that_trained(self):
        rows = self.rows(WINE)
        tested = json.loads(self.text("run/inspection.json"))["confusion"]
        for kind, counts in zip("012", tested):
            of_class = sum(row["cultivar"] == kind for row in rows)
            self.assertEqual(self.cells("Data", kind)[0], str(of_class - sum(counts)))
            told = self.cells("On the test rows", kind)
            self.assertEqual(int(told[0]), sum(counts))
            self.assertAlmostEqual(float(told[2]), counts[int(kind)] / sum(counts), delta=5e-5)
        alcohol = sorted(float(row["alcohol"]) for row in rows)
        low, high, missing = self.cells("Limits", "alcohol")
        self.assertEqual(missing, "0")
        self.assertIn(float(low), alcohol[:37])
        self.assertIn(float(high), alcohol[-37:])

    def test_it_repeats_the_run_and_knows_no_place(self):
        card = self.text("run/best/README.md")
        self.assertNotIn(str(self.folder), card)
        self.assertNotIn(os.path.dirname(WINE), card)
        command = re.search(r"\nbrood (tune config.yaml data.file=wine.csv)\n", card)[1].split()
        for name in ("wine.csv", "config.yaml"):
            shutil.copy(WINE if name == "wine.csv" else self.folder / "run" / name, self.folder)
        self.brood(*command, "--out", "again", "--quiet")
        for name in ("best/model.safetensors", "best/ensemble.safetensors", "trials.csv"):
            self.assertEqual((self.folder / "again" / name).read_bytes(),
                             (self.folder / "run" / name).read_bytes(), name)


class Show(Run):
    def test_the_best_come_first(self):
        document = self.json_of("show", "run")
        board = document["leaderboard"]
        self.assertEqual([row["rank"] for row in board], list(range(1, 21)))
        self.assertEqual(board[0]["trial"], document["winner"]["trial"])
        self.assertEqual((document["trials"], document["matching"]), (20, 20))
        row = self.trials[board[3]["trial"]]
        self.assertEqual(board[3]["valid_accuracy"], float(row["valid_accuracy"]))
        self.assertEqual(board[3]["hidden"], json.loads(row["hidden"]))
        out, err = self.brood("show", "run")
        self.assertEqual(err, "")
        self.assertIn(f"The winner is trial {board[0]['trial']}: valid ", out)
        self.assertIn("What predicts is the ensemble of ", out)
        first = next(line for line in out.splitlines() if line.lstrip().startswith("1 "))
        self.assertEqual(first.split()[1], str(board[0]["trial"]))

    def test_filter_sort_columns_and_top(self):
        document = self.json_of("show", "run", "--filter", "lr<0.02 & optimizer=adam", "--sort", "lr",
                                "--columns", "trial,lr,accuracy", "--top", "3")
        expected = sorted((float(row["lr"]), int(row["trial"])) for row in self.trials
                          if float(row["lr"]) < 0.02 and row["optimizer"] == "adam")
        self.assertEqual(document["matching"], len(expected))
        self.assertEqual([(row["lr"], row["trial"]) for row in document["leaderboard"]], expected[:3])
        self.assertEqual(list(document["leaderboard"][0]), ["trial", "lr", "valid_accuracy"])
        out, _ = self.brood("show", "run", "--filter", "momentum>0", "--top", "2")
        count = sum(row["momentum"] != "" for row in self.trials)
        self.assertIn(f"{count} of 20 trials keep to --filter.", out)
        self.assertIn(f"{count - 2} more", out)
        out, _ = self.brood("show", "run", "--filter", "lr>7")
        self.assertIn("No trial keeps to --filter.", out)

    def test_mistakes_are_told(self):
        for arguments, says in (
                (["run", "--filter", "lrr<1"], "did you mean lr?"),
                (["run", "--sort", "speed"], "--sort: 'speed' is no column of run/trials.csv"),
                (["run", "--columns", "trial,,lr"], "names a column that is empty"),
                (["run", "--top", "0"], "--top: '0' is not allowed"),
                (["nowhere"], "nowhere: there is no such directory"),
                ([str(self.folder)], "is not a run directory; there is no trials.csv"),
                ([], "brood show: needs a run directory")):
            self.refused("show", *arguments, says=says)

    def test_runs_of_older_versions_are_shown(self):
        text = self.text("run/run.json")
        old = {key: value for key, value in json.loads(text).items()
               if key not in ("winner", "predicts", "metric", "goal")}
        self.write("old/run.json", json.dumps(old))
        self.write("old/trials.csv", "trial,state,epochs,valid_accuracy,lr\n0,pruned,1,0.5,0.1\n"
                   "1,complete,9,0.25,0.2\n2,complete,9,0.75,0.3\n")
        self.assertEqual([row["trial"] for row in self.json_of("show", "old")["leaderboard"]],
                         [2, 1, 0])
        self.brood("show", "old")


class Only(Run):
    def test_a_trial_trained_alone_is_what_it_was(self):
        trial = self.not_kept()
        row = self.trials[trial]
        self.refused("predict", "run", WINE, "--trial", trial,
                     says=f"To train it again: brood tune --only {trial} run")
        before = self.tree()
        document = self.json_of("tune", "--only", trial, "run")
        self.assertEqual(document["directory"], f"run/trials/{trial}")
        self.assertTrue(document["same"])
        self.assertEqual(document["winner"]["valid"], float(row["valid_accuracy"]))
        alone, = self.rows(f"run/trials/{trial}/trials.csv")
        for name in alone:
            if name != "rank":
                self.assertEqual(alone[name], row[name], name)
        # Its curves are those of the study, byte for byte.
        curves = [line for line in self.text("run/curves.csv").splitlines()
                  if line.startswith(f"{trial},")]
        self.assertEqual(self.text(f"run/trials/{trial}/curves.csv").splitlines()[1:], curves)
        for name, content in before.items():
            self.assertEqual(self.tree()[name], content, name)
        # The printed command predicts.
        out, _ = self.brood("tune", "--only", trial, "run", "--overwrite")
        self.assertIn("as in the run to the last digit", out)
        self.assertEqual(out.split("\n")[-2].split()[1:5],
                         ["predict", "--trial", str(trial), "run"])
        one = self.json_of("predict", "run", WINE, "--trial", trial)
        self.assertEqual((one["networks"], one["trials"]), (1, [trial]))
        self.brood("tune", "--only", trial, "run", "--out", "elsewhere", "--quiet")
        self.assertEqual(self.brood("predict", "elsewhere", WINE)[0],
                         self.brood("predict", "run", WINE, "--trial", trial)[0])

    def test_the_winner_trained_alone_is_the_winner(self):
        winner = json.loads(self.text("run/run.json"))["winner"]["trial"]
        self.brood("tune", "--only", winner, "run", "--out", "alone", "--quiet")
        self.assertEqual((self.folder / "alone/best/model.safetensors").read_bytes(),
                         (self.folder / "run/best/model.safetensors").read_bytes())
        self.assertEqual(json.loads(self.text("alone/best/score.json"))["test"],
                         json.loads(self.text("run/best/score.json"))["test"])

    def test_the_run_can_still_be_replaced(self):
        self.brood("tune", "--only", self.not_kept(), "run", "--quiet")
        self.brood("tune", "wine.yaml", "--out", "run", "--overwrite", "--quiet")
        self.assertFalse((self.folder / "run/trials").exists())

    def test_what_cannot_be_is_refused(self):
        trial = self.not_kept()
        self.refused("tune", "--only", "20", "run", says="--only: 20 is none of the 20 trials of run")
        self.refused("tune", "--only", trial, "nowhere", says="nowhere: there is no such directory")
        self.refused("tune", "--only", trial, "wine.yaml", says="wine.yaml: is not a run directory")
        self.refused("tune", "--only", trial, "run", "lr=1", "--seed", "4", "--trials", "3",
                     says="lr=1: does not go with --only")
        with open(WINE) as file:
            lines = file.read().splitlines()
        self.write("other.csv", "\n".join(lines[:-1]) + "\n")
        self.refused("tune", "--only", trial, "run", "data.file=other.csv",
                     says="run: was trained on other data than other.csv has now")
        # Where the data has only moved, it can be said.
        self.write("moved.csv", "\n".join(lines) + "\n")
        self.brood("tune", "--only", trial, "run", "data.file=moved.csv")
        self.refused("tune", "--only", trial, "run", says="is not empty; name another directory")
        self.brood("tune", "wine.yaml", "--out", "pbt", "--quiet",
                   "early_terminate={type: pbt, max_iter: 4, interval: 2}", "ensemble=0")
        self.refused("tune", "--only", "1", "pbt", says="under pbt a trial goes on as a copy")

    def test_data_that_has_moved_can_be_named(self):
        with open(WINE) as file:
            self.write("here.csv", file.read())
        self.brood("tune", "wine.yaml", "data.file=here.csv", "--out", "run", "--overwrite", "--quiet")
        (self.folder / "here.csv").rename(self.folder / "there.csv")
        self.refused("tune", "--only", "0", "run",
                     says="here.csv, is no longer there; if it has moved, say data.file=PATH")
        self.assertTrue(self.json_of("tune", "--only", "0", "run", "data.file=there.csv")["same"])

    def test_a_fine_tuned_trial_too(self):
        self.brood("tune", WINE, "--target", "cultivar", "start=run", "--trials", "4", "--out", "finer",
                   "--quiet", "early_terminate.max_iter=3")
        self.assertTrue(self.json_of("tune", "--only", "2", "finer")["same"])


class Predicting(Run):
    def test_the_winner_alone_and_trials_of_the_ensemble(self):
        winner = json.loads(self.text("run/run.json"))["winner"]["trial"]
        one = self.json_of("predict", "run", WINE, "--winner")
        self.assertEqual((one["networks"], one["trials"]), (1, [winner]))
        self.assertEqual(self.json_of("predict", "run", WINE, "--trial", winner), one)
        ensemble = self.json_of("predict", "run", WINE)
        self.assertNotEqual(ensemble["predictions"], one["predictions"])
        for trial in self.kept():
            self.assertEqual(self.json_of("predict", "run", WINE, "--trial", trial)["trials"], [trial])
        self.refused("predict", "run", WINE, "--trial", "20",
                     says="trial 20 is none of its trials, of which there are 20")
        self.refused("predict", "run", WINE, "--trial", "0", "--winner", says="say one of them")
        self.refused("predict", "run", WINE, "--trial", "x", says="--trial: 'x' is not allowed")

    def test_threads_change_nothing(self):
        self.assertEqual(self.brood("predict", "run", WINE, "--threads", "1")[0],
                         self.brood("predict", "run", WINE, "--threads", "2")[0])

    def test_an_id_goes_with_its_row(self):
        with open(WINE, newline="") as file:
            rows = list(csv.reader(file))
        ids = ["007", "NA", "", "a,b", "1.50", "x"] + [str(i) for i in range(172)]
        with open(self.folder / "named.csv", "w", newline="") as file:
            csv.writer(file).writerows([["name"] + rows[0]] +
                                       [[i] + row for i, row in zip(ids, rows[1:])])
        plain = list(csv.reader(self.brood("predict", "run", WINE)[0].splitlines()))
        out, _ = self.brood("predict", "run", "named.csv", "--id", "name")
        named = list(csv.reader(out.splitlines()))
        self.assertEqual(named[0], ["name"] + plain[0])
        self.assertEqual([row[0] for row in named[1:]], ids)
        self.assertEqual([row[1:] for row in named], plain)
        document = self.json_of("predict", "run", "named.csv", "--id", "name")
        self.assertEqual([row["name"] for row in document["predictions"]], ids)
        # An input, as it is written; and a name that predictions have already.
        out, _ = self.brood("predict", "run", WINE, "--id", rows[0][0])
        self.assertEqual([row[0] for row in csv.reader(out.splitlines())], [row[0] for row in rows])
        _, scores = self.brood("predict", "run", WINE)
        out, err = self.brood("predict", "run", WINE, "--id", "cultivar")
        self.assertEqual([row[0] for row in csv.reader(out.splitlines())], [row[-1] for row in rows])
        self.assertEqual(err, scores)
        self.write("taken.csv", self.text("named.csv").replace("name", "prediction", 1))
        out, _ = self.brood("predict", "run", "taken.csv", "--id", "prediction")
        self.assertTrue(out.startswith("id_prediction,prediction,p_0,"))
        self.refused("predict", "run", WINE, "--id", "huee",
                     says=f"--id: {WINE} has no column 'huee'; did you mean hue?; it has alcohol, ")


class Widths(Run):
    """Everything that is printed as a table fits the terminal, and says what it leaves out."""

    HYPERBAND = "early_terminate={type: hyperband, max_iter: %d}"

    def lines(self, width, *arguments):
        done = self.run_brood(*arguments, COLUMNS=str(width))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().splitlines()

    def test_tables_fit(self):
        # A run of which a text is far longer than anybody would like it to be.
        self.write("wide/run.json", self.text("run/run.json"))
        self.write("wide/trials.csv", "trial,state,epochs,valid_accuracy,activation\n" + "".join(
            f"{i},complete,9,0.5,{'abcdefgh' * 30}{i}\n" for i in range(4)))
        for width in WIDTHS:
            for arguments in (["show", "run"], ["devices"], ["show", "wide"],
                              ["show", "run", "--columns", "trial,seed,fold_1,lr,hidden"]):
                longest = max(self.lines(width, *arguments), key=len)
                self.assertLessEqual(len(longest), width, (arguments, longest))
            table = [line for line in self.lines(width, "plan", "wine.yaml", "--trials", "143",
                                                   self.HYPERBAND % 81)
                     if re.match(r"  (brackets| {3,}\d)", line)]
            self.assertEqual(len(table), 7)
            self.assertLessEqual(max(map(len, table)), width)

    def test_the_leaderboard_of_tune_fits(self):
        for width in (60, 80):
            lines = self.lines(width, "tune", "wine.yaml", "--quiet")
            board = lines[:lines.index("")]
            self.assertLessEqual(max(map(len, board)), width)
            self.assertIn("rank  trial", board[0])
            self.assertIn("Too wide to be shown here: ", " ".join(board))
        lines = self.lines(200, "tune", "wine.yaml", "--quiet")
        self.assertNotIn("Too wide", "".join(lines))

    def test_what_is_asked_for_is_shown_in_blocks_where_it_does_not_fit(self):
        columns = "trial,state,valid_accuracy,seed,fold_1,fold_2,fold_3,lr,hidden"
        lines = self.lines(60, "show", "run", "--columns", columns, "--top", "2")
        for name in columns.split(",")[1:2] + columns.split(",")[3:]:
            self.assertEqual(sum(line.startswith(f"  {name} ") for line in lines), 2, name)
        # Of one row nothing is left out: there is nothing to compare it with.
        one = self.lines(80, "show", "run", "--top", "1")
        self.assertEqual(sum(line.startswith("  parameters  ") for line in one), 1)
        lines = self.lines(200, "show", "run", "--columns", columns, "--top", "2")
        self.assertEqual(sum("fold_1" in line for line in lines), 1)

    def test_hyperbands_plan_is_a_page(self):
        lines = self.lines(80, "plan", "wine.yaml", "--trials", "5000", self.HYPERBAND % 243)
        self.assertLess(len(lines), 24)
        self.assertRegex("\n".join(lines), r"(?m)^ +\d+ +5000  in all +\d+$")
        lines = self.lines(80, "plan", "wine.yaml", "early_terminate={type: median, max_iter: 400}")
        self.assertLess(len(lines), 16)

    def test_the_terminals_width_is_taken(self):
        for width in (60, 100):
            master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            environment = self.environment(TERM="xterm")
            environment.pop("COLUMNS", None)
            with open(self.folder / "err", "wb") as err:
                process = subprocess.Popen([BROOD, "show", "run"], cwd=self.folder, stdout=slave,
                                           stderr=err, env=environment)
                os.close(slave)
                written = b""
                try:
                    while part := os.read(master, 65536):
                        written += part
                except OSError:  # the other end was closed
                    pass
                os.close(master)
                self.assertEqual(process.wait(timeout=HANG), 0)
            longest = max(map(len, written.decode().replace("\r", "").splitlines()))
            self.assertTrue(width - 25 < longest <= width, longest)


if __name__ == "__main__":
    unittest.main()
