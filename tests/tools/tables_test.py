# SPDX-License-Identifier: Apache-2.0
"""Tables as people have them: brood finds out how they are written, says so, and learns from them.

Each test stands for a kind of input that public reports on other tools tell of: numbers that fp32
does not tell apart, targets of any scale, separators, headers, words for missing values, rare classes.
The expected scores are those of scikit-learn's StandardScaler and MLPRegressor on the same rows, with
room for other splits.
"""

import csv
import datetime
import json
import math
import random
import subprocess
import unittest

from command import BROOD, HANG, CommandTest

# A search of a second.
FAST = ["--trials", "24", "early_terminate.max_iter=27", "ensemble=0", "--quiet"]


def table(header, rows, separator=","):
    lines = [separator.join(map(str, header))] + [separator.join(map(str, row)) for row in rows]
    return "\n".join(lines) + "\n"


class Tables(CommandTest):
    def check(self, *arguments):
        out, err = self.brood("check", *arguments, "--json")
        return json.loads(out), err


class Numbers(Tables):
    """What varies only beyond fp32's 24 bits, or is too large or small to be squared in it."""

    def r2(self, rows, target="y", scale=1.0):
        self.write("t.csv", table(("x", target), rows))
        self.brood("tune", "t.csv", "--target", target, "--out", "run", "--overwrite", *FAST, "task=regression")
        out, _ = self.brood("predict", "run", "t.csv", "--quiet")
        predicted = [float(line["prediction"]) / scale for line in csv.DictReader(out.splitlines())]
        true = [row[1] / scale for row in rows]
        mean = sum(true) / len(true)
        errors = sum((p - t) ** 2 for p, t in zip(predicted, true))
        return 1 - errors / sum((t - mean) ** 2 for t in true)

    def test_second_stamps_are_learned_from(self):
        draw = random.Random(1)
        rows = []
        for _ in range(200):
            second = draw.randrange(400)
            rows.append((1600000000 + second, math.sin(second / 60)))
        self.assertGreater(self.r2(rows), 0.9)

    def test_days_written_as_numbers_are_told_apart(self):
        draw = random.Random(2)
        days = [20180101 + draw.randrange(28) for _ in range(200)]
        self.write("t.csv", table(("day", "y"), [(day, "even" if day >= 20180115 else "odd") for day in days]))
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST)
        out, _ = self.brood("predict", "run", "t.csv", "--quiet", "--json")
        self.assertGreater(json.loads(out)["metrics"]["accuracy"], 0.97)

    def test_targets_beside_a_large_number_are_learned(self):
        draw = random.Random(3)
        xs = [draw.gauss(0, 1) for _ in range(200)]
        self.assertGreater(self.r2([(x, 1420405751.768 + x / 2) for x in xs]), 0.95)

    def test_targets_of_every_scale_are_learned(self):
        draw = random.Random(4)
        xs = [draw.gauss(0, 1) for _ in range(200)]
        for scale in (1e-27, 1e24, 1e300):
            with self.subTest(scale=scale):
                self.assertGreater(self.r2([(x, (5 + 2 * x) * scale) for x in xs], scale=scale), 0.95)
                score = json.loads(self.text("run/best/score.json"))
                for value in (score["valid"], score["out_of_fold"]["score"]):
                    self.assertLess(value / scale, 1, "in the user's units")
                    self.assertGreater(value / scale, 1e-4)
                with open(self.folder / "run/trials.csv", newline="") as file:
                    scores = {line["valid_rmse"] for line in csv.DictReader(file)}
                self.assertGreater(len(scores), 10, "trials do not tie")
                self.brood("tune", "run/config.yaml", "--out", "again", "--overwrite", "--quiet")
                for name in ("trials.csv", "best/model.safetensors"):
                    self.assertEqual((self.folder / "again" / name).read_bytes(),
                                     (self.folder / "run" / name).read_bytes())

    def test_columns_that_say_nothing_are_named(self):
        self.write("t.csv", table(("x", "same", "none", "y"),
                                  [(i, 7, "", "uv"[i % 2]) for i in range(60)]))
        _, err = self.brood("check", "t.csv", "--target", "y")
        self.assertIn("without a single value: none", err)
        self.assertIn("the same in every row: same", err)

    def test_scores_have_four_digits_however_small(self):
        draw = random.Random(5)
        xs = [draw.gauss(0, 1) for _ in range(100)]
        self.write("t.csv", table(("x", "y"), [(x, x * 1e-9) for x in xs]))
        out, _ = self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST)
        self.assertNotIn("0.0000", out)


