# SPDX-License-Identifier: Apache-2.0
"""Validation by group, by time and by given folds, from the sweep file to the files of a run."""

import csv
import unittest

from command import CommandTest

SWEEP = """\
data: {file: d.csv, target: y}
trials: 3
early_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: 3}
parameters: {lr: {distribution: log_uniform_values, min: 1e-3, max: 1e-1}}
validation: %s
"""


def table(rows=60):
    """Twelve patients in order of five days each; a column of folds; two classes."""
    lines = ["patient,day,part,x,y"]
    for i in range(rows):
        part = "test" if i % 10 == 9 else f"f{i % 3}"
        lines.append(f"p{i // 5},2024-01-{i // 5 + 1:02},{part},{i % 7},{'uv'[i % 2]}")
    return "\n".join(lines) + "\n"


class Validation(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("d.csv", table())

    def refused(self, validation, *arguments, says):
        self.write("s.yaml", SWEEP % validation)
        out, err = self.brood("tune", "s.yaml", *arguments, "--out", "run", code=2)
        self.assertEqual(out, "")
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, err)
        self.assertFalse((self.folder / "run").exists())

    def test_columns_named_so_are_no_inputs(self):
        for i, validation in enumerate(("{folds: 3, group: patient}", "{time: day}", "{fold: part}")):
            self.write("s.yaml", SWEEP % validation)
            document = self.json_of("check", "s.yaml", "data.drop=[]")
            # x and the two columns that are not validated by: texts one-hot, a date as itself and a
            # place in the week.
            other = {"patient": 12, "day": 3, "part": 4}
            column = ("patient", "day", "part")[i]
            self.assertEqual(document["inputs"], 1 + sum(other.values()) - other[column])

    def test_runs_and_their_resolved_configs_repeat(self):
        for i, (validation, folds) in enumerate((
                ("{folds: 3, group: patient, repeats: 2}", 3), ("{folds: 2, time: day}", 2),
                ("{fold: part}", 3), ("{holdout: 0.2, group: patient}", 1))):
            self.write("s.yaml", SWEEP % validation)
            drop = "data.drop=[%s]" % ",".join(c for c in ("patient", "day", "part")
                                               if c not in validation)
            self.brood("tune", "s.yaml", drop, "--out", f"run{i}", "--quiet")
            with open(self.folder / f"run{i}" / "curves.csv", newline="") as file:
                self.assertEqual({int(row["fold"]) for row in csv.DictReader(file)},
                                 set(range(folds)))
            self.brood("tune", f"run{i}/config.yaml", "--out", f"again{i}", "--quiet")
            for name in ("trials.csv", "curves.csv", "best/score.json"):
                self.assertEqual(self.text(f"again{i}/{name}"), self.text(f"run{i}/{name}"))
            self.brood("predict", f"run{i}", "d.csv")

    def test_the_command_line_chooses_the_column(self):
        document = self.json_of("check", "d.csv", "--target", "y", "validation.group=patient",
                                "data.drop=[day,part]")
        self.assertEqual(document["inputs"], 1)

    def test_what_the_data_does_not_allow_is_refused_at_its_place(self):
        self.refused("{folds: 3, group: patien}",
                     says="s.yaml:5:31: validation.group: there is no column 'patien'; the columns "
                          "are: patient, day, part, x, y")
        self.refused("{folds: 30, group: patient}",
                     says="s.yaml:5:21: validation.folds is 30, but there are")
        self.refused("{folds: 130}", says=["s.yaml:5:21: validation.folds is 130, but there are"])
        self.refused("{folds: 20, time: day}",
                     says=["s.yaml:5:21: validation.folds is 20, but the", "different times"])
        self.refused("{time: part}", says="s.yaml:5:20: validation.time 'part' is 'f0'")
        self.refused("{fold: y}", says="s.yaml:5:20: validation.fold: 'y' is the target")
        self.refused("{folds: 3}", "validation.folds=140",
                     says="validation.folds=140: validation.folds is 140, but there are")
        # One class in each group.
        self.write("d.csv", "g,x,y\n" + "".join(f"{i % 2},{i},{'uv'[i % 2]}\n" for i in range(20)))
        self.refused("{folds: 2, group: g, test: 0}",
                     says="s.yaml:5:13: validation: in fold 0 class '")

    def test_a_metric_without_a_value_is_refused_at_its_place(self):
        # The last days are all of one class.
        self.write("d.csv", "day,x,y\n" + "".join(
            f"{i},{i % 5},{'u' if i > 40 or i % 2 else 'v'}\n" for i in range(60)))
        self.write("s.yaml", SWEEP % "{time: day}" + "metric: {name: auc}\n")
        _, err = self.brood("tune", "s.yaml", code=2)
        self.assertIn("s.yaml:6:16: metric.name: auc has no value on the test rows: all of the rows "
                      "are of one class", err)
        self.brood("check", "s.yaml", "metric.name=accuracy")


if __name__ == "__main__":
    unittest.main()
