# SPDX-License-Identifier: Apache-2.0
"""Tables with all that columns can be, and a run of each, for the tests of exports."""

import csv
import datetime
import io
import json
import math
import random
import struct

from command import CommandTest

DAY = datetime.date(1970, 1, 1)


def rows(count=240, seed=5):
    """Numbers (some missing, some far from 0), texts (rare, missing, with marks), dates, times."""
    chance = random.Random(seed)
    levels = ["red", "dark blue", 'the "best", really?', "grün", "*/ @ ??/"]
    table = []
    for _ in range(count):
        number, far = chance.gauss(3, 2), chance.gauss(0, 1)
        level = chance.choice(levels)
        day = DAY + datetime.timedelta(days=chance.randrange(18000, 19500))
        minute = chance.randrange(24 * 60)
        score = (number + 2 * far + levels.index(level) + math.sin(2 * math.pi * minute / 1440)
                 + chance.gauss(0, 0.3))
        table.append({
            "number": "" if chance.random() < 0.1 else f"{number:.6g}",
            "while": f"{chance.random():.4f}",
            "far, Hz": f"{1.4e9 + far:.3f}",
            "prediction": "" if chance.random() < 0.1 else level,
            "day": day.isoformat(),
            "clock": f"{minute // 60:02d}:{minute % 60:02d}",
            "score": score,
        })
    return table


def with_targets(table, **targets):
    """The table as csv with, in place of its score, what the functions make of it."""
    text = io.StringIO()
    names = [name for name in table[0] if name != "score"] + list(targets)
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in table:
        written = {name: row[name] for name in names if name in row}
        written.update({name: make(row["score"]) for name, make in targets.items()})
        writer.writerow(written)
    return text.getvalue()


def cell_value(name, cell):
    """What an export takes for a cell: days, seconds, a number, or the text as it is."""
    if name == "prediction":
        return cell
    if cell == "":
        return math.nan
    if name == "day":
        return float((datetime.date.fromisoformat(cell) - DAY).days)
    if name == "clock":
        hours, minutes = cell.split(":")
        return 3600.0 * int(hours) + 60.0 * int(minutes)
    return float(cell)


FAST = ["--trials", "6", "early_terminate.max_iter=4", "--quiet"]
ACTIVATIONS = ["identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh",
               "sigmoid", "softplus", "hardswish", "sin"]
# Of each kind of target: its columns, what is said to tune, and how predict calls the numbers.
KINDS = {
    "numbered classes": ({"y": lambda s: int(s > 3) + int(s > 6)}, ["--target", "y"]),
    "named classes": ({"y": lambda s: "high" if s > 5 else 'a "low" one'}, ["--target", "y"]),
    "two classes of one logit": ({"y": lambda s: "yes" if s > 5 else "no"},
                                 ["--target", "y", "loss=bce", "ensemble=0"]),
    "classes by bce": ({"y": lambda s: int(s > 3) + int(s > 6)}, ["--target", "y", "loss=bce"]),
    "labels": ({"a": lambda s: int(s > 3), "b": lambda s: int(s < 6)},
               ["data.target=[a,b]", "task=multi_label"]),
    "values": ({"y": lambda s: f"{100 * s:.5g}"}, ["--target", "y"]),
    "values far from 0": ({"y": lambda s: f"{5e9 + s:.4f}"}, ["--target", "y", "ensemble=0"]),
    "values by their logarithm": ({"y": lambda s: max(0, round(3 * s))},
                                  ["--target", "y", "task=regression", "loss=poisson"]),
    "several values": ({"a": lambda s: f"{s:.5g}", "b": lambda s: f"{1000 - s * s:.6g}"},
                       ["data.target=[a,b]"]),
}

# Stated in brood/files/export.hpp.
BOUND = 1e-5
ENCODED = ["data.bins=4", "data.missing_indicator=true"]
# Inputs that are a list, of some trials or of all.
NUMBERS = [["parameters.scaling.values=[standard, robust]", "parameters.pieces.values=[0, 5]",
            "data.missing_indicator=true"],
           ["scaling=robust", "pieces=3", "periodic=4", "periodic_sigma=0.5"]]
# Networks of several heads, of some trials or of all.
HEADS = [["parameters.heads.values=[1, 2, 8]"], ["heads=4", "periodic=2", "ensemble=0"]]


def read_header(path):
    """Of a file of safetensors."""
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    return json.loads(data[8:8 + size])


def metadata(path):
    """What a model file says of itself."""
    return read_header(path)["__metadata__"]


class ExportTest(CommandTest):
    def tune(self, kind, *options, run="run", data="data.csv"):
        """A run on a table whose target is of this kind."""
        targets, words = KINDS[kind]
        self.write(data, with_targets(rows(), **targets))
        self.brood("tune", data, *words, *FAST, "--out", run, *options)

    def predicted(self, run="run", data="data.csv", *options):
        """The numbers of `brood predict`, by row, and its words, if there are any."""
        out, _ = self.brood("predict", run, data, *options)
        lines = list(csv.DictReader(out.splitlines()))
        numbers = [name for name in lines[0] if name.startswith(("p_", "prediction_"))]
        values = numbers or ["prediction"]
        in_words = numbers and "prediction" in lines[0]
        words = [line["prediction"] for line in lines] if in_words else None
        return [[float(line[name]) for name in values] for line in lines], words

    def check_near(self, got, expected, of_values):
        """Probabilities to BOUND; values to BOUND of their standard deviation."""
        self.assertEqual(len(got), len(expected))
        for column in range(len(expected[0])):
            cells = [row[column] for row in expected]
            mean = sum(cells) / len(cells)
            spread = math.sqrt(sum((cell - mean) ** 2 for cell in cells) / len(cells))
            bound = BOUND * (spread if of_values else 1)
            worst = max(abs(mine[column] - cell) for mine, cell in zip(got, cells))
            self.assertLessEqual(worst, bound)

    def check_calibrated(self, got, expected, temperature, *, by_logit):
        """Probabilities under a temperature T, and against predict's.

        To BOUND at the steepest place of a sigmoid, where its slope is 1/4, log odds agree to
        4 BOUND; in the mean over an ensemble, which keeps relative errors of each probability and
        of its rest, to 8 BOUND. The temperature divides log odds by T, and a probability q moves
        with its log odds by q (1 - q). What is computed is rounded once more, to fp32, and there
        predict's digits end. Of one logit the rest is 1 - p, of a p in fp32: predict rounds the sum
        and the quotient of its sigmoid (2^-24 and 2^-25), what is exported rounds once (2^-25), and
        both round the mean of an ensemble once more; that is 3 2^-24 / min(p, 1 - p) of the log
        odds, where no rest below 2^-24 counts."""
        self.assertEqual(len(got), len(expected))
        least = 2.0 ** -24
        for mine, row in zip(got, expected):
            self.assertEqual(len(mine), len(row))
            for own, q in zip(mine, row):
                log_odds = 8 * BOUND
                if by_logit and 0 < q < 1:
                    odds = (q / (1 - q)) ** temperature
                    log_odds += 3 * least / max(min(odds, 1 / odds), least)
                bound = 1.01 * q * (1 - q) * log_odds / temperature + 2.0 ** -22
                self.assertLessEqual(abs(own - q), bound, (own, q, temperature))

    def cells(self, data="data.csv"):
        """Of the inputs of the models: a list for each column."""
        table = self.rows(data)
        names = [name for name in table[0] if name not in ("y", "a", "b")]
        return {name: [cell_value(name, row[name]) for row in table] for name in names}