class Writing(Tables):
    """How the text is written: found, said, and what is asked for instead."""

    ROWS = [(round(random.Random(i).gauss(0, 1), 4), i % 7, i % 2) for i in range(60)]

    def test_every_dialect_gives_the_same_table(self):
        comma = table(("a", "b", "y"), self.ROWS)
        dialects = {
            "comma.csv": comma,
            "tab.tsv": comma.replace(",", "\t"),
            "pipe.csv": comma.replace(",", "|"),
            "semicolon.csv": comma.replace(",", ";"),
            "german.csv": comma.replace(",", ";").replace(".", ","),
            "space.txt": comma.replace(",", "  "),
            "comment.csv": "# made by hand\n" + comma,
        }
        expected = None
        for name, text in dialects.items():
            with self.subTest(name):
                self.write(name, text)
                out, _ = self.brood("tune", name, "--target", "y", "--out", "run", "--overwrite", *FAST)
                trials = self.text("run/trials.csv")
                expected = expected or trials
                self.assertEqual(trials, expected)

    def test_what_is_found_is_said_and_can_be_set(self):
        self.write("t.csv", table(("a", "b", "y"), self.ROWS, ";").replace(".", ","))
        _, err = self.check("t.csv", "--target", "y")
        self.assertIn("t.csv: cells are separated by semicolons, decimals by a comma", err)
        document, err = self.check("t.csv", "--target", "y", "data.separator=;", "data.decimal=,")
        self.assertEqual(document["inputs"], 2)
        self.assertNotIn("separated", err)
        _, err = self.brood("check", "t.csv", "--target", "y", "data.separator=two", code=2)
        self.assertIn("data.separator=two: data.separator: 'two' is not allowed; allowed: comma, "
                      "semicolon, tab, pipe, space", err)
        self.brood("tune", "t.csv", "--target", "y", "data.separator=semicolon", "--out", "run", *FAST)
        self.brood("tune", "run/config.yaml", "--out", "again", "--quiet")
        self.assertEqual(self.text("again/trials.csv"), self.text("run/trials.csv"))

    def test_the_standard_input_is_a_file(self):
        text = table(("a", "b", "y"), self.ROWS)
        done = subprocess.run([BROOD, "check", "-", "--target", "y", "--json"], input=text.encode(),
                              capture_output=True, cwd=self.folder, timeout=HANG, check=True)
        self.assertEqual(json.loads(done.stdout)["rows"], len(self.ROWS))

    def test_a_path_may_hold_an_equals_sign(self):
        self.write("year=2020.csv", table(("a", "b", "y"), self.ROWS))
        self.write("year=2020/part.csv", table(("a", "b", "y"), self.ROWS))
        for path in ("year=2020.csv", "year=2020/part.csv"):
            document, _ = self.check(path, "--target", "y")
            self.assertEqual(document["rows"], len(self.ROWS))

    def test_a_header_of_numbers_is_one(self):
        self.write("t.csv", table((0, 1, 2), self.ROWS))
        document, err = self.check("t.csv", "--target", "-1")
        self.assertEqual(document["rows"], len(self.ROWS))
        self.assertIn("the first line is read as the header, as it counts up", err)
        _, err = self.brood("check", "t.csv", "--target", "c3", code=2)
        self.assertIn("there is no column 'c3'; the columns are: 0, 1, 2", err)
        self.assertIn("if it is a row, say data.header=false", err)

    def test_the_target_tells_the_header_of_a_table_of_texts(self):
        self.write("t.csv", table(("colour", "class"), [("red" if i % 2 else "blue", "uv"[i % 2])
                                                        for i in range(40)]))
        document, err = self.check("t.csv", "--target", "class")
        self.assertEqual(document["rows"], 40)
        self.assertIn("as it names 'class'", err)

    def test_an_index_that_pandas_wrote_is_left_out(self):
        self.write("t.csv", table(("", "a", "b", "y"), [(i, *row) for i, row in enumerate(self.ROWS)]))
        document, err = self.check("t.csv", "--target", "y")
        self.assertEqual(document["inputs"], 2)
        self.assertIn("column 1 has no name and counts the rows: it is left out", err)

    def test_words_for_missing_numbers_are_missing(self):
        rows = [(a, "NaN" if i % 5 == 0 else b, y) for i, (a, b, y) in enumerate(self.ROWS)]
        self.write("t.csv", table(("a", "b", "y"), rows))
        document, err = self.check("t.csv", "--target", "y")
        self.assertEqual(document["inputs"], 2)
        self.assertIn("column 'b': 'NaN' is read as missing, in 12 rows", err)
        document, _ = self.check("t.csv", "--target", "y", "data.missing=[NaN]")
        self.assertEqual(document["inputs"], 2)


