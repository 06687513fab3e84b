# SPDX-License-Identifier: Apache-2.0
"""Tables on which other tools, or this one once, went wrong (tests/data/cases): the value that is right.

The expected scores are those of scikit-learn's StandardScaler and MLPRegressor or MLPClassifier, five
folds, with room for other splits.
"""

import json
import random
import shutil
import unittest

from command import DATA, CommandTest

FAST = ["--trials", "24", "early_terminate.max_iter=27", "ensemble=0", "validation.test=0.2", "--quiet"]


class Cases(CommandTest):
    def here(self, case):
        """The files of a case are in the test's folder."""
        for path in (DATA / "cases" / case).iterdir():
            shutil.copy(path, self.folder)

    def check(self, *arguments):
        out, err = self.brood("check", *arguments, "--json")
        return json.loads(out), err

    def score(self, file, target, *said, metric):
        self.brood("tune", file, "--target", target, "--out", "run", "--overwrite", f"metric.name={metric}", *FAST,
                   *said)
        return json.loads(self.text("run/best/score.json"))["test"]

    def test_numbers_beyond_24_bits(self):
        self.here("fp32-read")
        self.assertGreater(self.score("unix.csv", "y", "early_terminate.max_iter=81", metric="r2"), 0.95)
        self.assertGreater(self.score("day.csv", "kind", metric="accuracy"), 0.97)
        self.assertGreater(self.score("offset_f.csv", "freq_hz", metric="r2"), 0.97)
        self.assertGreater(self.score("offset_int.csv", "height_mm", metric="r2"), 0.97)
        document, _ = self.check("offset_int.csv", "--target", "height_mm")
        self.assertEqual(document["task"], "regression")

    # Folds that nobody asked for are no reason to refuse a table.
    def test_the_smallest_tables_are_tuned(self):
        lines = ["a,b,y", "0.126,-0.664,u", "-0.132,-0.613,u", "0.64,-1.605,u", "0.105,0.729,v",
                 "-0.536,0.806,v", "0.1,0.2,u", "0.9,-0.2,v", "0.3,0.7,u", "-0.5,0.1,v"]
        for rows in range(5, 10):
            self.write("tiny.csv", "\n".join(lines[:1 + rows]) + "\n")
            _, err = self.brood("tune", "tiny.csv", "--target", "y", "--out", "run", "--overwrite")
            self.assertIn(f"picked for {rows} rows: folds: {2 if rows == 5 else 5}", err)

    def test_targets_of_any_scale(self):
        self.here("target-scale")
        for file, scale in (("planet.csv", 1e24), ("particle.csv", 1e-27)):
            self.assertGreater(self.score(file, "mass_kg", metric="r2"), 0.95)
            rmse = self.score(file, "mass_kg", metric="rmse")
            self.assertTrue(0.01 < rmse / scale < 1, rmse)

    def test_headers(self):
        self.here("header")
        document, err = self.check("numreg.csv", "--target", "-1")
        self.assertEqual((document["rows"], document["task"]), (150, "regression"))
        self.assertIn("the first line is read as the header, as it counts up", err)
        document, err = self.check("numbered_header_int.csv", "--target", "2")
        self.assertEqual((document["rows"], document["task"]), (200, "classification"))
        _, err = self.brood("check", "numbered_header_int.csv", "--target", "c3", code=2)
        self.assertIn("there is no column 'c3'; the columns are: 0, 1, 2", err)
        document, err = self.check("alltext.csv", "--target", "class")
        self.assertEqual(document["rows"], 200)
        self.assertIn("as it names 'class'", err)

    def test_an_index_of_pandas(self):
        self.here("index-column")
        document, err = self.check("pandas_index.csv", "--target", "y")
        self.assertEqual(document["inputs"], 2)
        self.assertIn("column 1 has no name and counts the rows: it is left out", err)

    def test_words_for_missing_numbers(self):
        self.here("missing-words")
        for file, inputs, word in (("nan_text.csv", 3, "'NaN'"), ("na_text.csv", 3, "'N/A'"),
                                   ("nan_float.csv", 2, "'nan'")):
            document, err = self.check(file, "--target", "y")
            self.assertEqual(document["inputs"], inputs, file)
            self.assertIn(f"{word} is read as missing", err)

    def test_rare_classes_and_grades(self):
        self.here("rare-class")
        _, err = self.check("rare1.csv", "--target", "y")
        self.assertIn("class 'rare' (1)", err)
        self.assertGreater(self.score("rare1.csv", "y", metric="accuracy"), 0.8)
        document, err = self.check("grades.csv", "--target", "G3")
        self.assertEqual(document["task"], "regression")
        self.assertIn("if they are classes, say task=classification", err)

    def test_separators(self):
        self.here("separators")
        for file, found in (("semi.csv", "cells are separated by semicolons, decimals by a comma"),
                            ("pipes.csv", "cells are separated by pipes"),
                            ("spaces.txt", "cells are separated by spaces"),
                            ("comment.csv", "begins with # and has other cells than the rest is left out")):
            document, err = self.check(file, "--target", "y")
            self.assertEqual((document["rows"], document["inputs"]), (200, 2), file)
            self.assertIn(f"{file}: ", err)
            self.assertIn(found, err)

    def test_paths_that_look_like_settings(self):
        (self.folder / "year=2020").mkdir()
        shutil.copy(DATA / "wine.csv", self.folder / "year=2020/part-0.csv")
        document, _ = self.check("year=2020/part-0.csv", "--target", "cultivar")
        self.assertEqual(document["rows"], 178)

    def test_hundreds_of_classes(self):
        draw = random.Random(8)
        rows = "".join(f"{c + draw.gauss(0, 0.1):.3f},{draw.gauss(0, 1):.3f},k{c}\n"
                       for c in range(400) for _ in range(5))
        self.write("k.csv", "a,b,y\n" + rows)
        self.brood("tune", "k.csv", "--target", "y", "--trials", "2", "validation.holdout=0.2",
                   "early_terminate.max_iter=1", "ensemble=0", "metric.name=f1_macro", "--quiet", "--out", "run")
        score = json.loads(self.text("run/best/score.json"))
        self.assertTrue(0 <= score["out_of_fold"]["score"] <= 1)


if __name__ == "__main__":
    unittest.main()
