# SPDX-License-Identifier: Apache-2.0
"""The score that is told, without test rows and with them, wherever it is told."""

import json
import re
import unittest

from command import CANCER, SWEEP, WINE, CommandTest

FAST = ["--trials", "9", "early_terminate.max_iter=9"]
TOLD = (r"log_loss ([\d.]+) \[([\d.]+), ([\d.]+)\] on rows that no network that predicts them was trained "
        r"on, corrected for the choice")


def unwrapped(text):
    return " ".join(text.split())


class OutOfFold(CommandTest):
    def told(self, text):
        found = re.search(TOLD, unwrapped(text))
        self.assertTrue(found, text)
        return found.groups()

    def test_is_told_where_there_are_no_test_rows(self):
        for ensemble in (["ensemble=8"], ["ensemble=0"]):
            run = "run" + ensemble[0][-1]
            out, err = self.brood("tune", CANCER, "--target", "diagnosis", *FAST, *ensemble, "--out", run)
            self.assertIn("no test rows (validation.test=0.2: a fifth)", unwrapped(err))
            score, low, high = self.told(out)
            self.assertLessEqual(float(low), float(score))
            self.assertLessEqual(float(score), float(high))
            self.assertRegex(unwrapped(out), r"On these rows also accuracy 0\.9\d+")
            predicts = json.loads(self.text(run + "/run.json"))["predicts"]
            told = predicts["out_of_fold"]
            self.assertAlmostEqual(told["score"], float(score), delta=1e-3 * told["score"])
            self.assertEqual((told["rows"], predicts["test"]), (569, None))
            self.assertGreater(told["draws"], 40)
            self.assertGreater(told["metrics"]["accuracy"], 0.9)
            inspection = json.loads(self.text(run + "/inspection.json"))
            self.assertEqual((inspection["rows"], inspection["of_validated_rows"]), (569, True))
            right = sum(inspection["confusion"][k][k] for k in range(2)) / 569
            self.assertAlmostEqual(right, told["metrics"]["accuracy"], delta=0.02)
            self.assertEqual(len(inspection["columns"]), 30)
            page = self.text(run + "/report.html")
            self.assertIn("corrected for the choice", page)
            self.assertIn("569 validated rows", page)
            card = self.text(run + "/best/README.md")
            self.assertIn("name: \"out-of-fold log_loss\"", card)
            self.assertIn(f"out-of-fold log_loss | 569 rows, each out of fold", card)
            self.assertIn("corrected for the choice", self.brood("report", run, "--format", "markdown")[0])
            shown, _ = self.brood("show", run)
            self.assertIn(f"out of fold {score} [{low}, {high}]", unwrapped(shown))
            self.assertRegex(shown, r"rank +trial +epochs +valid log_loss +accuracy")
            compared, _ = self.brood("runs", run)
            self.assertIn("out of fold", compared)
            (line,) = self.json_of("runs", run)["runs"]
            self.assertEqual(line["out_of_fold"], told)

    def test_a_sweep_is_told_it_too_and_by_any_number_of_threads(self):
        self.write("wine.yaml", SWEEP.replace("metric: {name: accuracy}\n", ""))
        documents = []
        for threads in ("1", "3"):
            document = self.json_of("tune", "wine.yaml", "validation={folds: 3, repeats: 2, test: 0}",
                                    "--threads", threads, "--out", "run" + threads)
            documents.append(document["predicts"]["out_of_fold"])
        self.assertEqual(*documents)
        self.assertEqual(documents[0]["rows"], 178)

    def test_by_time_it_is_told_as_it_is(self):
        days = "".join(f"{i},{(i * 37) % 101},{(i * 37) % 101 + (i * 53) % 7}\n" for i in range(90))
        self.write("days.csv", "day,a,y\n" + days)
        out, _ = self.brood("tune", "days.csv", "--target", "y", "task=regression", *FAST,
                            "validation.time=day", "validation.folds=3", "--out", "run")
        self.assertIn("not corrected for the choice", unwrapped(out))
        told = json.loads(self.text("run/run.json"))["predicts"]["out_of_fold"]
        self.assertEqual((told["draws"], told["low"]), (0, None))
        self.assertIn("rows that follow each other in time cannot be drawn", self.text("run/report.html"))

    def test_the_leaderboard_shows_accuracy_beside_log_loss(self):
        out, _ = self.brood("tune", CANCER, "--target", "diagnosis", *FAST, "--out", "run")
        names = out.split("\n")[0].split()
        self.assertEqual(names[:6], ["rank", "trial", "epochs", "valid", "log_loss", "accuracy"])
        rows = self.rows("run/trials.csv")
        best = json.loads(self.text("run/run.json"))["winner"]["trial"]
        self.assertGreater(float(rows[best]["accuracy"]), 0.85)
        points = [p for p in self.rows("run/curves.csv") if int(p["trial"]) == best]
        for point in points:  # at every epoch, and it is the loss
            self.assertEqual(point["valid_log_loss"], point["valid_loss"])


class RefitAll(CommandTest):
    def test_the_score_stays_and_predictions_change(self):
        self.write("wine.yaml", SWEEP)
        for refit in ("true", "all"):
            self.brood("tune", "wine.yaml", "refit=" + refit, "--out", refit)
        scores = [json.loads(self.text(f"{run}/run.json"))["predicts"]["test"] for run in ("true", "all")]
        self.assertEqual(*scores)
        predictions = [self.brood("predict", run, WINE)[0] for run in ("true", "all")]
        self.assertNotEqual(*predictions)
        self.assertIn("refit: all\n", self.text("all/config.yaml"))
        self.assertIn("have been trained on the test rows since", self.text("all/best/README.md"))
        self.assertNotIn("since;", self.text("true/best/README.md"))
        # What the test rows tell is of the networks before, too.
        self.assertEqual(self.text("true/inspection.json"), self.text("all/inspection.json"))
        _, err = self.brood("predict", "all", WINE)
        self.assertIn("all of these rows have trained the model", unwrapped(err))

    def test_going_on_gives_the_same_bytes(self):
        self.write("wine.yaml", SWEEP)
        self.brood("tune", "wine.yaml", "refit=all", "ensemble=4", "--out", "whole")
        self.brood("tune", "wine.yaml", "refit=all", "ensemble=4", "--out", "again", "--events", "1")
        self.brood("tune", "wine.yaml", "refit=all", "ensemble=4", "--out", "again", "--resume")
        for name in ("best/model.safetensors", "best/ensemble.safetensors", "best/score.json"):
            self.assertEqual(*((self.folder / run / name).read_bytes() for run in ("whole", "again")))


if __name__ == "__main__":
    unittest.main()
