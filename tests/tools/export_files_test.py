# SPDX-License-Identifier: Apache-2.0
"""brood export as a user meets it: names of files, options, and what goes wrong."""

import json
import shutil
import unittest

from command import WINE, CommandTest
from exported_tables import FAST


class ExportFiles(CommandTest):

    def setUp(self):
        super().setUp()
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "run", "ensemble=0")

    def refused(self, *options, code=2):
        before = self.tree()
        _, err = self.brood("export", *options, code=code)
        self.assertEqual(self.tree(), before)
        self.assertNotIn("bug of ours", err)
        return err

    def test_unknown_formats_are_refused_with_the_nearest(self):
        self.assertEqual(self.refused("run", "--format", "onx", "--out", "x"),
                         "--format: 'onx' is not known; did you mean onnx?; the formats are onnx, "
                         "safetensors, c, optuna, journal, tensorboard, csv, json\n")
        self.assertIn("--format: is needed", self.refused("run", "--out", "x"))
        self.assertIn("--out: is needed", self.refused("run", "--format", "onnx"))

    def test_the_name_may_tell_the_format(self):
        for name, what in {"x.onnx": "an ONNX model", "x.h": "a header of C99",
                           "x.db": "a database of Optuna's", "x.log": "a journal of Optuna's",
                           "x.csv": "a table", "x.json": "a document",
                           "x.safetensors": "tensors"}.items():
            out, _ = self.brood("export", "run", "--out", name)
            self.assertIn(what, out)

    def test_options_of_other_formats_are_refused(self):
        for options in (["--format", "optuna", "--winner"], ["--format", "c", "--int8"],
                        ["--format", "onnx", "--top", "3"],
                        ["--format", "onnx", "--winner", "--trial", "1"],
                        ["--format", "onnx", "--ensemble", "--winner"]):
            self.refused("run", "--out", "x", *options)
        self.assertIn("has none; its winner predicts alone",
                      self.refused("run", "--out", "x.onnx", "--ensemble"))

    def test_what_is_no_run_is_refused(self):
        self.write("folder/file", "")
        for directory in ("nothing", "folder"):
            for name in ("x.onnx", "x.db"):
                self.assertTrue(self.refused(directory, "--out", name).startswith(directory + ": "))

    def test_a_run_without_a_model_exports_its_trials_only(self):
        shutil.rmtree(self.folder / "run/best")
        self.assertIn("there is no best/model.safetensors", self.refused("run", "--out", "x.onnx"))
        self.brood("export", "run", "--out", "x.db")

    def test_a_trial_without_a_network_is_refused_with_the_command_that_trains_it(self):
        kept = json.loads(self.text("run/best/score.json"))["trial"]
        other = 1 if kept != 1 else 2
        self.assertIn(f"brood tune --only {other} run",
                      self.refused("run", "--out", "x.onnx", "--trial", other))
        self.brood("tune", "--only", other, "run", "--quiet")
        self.brood("export", "run", "--out", "x.onnx", "--trial", other)

    def test_nothing_is_replaced_unasked(self):
        self.write("x.onnx", "mine")
        self.write("board/mine.txt", "mine")
        self.assertIn("--overwrite", self.refused("run", "--out", "x.onnx"))
        self.assertIn("is a directory", self.refused("run", "--out", "board", "--format", "csv",
                                                     "--overwrite"))
        self.assertIn("'mine.txt', which is no event file",
                      self.refused("run", "--out", "board", "--format", "tensorboard",
                                   "--overwrite"))
        self.brood("export", "run", "--out", "x.onnx", "--overwrite")
        self.assertGreater((self.folder / "x.onnx").stat().st_size, 100)
        for _ in range(2):
            self.brood("export", "run", "--out", "tb", "--format", "tensorboard", "--overwrite")

    def test_where_nothing_can_be_written_is_said(self):
        self.assertIn("absent/x.onnx: cannot be created: No such file",
                      self.refused("run", "--out", "absent/x.onnx", code=4))
        _, err = self.brood("export", "run", "--out", "/dev/full", "--format", "csv", code=4)
        self.assertIn("/dev/full: cannot be written: No space left", err)

    def test_a_pipe_takes_the_export_and_nothing_else(self):
        done = self.run_brood("export", "run", "--out", "/dev/stdout", "--format", "csv")
        self.assertEqual(done.stdout.decode(), self.text("run/trials.csv"))

    def test_the_same_run_gives_the_same_bytes(self):
        for name in ("x.onnx", "x.h", "x.db", "x.log", "x.json"):
            self.brood("export", "run", "--out", name)
            first = (self.folder / name).read_bytes()
            self.brood("export", "run", "--out", name, "--overwrite")
            self.assertEqual((self.folder / name).read_bytes(), first)

    def test_the_document_has_every_trial(self):
        self.brood("export", "run", "--out", "x.json")
        document = json.loads(self.text("x.json"))
        trials = self.rows("run/trials.csv")
        self.assertEqual([t["trial"] for t in document["trials"]], list(range(len(trials))))
        self.assertEqual([t["score"] for t in document["trials"]],
                         [float(t["valid_log_loss"]) for t in trials])
        self.assertEqual(sum(len(t["curve"]) for t in document["trials"]),
                         len(self.rows("run/curves.csv")))

    def test_eight_bits_say_what_they_change(self):
        document = self.json_of("export", "run", "--out", "x.onnx", "--int8")["int8"]
        self.assertEqual(document["rows"], 178)
        self.assertTrue(0 < document["greatest_difference"] < 0.1)
        self.assertAlmostEqual(document["score"], document["int8_score"], delta=0.02)


if __name__ == "__main__":
    unittest.main()
