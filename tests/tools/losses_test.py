# SPDX-License-Identifier: Apache-2.0
"""Losses of counts, of amounts that are often 0, and of quantiles, from a table to predictions of other rows.

The tables are drawn here, so that what is best to predict is known.
"""

import csv
import json
import math
import random
import unittest

from command import CommandTest

FAST = ["--trials", "12", "early_terminate.max_iter=27", "data.bins=0", "--quiet", "task=regression"]
COLUMNS = ("a", "b", "y")


def drawn(count, seed, target):
    """Rows of two numbers and of a target, with what is expected of it: (a, b, y, mean)."""
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        a, b = chance.uniform(-1, 1), chance.uniform(-1, 1)
        mean = math.exp(0.8 + 1.2 * a - 0.7 * b * b)
        rows.append((a, b, target(chance, mean), mean))
    return rows


def count_of(chance, mean):
    """Of a Poisson law: arrivals within a unit of time."""
    time, count = chance.expovariate(mean), 0
    while time < 1:
        time, count = time + chance.expovariate(mean), count + 1
    return count


def amount_of(chance, mean):
    """A sum of a Poisson number of gamma amounts: two thirds are 0 where the mean is 1."""
    return sum(chance.gammavariate(2, 1.25) for _ in range(count_of(chance, 0.4 * mean)))


def spread_of(chance, mean):
    return mean + mean * chance.gauss(0, 1)


class Losses(CommandTest):
    def tuned(self, target, *words, rows=800):
        """Held rows, as drawn, with what is predicted of them; and the run's score."""
        self.write_rows("data.csv", drawn(rows, 1, target))
        held = drawn(2000, 2, target)
        self.write_rows("held.csv", held)
        self.brood("tune", "data.csv", "--target", "y", "--out", "run", *FAST, *words)
        out, err = self.brood("predict", "run", "held.csv")
        predicted = [float(row["prediction"]) for row in csv.DictReader(out.splitlines())]
        self.assertEqual(len(predicted), len(held))
        return held, predicted, err

    def write_rows(self, name, rows):
        lines = [",".join(COLUMNS)] + [f"{a:.6f},{b:.6f},{y:.17g}" for a, b, y, _ in rows]
        self.write(name, "\n".join(lines) + "\n")

    def check_means(self, held, predicted, most):
        """Predictions are above 0, right on the whole, and near to what is expected of each row."""
        self.assertGreater(min(predicted), 0)
        self.assertAlmostEqual(sum(predicted) / sum(mean for *_, mean in held), 1, delta=0.12)
        spread = math.sqrt(sum((mean - 2) ** 2 for *_, mean in held) / len(held))
        off = math.sqrt(sum((p - row[3]) ** 2 for p, row in zip(predicted, held)) / len(held))
        self.assertLess(off / spread, most)

    def test_counts_are_predicted_by_their_means(self):
        held, predicted, _ = self.tuned(count_of, "loss=poisson")
        self.check_means(held, predicted, 0.25)

    def test_amounts_that_are_often_nothing(self):
        held, predicted, _ = self.tuned(amount_of, "loss=tweedie", "tweedie_power=1.5", rows=2000)
        self.assertGreater(sum(row[2] == 0 for row in held), 500)
        self.check_means(held, predicted, 0.4)

    # What predicts is the mean of the networks' means.
    def test_the_networks_of_folds_predict_by_the_mean_of_their_means(self):
        held, predicted, _ = self.tuned(count_of, "loss=poisson", "ensemble=4", "validation.folds=3")
        self.check_means(held, predicted, 0.25)
        out, _ = self.brood("export", "run", "--format", "c", "--out", "model.h")
        self.assertIn("exp(", self.text("model.h"))

    def test_a_quantile_is_above_its_share_of_rows(self):
        for tau in (0.1, 0.9):
            with self.subTest(tau=tau):
                held, predicted, err = self.tuned(spread_of, "loss=pinball", f"tau={tau}", "--overwrite", rows=2000)
                share = sum(row[2] <= p for p, row in zip(predicted, held)) / len(held)
                self.assertAlmostEqual(share, tau, delta=0.03)
                score = json.loads(self.text("run/best/score.json"))
                self.assertEqual(score["metric"], "pinball")
                self.assertIn("pinball ", err)
                # Of the best predictions, the quantiles of a normal law of deviation `mean`.
                best = sum(0.1755 * row[3] for row in held) / len(held)
                loss = sum(max(tau * (row[2] - p), (tau - 1) * (row[2] - p))
                           for p, row in zip(predicted, held)) / len(held)
                self.assertLess(loss, 1.1 * best)
                self.assertAlmostEqual(loss, float(err.split("pinball ")[1].split()[0]), delta=0.01 * loss)

    def test_targets_below_zero_are_refused_with_their_rows(self):
        rows = drawn(60, 3, count_of)
        rows[6], rows[41] = (0.5, 0.5, -3, 0), (0.1, 0.1, -1, 0)
        self.write_rows("data.csv", rows)
        for loss in ("poisson", "tweedie"):
            _, err = self.brood("tune", "data.csv", "--target", "y", f"loss={loss}", *FAST, code=2)
            self.assertIn(f"data.csv: column 'y': -3 in rows 7, 42; loss: {loss} takes targets of at least 0: leave "
                          "such rows out, or take mse, mae, huber, pinball or log_cosh", " ".join(err.split()))

    def test_numbers_far_from_zero_have_no_logarithms(self):
        self.write_rows("data.csv", [(a, b, 5e9 + y, 0) for a, b, y, _ in drawn(60, 3, spread_of)])
        _, err = self.brood("tune", "data.csv", "--target", "y", "loss=poisson", *FAST, code=2)
        self.assertIn("held but as differences, and loss: poisson takes their logarithms", " ".join(err.split()))


if __name__ == "__main__":
    unittest.main()