class Targets(Tables):
    """Classes and numbers as they come: rare, many, graded."""

    def test_a_rare_class_does_not_end_the_search(self):
        draw = random.Random(6)
        rows = [(draw.gauss(i % 2, 1), "uv"[i % 2]) for i in range(198)] + [(9, "rare")]
        self.write("t.csv", table(("x", "y"), rows))
        _, err = self.check("t.csv", "--target", "y")
        self.assertIn("do not train and validate in every split: class 'rare' (1)", err)
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST)
        out, _ = self.brood("predict", "run", "t.csv", "--quiet")
        self.assertIn("p_rare", out.splitlines()[0])

    def test_rows_without_a_target_are_left_out(self):
        draw = random.Random(9)
        rows = [(round(draw.gauss(i % 2, 1), 3), i, "" if i % 10 == 3 else "uv"[i % 2]) for i in range(60)]
        self.write("t.csv", table(("x", "z", "y"), rows))
        document, err = self.check("t.csv", "--target", "y")
        self.assertEqual(document["rows"], 54)
        self.assertIn("t.csv: without a target, and so left out: rows 4, 14, 24, 34, 44 and 1 more", err)
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST)
        out, err = self.brood("predict", "run", "t.csv", "--json")
        document = json.loads(out)
        self.assertEqual(len(document["predictions"]), 60)
        self.assertIn("on 54 rows with a target", err)
        right = [p["prediction"] == row[2] for p, row in zip(document["predictions"], rows) if row[2]]
        self.assertAlmostEqual(document["metrics"]["accuracy"], sum(right) / 54)
        # The same as of a file without them.
        self.write("less.csv", table(("x", "z", "y"), [row for row in rows if row[2]]))
        self.brood("tune", "less.csv", "--target", "y", "--out", "less", *FAST)
        self.assertEqual(self.text("less/trials.csv"), self.text("run/trials.csv"))

    def test_grades_are_numbers_and_that_is_said(self):
        draw = random.Random(7)
        rows = [(g := min(18, max(0, round(draw.gauss(10, 3)))), g + draw.gauss(0, 1)) for _ in range(150)]
        self.write("t.csv", table(("grade", "x"), rows))
        document, err = self.check("t.csv", "--target", "grade")
        self.assertEqual(document["task"], "regression")
        self.assertIn("if they are classes, say task=classification", err)
        document, _ = self.check("t.csv", "--target", "grade", "task=classification")
        self.assertEqual(document["task"], "classification")

    def test_no_two_columns_of_a_file_have_one_name(self):
        self.write("t.csv", table(("x", "y"), [(i, "uv"[i % 2]) for i in range(60)]))
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", "metric.name=loss", *FAST)
        for name in ("curves.csv", "trials.csv"):
            header = self.text(f"run/{name}").splitlines()[0].split(",")
            self.assertEqual(len(set(header)), len(header))


