# SPDX-License-Identifier: Apache-2.0
"""What decisions are made by: the positive class, the threshold, calibrated probabilities, and
intervals around values; from `tune` to `predict`."""

import csv
import json
import random
import unittest

from command import CANCER, WINE, CommandTest

FAST = ["--trials", "4", "early_terminate.max_iter=4", "--quiet"]


class Calibration(CommandTest):
    def predictions(self, *arguments):
        out, _ = self.brood("predict", *arguments)
        return list(csv.DictReader(out.splitlines()))

    def test_the_positive_class_is_what_precision_is_of(self):
        tuned = ["tune", CANCER, "--target", "diagnosis", *FAST, "metric.name=recall", "ensemble=0"]
        self.brood(*tuned, "--out", "malignant")
        self.brood(*tuned, "--positive", "benign", "--out", "benign")
        self.assertIn("  positive: benign\n", self.text("benign/config.yaml"))
        with open(CANCER, newline="") as file:
            truth = [row["diagnosis"] for row in csv.DictReader(file)]
        for positive in ("malignant", "benign"):
            document = self.json_of("predict", positive, CANCER)
            rows = document["predictions"]
            self.assertEqual(list(rows[0])[-1], f"p_{positive}")
            hits = [row["prediction"] for row, label in zip(rows, truth) if label == positive]
            self.assertAlmostEqual(document["score"], hits.count(positive) / len(hits), delta=1e-12)
        # What config.yaml says repeats it.
        self.brood("tune", "benign/config.yaml", "--quiet", "--out", "again")
        self.assertEqual(self.text("again/trials.csv"), self.text("benign/trials.csv"))

    def test_a_positive_class_that_is_none_is_refused(self):
        for path, target, label, why in (
                (CANCER, "diagnosis", "M", "the target has benign, malignant"),
                (WINE, "cultivar", "1", "the target has 3: 0, 1, 2")):
            _, err = self.brood("tune", path, "--target", target, "--positive", label, code=2)
            self.assertIn(f"data.positive: '{label}' is not one of two classes; {why}", err)
        _, err = self.brood("tune", CANCER, "--target", "diagnosis", "--positive", "M",
                            "data.positive=B", code=2)
        self.assertIn("data.positive=B: and --positive M are given; say it once", err)

    def test_a_threshold_is_tuned_and_predicted_with(self):
        out, _ = self.brood("tune", CANCER, "--target", "diagnosis", *FAST, "--out", "run",
                            "calibrate.threshold=f1")
        score = json.loads(self.text("run/best/ensemble.json"))
        threshold = score["threshold"]
        self.assertTrue(0 < threshold < 1)
        self.assertIn("'malignant' is predicted where the probability is above ", out)
        for row in self.predictions("run", CANCER):
            expected = "malignant" if float(row["p_malignant"]) > threshold else "benign"
            self.assertEqual(row["prediction"], expected)
        _, err = self.brood("tune", WINE, "--target", "cultivar", *FAST, "calibrate.threshold=f1",
                            code=2)
        self.assertIn("calibrate.threshold: is for two classes or for labels; here are 3 classes",
                      err)

    def noisy(self, noise, rows=600):
        """A line with noise, in two columns: the value, and whether it is above 0."""
        draw = random.Random(5)
        lines = ["a,b,value,sign"]
        for _ in range(rows):
            a, b = draw.uniform(-1, 1), draw.uniform(-1, 1)
            value = 100 * (a - b + draw.gauss(0, noise))
            lines.append(f"{a:.4f},{b:.4f},{value:.3f},{'up' if value > 0 else 'down'}")
        return self.write("noisy.csv", "\n".join(lines) + "\n")

    def test_intervals_hold_the_share_that_they_say(self):
        self.noisy(0.5)
        tuned = ["tune", "noisy.csv", "--target", "value", "data.drop=sign", *FAST]
        out, _ = self.brood(*tuned, "--out", "run")
        self.assertRegex(out, r"In 90 % of rows the target is within \d+\.\d+ of the prediction; of rows "
                              r"that it was not fitted on, in [89]\d\.\d %")
        saved = json.loads(self.text("run/run.json"))["predicts"]["intervals"]
        self.assertEqual([each["coverage"] for each in saved], [0.5, 0.8, 0.9, 0.95, 0.99])
        for each in saved:
            rows = self.predictions("run", "noisy.csv", "--interval", each["coverage"])
            inside = 0
            for row, line in zip(rows, self.rows("noisy.csv")):
                low, high = float(row["prediction_low"]), float(row["prediction_high"])
                half = each["half_widths"][0]
                # The prediction is told in fp32.
                self.assertAlmostEqual(low, float(row["prediction"]) - half, delta=1e-4)
                self.assertAlmostEqual(high, float(row["prediction"]) + half, delta=1e-4)
                inside += low <= float(line["value"]) <= high
            # Five deviations of a share of 600.
            self.assertAlmostEqual(inside / 600, each["coverage"], delta=0.11)
        document = self.json_of("predict", "run", "noisy.csv", "--interval", "0.9")
        self.assertEqual(list(document["predictions"][0]),
                         ["prediction", "prediction_low", "prediction_high"])
        _, err = self.brood("predict", "run", "noisy.csv", "--interval", "0.7", code=2)
        self.assertIn("--interval: 0.7 is not there; the model has intervals of 0.5, 0.8, 0.9, "
                      "0.95, 0.99", err)
        _, err = self.brood("predict", "run", "noisy.csv", "--interval", "90", code=2)
        self.assertIn("--interval: '90' is not a share; allowed: between 0 and 1", err)
        self.brood(*tuned, "calibrate.intervals=false", "--out", "none")
        _, err = self.brood("predict", "none", "noisy.csv", "--interval", "0.9", code=2)
        self.assertIn("this model has no intervals", err)

    def test_probabilities_are_calibrated_where_it_helps(self):
        self.noisy(1.5)
        # Far too sure: trained for long on few rows.
        tuned = ["tune", "noisy.csv", "--target", "sign", "data.drop=value", "--trials", "1",
                 "--quiet", "hidden=[128,128]", "lr=0.01", "weight_decay=0", "dropout=0",
                 "early_terminate.type=none", "epochs=200", "validation={folds: 2, test: 0.3}",
                 "refit=false",
                 "ensemble=0"]
        out, _ = self.brood(*tuned, "--out", "run")
        self.assertRegex(out, r"Its probabilities are calibrated, by a temperature of [1-9]\.\d+\.")
        self.brood(*tuned, "calibrate.temperature=false", "--out", "raw")
        scores = {name: json.loads(self.text(f"{name}/best/score.json")) for name in ("run", "raw")}
        self.assertLess(scores["run"]["test_metrics"]["log_loss"],
                        scores["raw"]["test_metrics"]["log_loss"])
        self.assertEqual(scores["run"]["test_metrics"]["accuracy"],
                         scores["raw"]["test_metrics"]["accuracy"])
        temperature = scores["run"]["temperature"]
        for own, raw in zip(self.predictions("run", "noisy.csv"),
                            self.predictions("raw", "noisy.csv")):
            self.assertEqual(own["prediction"], raw["prediction"])
            p, q = float(raw["p_up"]), float(raw["p_down"])
            if min(p, q) > 1e-5:
                odds = (p / q) ** (1 / temperature)
                self.assertAlmostEqual(float(own["p_up"]), odds / (1 + odds), delta=1e-5)


if __name__ == "__main__":
    unittest.main()