class Dates(Tables):
    """Dates and times are numbers and places in the day, the week and the year."""

    def rows(self, form, first, days):
        start = datetime.date(2019, 1, 1)
        for i in range(first, first + days):
            day = start + datetime.timedelta(days=i)
            yield (form(day), 3 + math.sin(2 * math.pi * day.weekday() / 7))

    def learned(self, form, *said):
        """The error on days of later weeks, of a target that is a wave of a week, over its deviation."""
        self.write("t.csv", table(("day", "y"), self.rows(form, 0, 400)))
        self.write("new.csv", table(("day", "y"), self.rows(form, 400, 21)))
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", "--overwrite", *FAST, *said)
        out, _ = self.brood("predict", "run", "new.csv", "--json")
        return json.loads(out)["score"] / math.sqrt(0.5)

    def test_a_wave_of_a_week_goes_on(self):
        self.assertLess(self.learned(str), 0.5)

    def test_the_format_of_training_is_that_of_prediction(self):
        form = lambda day: f"{day.day:02}/{day.month:02}/{day.year}"
        self.write("t.csv", table(("day", "y"), self.rows(form, 0, 60)))
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST)
        # Days that could be months, and others that are none.
        self.write("new.csv", "day\n03/02/2020\n04/02/2020\n2020-02-05\nsoon\n\n")
        _, err = self.brood("predict", "run", "new.csv")
        self.assertIn("new.csv: column 'day': no date as dd/mm/yyyy in 2 rows, such as '2020-02-05'; they "
                      "count as missing", err)
        first, _ = self.brood("predict", "run", "new.csv", "--quiet")
        self.write("same.csv", "day\n3/2/2020 00:00\n4/2/2020\n?\n?\n?\n")
        second, err = self.brood("predict", "run", "same.csv")
        self.assertEqual(first.splitlines()[:5], second.splitlines()[:5])
        self.assertNotIn("missing", err)
        self.write("other.csv", "day\nsoon\nlater\n")
        _, err = self.brood("predict", "run", "other.csv", code=2)
        self.assertIn("other.csv:2:1: 'soon' in column 'day' is not a date as dd/mm/yyyy, nor is any other of "
                      "its cells", err)

    def test_they_can_be_read_as_texts_or_otherwise(self):
        self.write("t.csv", table(("day", "y"), [(f"0{1 + i % 3}/0{1 + i % 2}/2020", i % 2) for i in range(60)]))
        document, err = self.check("t.csv", "--target", "y")
        self.assertEqual(document["inputs"], 3)
        self.assertIn("column 'day': dates such as '01/01/2020' are read as mm/dd/yyyy; if that is wrong, say "
                      "data.columns.day=dd/mm/yyyy", err)
        document, err = self.check("t.csv", "--target", "y", "data.columns.day=dd/mm/yyyy")
        self.assertNotIn("if that is wrong", err)
        document, _ = self.check("t.csv", "--target", "y", "data.columns.day=categorical")
        self.assertEqual(document["inputs"], 6)
        _, err = self.brood("check", "t.csv", "--target", "y", "data.columns.day=dd/yyyy/mm", code=2)
        self.assertIn("allowed: one of categorical, numeric, yyyy-mm-dd", err)
        self.brood("tune", "t.csv", "--target", "y", "data.columns.day=dd/mm/yyyy", "--out", "run", *FAST)
        self.brood("tune", "run/config.yaml", "--out", "again", "--quiet")
        self.assertEqual(self.text("again/trials.csv"), self.text("run/trials.csv"))


class Later(Tables):
    """New rows, of which something is unknown: it is counted, and said."""

    def test_texts_and_numbers_that_are_unknown_are_counted(self):
        rows = [(i, ("red", "blue")[i % 2], "uv"[i % 2]) for i in range(40)]
        self.write("t.csv", table(("x", "colour", "y"), rows))
        self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST)
        self.write("new.csv", table(("x", "colour"), [(1, "red"), ("12x", "green"), (3, "pink"), (4, "")]))
        out, err = self.brood("predict", "run", "new.csv")
        self.assertEqual(len(out.splitlines()), 5)
        self.assertIn("new.csv: column 'x': no number in 1 row, such as '12x'; it counts as missing", err)
        self.assertIn("new.csv: column 'colour': a text that the model does not know in 2 rows, such as 'green'; "
                      "they count as missing", err)
        _, err = self.brood("predict", "run", "t.csv", "--quiet")
        self.assertEqual(err, "")
        self.write("bad.csv", table(("x", "colour"), [("a", "red"), ("b", "red")]))
        _, err = self.brood("predict", "run", "bad.csv", code=2)
        self.assertIn("bad.csv:2:1: 'a' in column 'x' is not a number, nor is any other of its cells", err)


class Shown(Tables):
    """What was read is shown before training."""

    def test_columns_task_and_classes(self):
        rows = [(i, ("red", "blue", "green")[i % 3], "uv"[i % 2]) for i in range(60)]
        self.write("t.csv", table(("size", "colour", "y"), rows))
        _, err = self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST[:-1])
        self.assertIn("t.csv: 60 rows, 3 columns; separator: comma, header: yes", err)
        self.assertRegex(err, r"colour +text +0 +3 +3 inputs, one for each text")
        self.assertIn("task: classification, as the target is text; rows by class: u 30, v 30", err)
        self.assertLess(err.index("task: classification"), err.index("rung 1"))
        for quiet in ("--quiet", "--json"):
            _, err = self.brood("tune", "t.csv", "--target", "y", "--out", "run", "--overwrite", *FAST[:-1], quiet)
            self.assertNotIn("rows by class", err)

    def test_many_columns_are_summed_up(self):
        names = [f"c{i}" for i in range(60)]
        rows = [[j * (i + 1) % 17 if i else "ab"[j % 2] for i in range(60)] + [j / 3] for j in range(40)]
        self.write("t.csv", table(names + ["y"], rows))
        _, err = self.brood("tune", "t.csv", "--target", "y", "--out", "run", *FAST[:-1])
        self.assertIn("and 41 columns more", err)
        self.assertIn("  60 numbers, 1 text", err)
        self.assertIn("task: regression, as the target has 40 different numbers; for classes say "
                      "task=classification", " ".join(err.split()))
        shown = err[err.index("t.csv: 40 rows"):err.index("rung")]
        self.assertLessEqual(max(map(len, shown.splitlines())), 80)


class Describe(Tables):
    """What is read from a file, before anything is made of it."""

    def setUp(self):
        super().setUp()
        rows = [(i, "" if i % 10 == 0 else i / 4, ("red", "blue", "green")[i % 3], 7, "uv"[i % 2])
                for i in range(60)]
        self.write("t.csv", table(("", "size", "colour", "same", "y"), rows, ";"))

    def test_each_column_has_a_line(self):
        out, err = self.brood("describe", "t.csv", "--target", "y")
        self.assertIn("t.csv: 60 rows, 4 columns; separator: semicolon, header: yes", out)
        self.assertIn("task: classification, as the target is text; rows by class: u 30, v 30", out)
        lines = {line.split()[0]: line.split() for line in out.splitlines()[2:-1]}
        self.assertEqual(lines["size"][1:6], ["number", "6", "54", "0.25", "14.75"])
        self.assertEqual(lines["colour"][1:4], ["text", "0", "3"])
        self.assertIn("3 inputs, one for each text", out)
        self.assertIn("the target: 2 classes", out)
        self.assertIn("the same in every row: same", err)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_json_has_all(self):
        document = self.json_of("describe", "t.csv", "--target", "y", "data.drop=[same]")
        self.assertEqual(document["rows"], 60)
        self.assertEqual(document["task"], "classification")
        self.assertEqual(document["separator"], "semicolon")
        self.assertIs(document["header"], True)
        columns = {column["name"]: column for column in document["columns"]}
        self.assertEqual(columns["size"]["min"], 0.25)
        self.assertEqual(columns["size"]["missing"], 6)
        self.assertEqual(columns["colour"]["levels"], 3)
        self.assertIsNone(columns["colour"]["min"])
        self.assertEqual(columns["same"]["becomes"], "nothing: it is in data.drop")
        self.assertEqual(document["classes"], {"u": 30, "v": 30})
        self.assertEqual(document["problems"], [])

    def test_dates_are_dates(self):
        rows = [(f"{1 + i // 28:02}/{1 + i % 28:02}/2020", f"{i % 24}:30", i % 7) for i in range(300)]
        self.write("d.csv", table(("day", "time", "y"), rows))
        document = self.json_of("describe", "d.csv", "--target", "y", "task=regression")
        columns = {column["name"]: column for column in document["columns"]}
        self.assertEqual(columns["day"]["type"], "date")
        self.assertEqual(columns["day"]["format"], "mm/dd/yyyy")
        self.assertEqual(columns["day"]["min"], "2020-01-01")
        self.assertEqual(columns["day"]["max"], "2020-11-20")
        self.assertEqual(columns["day"]["becomes"][:31], "3 inputs: also time of the week")
        self.assertEqual(columns["time"]["type"], "time")
        self.assertEqual(columns["time"]["max"], "23:30:00")
        self.assertTrue(any("column 'day' holds dates (mm/dd/yyyy) from 2020-01-01" in note
                            for note in document["notes"]), document["notes"])
        out, _ = self.brood("describe", "d.csv")
        self.assertIn("2020-11-20", out)

    def test_needs_no_target(self):
        document = self.json_of("describe", "t.csv")
        self.assertIsNone(document["task"])
        self.assertEqual([column["name"] for column in document["columns"]],
                         ["size", "colour", "same", "y"])

    def test_says_what_tune_would_refuse(self):
        self.write("t.csv", table(("id", "y"), [(f"name {i}", "uv"[i % 2]) for i in range(60)]))
        document = self.json_of("describe", "t.csv", "--target", "y")
        self.assertEqual(len(document["problems"]), 1)
        _, err = self.brood("describe", "t.csv", "--target", "y")
        self.assertIn("tune would refuse this: no input columns are left", err)

    def test_a_misspelt_target_is_told_the_nearest(self):
        _, err = self.brood("check", "t.csv", "--target", "color", code=2)
        self.assertIn("there is no column 'color'; the columns are: size, colour, same, y; did you mean "
                      "colour?", err)

    def test_bad_files_are_refused_as_ever(self):
        self.write("t.csv", "a,b\n1,2\n3\n")
        _, err = self.brood("describe", "t.csv", code=2)
        self.assertIn("t.csv:3:2: row has 1 cell, the first has 2", err)


if __name__ == "__main__":
    unittest.main()
