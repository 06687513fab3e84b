# SPDX-License-Identifier: Apache-2.0
"""What one study takes over from another: weights to start from, and trials to learn from."""

import csv
import json
import struct
import unittest

from command import DATA, SWEEP, WINE, CommandTest

START = """\
data: {file: %s, target: cultivar}
trials: 6
seed: 8
early_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: 3}
parameters:
  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2}
""" % WINE

LEARNING = SWEEP.replace("trials: 9", "method: tpe\nsampler: {startup: 3}\ntrials: 5")


class Transfer(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)
        self.brood("tune", "wine.yaml", "--out", "former", "--quiet", "hidden=[8]")

    def rows(self, name):
        with open(self.folder / name, newline="") as file:
            return list(csv.DictReader(file))

    def refused(self, *arguments, says):
        out, err = self.brood("tune", *arguments, "--out", "run", code=2)
        self.assertEqual(out, "")
        self.assertIn(says, err)
        self.assertFalse((self.folder / "run").exists())


class Start(Transfer):
    def setUp(self):
        super().setUp()
        self.write("start.yaml", "start: former\n" + START)

    def test_trials_start_from_a_run_its_best_or_a_model_file(self):
        self.brood("tune", "start.yaml", "--out", "run")
        first = (self.folder / "run/best/model.safetensors").read_bytes()
        for i, path in enumerate(("former/best", "former/best/model.safetensors", "./former/")):
            self.brood("tune", "start.yaml", f"start={path}", "--out", f"run{i}")
            again = (self.folder / f"run{i}/best/model.safetensors").read_bytes()
            self.assertEqual(again, first, path)
        self.assertEqual({row["hidden"] for row in self.rows("run/trials.csv")}, {"[8]"})
        self.brood("predict", "run", WINE)

    def test_no_row_that_trained_the_network_becomes_a_test_row(self):
        trained = (self.folder / "former/best/trained_rows.npy").read_bytes()
        for i, arguments in enumerate((["--seed", "3"], ["validation={folds: 3, test: 0.1}"],
                                       ["validation={holdout: 0.3, test: 0.5}"])):
            _, err = self.brood("tune", "start.yaml", *arguments, "--out", f"run{i}")
            own = (self.folder / f"run{i}/best/trained_rows.npy").read_bytes()
            if i != 1:  # as many test rows as there are others, the former run's
                self.assertEqual(own, trained)
            rows = {own[k:k + 8] for k in range(128, len(own), 8)}
            self.assertLessEqual({trained[k:k + 8] for k in range(128, len(trained), 8)}, rows)
            self.assertRegex(err, r"start: \d+ of \d+ rows that validate have trained the network")
        # Of new rows and none but new rows.
        lines = (DATA / "wine.csv").read_text().splitlines()
        self.write("half.csv", "\n".join(lines[:100]) + "\n")
        self.brood("tune", "wine.yaml", "data.file=half.csv", "validation.test=0", "--out", "half")
        self.write("rest.csv", "\n".join([lines[0]] + lines[60:]) + "\n")
        self.brood("tune", "start.yaml", "start=half", "data.file=rest.csv", "--out", "rest")
        own = (self.folder / "rest/best/trained_rows.npy").read_bytes()
        self.assertLessEqual((len(own) - 128) // 8, len(lines) - 61 - 20)
        self.refused("start.yaml", "start=half", "data.file=half.csv",
                     says="every row trained the network that this starts from")
        # Of a model file that was taken elsewhere nothing is known.
        self.write("alone/model.safetensors",
                   (self.folder / "half/best/model.safetensors").read_bytes())
        self.brood("tune", "start.yaml", "start=alone", "data.file=half.csv", "--out", "alone_run")
        (self.folder / "half/best/trained_rows.npy").write_bytes(b"nothing")
        self.refused("start.yaml", "start=half", "data.file=half.csv",
                     says="start=half: start: half/best/trained_rows.npy: is damaged")

    def test_the_resolved_sweep_gives_the_same_run(self):
        self.brood("tune", "start.yaml", "--out", "run")
        self.brood("tune", "run/config.yaml", "--out", "again")
        for name in ("trials.csv", "curves.csv", "best/model.safetensors"):
            self.assertEqual((self.folder / "again" / name).read_bytes(),
                             (self.folder / "run" / name).read_bytes(), name)

    def test_a_table_alone_can_be_tuned_from_a_network(self):
        document = self.json_of("tune", WINE, "--target", "cultivar", "start=former",
                                "--trials", "3", "--out", "run")
        self.assertEqual(document["best"]["parameters"]["hidden"], [8])

    def test_a_shape_that_contradicts_is_refused_at_its_place(self):
        self.write("other.yaml", "start: former\n" + START + "  hidden: {values: [[8], [16]]}\n")
        self.refused("other.yaml", says="other.yaml:8:3: hidden: [16] contradicts start, whose "
                     "network has [8]; leave hidden out")
        self.refused("start.yaml", "hidden=[16]", says="hidden=[16]: hidden: [16] contradicts")

    def test_other_columns_are_refused_by_name(self):
        lines = (DATA / "wine.csv").read_text().splitlines()
        names = lines[0].split(",")
        renamed = [name if name == "cultivar" else name + "x" * (i == 1)
                   for i, name in enumerate(names)]
        self.write("other.csv", "\n".join([",".join(renamed)] + lines[1:]) + "\n")
        self.refused("start.yaml", "data.file=other.csv",
                     says="start.yaml:1:8: start: the network's inputs are other columns: the "
                     f"data lacks '{names[1]}'; the network does not know '{names[1]}x'")

    def test_other_classes_start_the_last_layer_anew_and_it_is_said(self):
        lines = (DATA / "wine.csv").read_text().splitlines()
        place = lines[0].split(",").index("cultivar")
        changed = [lines[0]]
        for line in lines[1:]:
            cells = line.split(",")
            cells[place] = "a" if cells[place] in ("1", "0") else "b"
            changed.append(",".join(cells))
        self.write("two.csv", "\n".join(changed) + "\n")
        _, err = self.brood("tune", "start.yaml", "data.file=two.csv", "--out", "run")
        self.assertIn("start: the classes are others, so the last layer starts anew", err)
        self.assertEqual(self.json_of("predict", "run", "two.csv")["rows"], len(lines) - 1)

    def test_bad_files_are_sentences(self):
        self.refused("start.yaml", "start=nowhere", says="start=nowhere: start: nowhere")
        self.write("empty/a.txt", "")
        self.refused("start.yaml", "start=empty", says="start: 'empty' holds no model")
        good = (self.folder / "former/best/model.safetensors").read_bytes()
        header = struct.unpack("<Q", good[:8])[0]
        nan = good[:8 + header] + struct.pack("<f", float("nan")) + good[12 + header:]
        for name, content in {
            "cut": good[:-5], "text": b"weights", "nothing": b"", "nan": nan,
            "shape": good.replace(b'"shape":[8]', b'"shape":[9]'),
        }.items():
            self.write(name, content)
            self.refused("start.yaml", f"start={name}", says=f"start={name}: start: {name}: ")

    def test_plan_and_check_know_it(self):
        self.assertTrue(self.json_of("check", "start.yaml")["ok"])
        self.assertEqual(self.json_of("plan", "start.yaml")["trials"], 6)


class WarmStart(Transfer):
    def setUp(self):
        super().setUp()
        self.write("learn.yaml", LEARNING)

    def test_former_trials_are_observations(self):
        _, err = self.brood("tune", "learn.yaml", "warm_start=former", "--out", "run")
        self.assertIn("warm_start: 9 of 9 trials of former are taken", err)
        self.brood("tune", "learn.yaml", "--out", "cold")
        self.assertNotEqual(self.text("run/trials.csv"), self.text("cold/trials.csv"))
        config = self.text("run/config.yaml")
        self.assertEqual(config.count("  - {score: "), 9)
        # The observations are in the resolved sweep, which needs the former run no more.
        (self.folder / "former").rename(self.folder / "elsewhere")
        self.brood("tune", "run/config.yaml", "--out", "again")
        for name in ("trials.csv", "curves.csv", "best/model.safetensors"):
            self.assertEqual((self.folder / "again" / name).read_bytes(),
                             (self.folder / "run" / name).read_bytes(), name)

    # Parameters on conditions are empty in trials.csv where the condition does not hold; a shape is
    # told by hidden, or by layers and widths.
    def test_every_space_of_ours_is_read(self):
        head = "data: {file: %s, target: cultivar}\nmethod: tpe\ntrials: 8\n" % WINE
        head += "early_terminate: {type: successive_halving, max_iter: 3}\n"
        rest = ("  optimizer: {values: [adam, momentum]}\n"
                "  momentum: {min: 0.5, max: 0.95, when: {optimizer: momentum}}\n"
                "  lr: {min: 0.001, max: 0.1}\n")
        shapes = {
            "layers": "  layers: {values: [1, 2]}\n  width_1: {values: [4, 8]}\n"
                      "  width_2: {values: [4, 8], when: {layers: 2}}\n",
            "hidden": "  hidden: {values: [[4], [8], [4, 4], [4, 8], [8, 4], [8, 8]]}\n",
        }
        for name, shape in shapes.items():
            self.write(f"{name}.yaml", head + "parameters:\n" + shape + rest)
            self.brood("tune", f"{name}.yaml", "--out", name)
        for to in shapes:
            for of in shapes:
                _, err = self.brood("plan", f"{to}.yaml", f"warm_start={of}")
                self.assertIn(f"warm_start: 8 of 8 trials of {of} are taken", err, (to, of))
        # One width for all layers says less.
        self.write("width.yaml", head + "parameters:\n  layers: {values: [1, 2]}\n"
                   "  width: {values: [4, 8]}\n" + rest)
        _, err = self.brood("plan", "width.yaml", "warm_start=hidden")
        alike = sum(len(set(json.loads(row["hidden"]))) == 1
                    for row in self.rows("hidden/trials.csv"))
        self.assertIn(f"warm_start: {alike} of 8 trials", err)

    def test_what_lies_outside_is_left_out_and_counted(self):
        former = [float(row["lr"]) for row in self.rows("former/trials.csv")]
        inside = sum(1e-2 <= lr <= 1e-1 for lr in former)
        self.assertTrue(0 < inside < 9)
        arguments = ["learn.yaml", "warm_start=former", "parameters.lr.min=0.01"]
        _, err = self.brood("tune", *arguments, "--out", "run")
        self.assertIn(f"warm_start: {inside} of 9 trials of former are taken; the others", err)
        # Nor is a trial taken that had another constant.
        _, err = self.brood("tune", "learn.yaml", "warm_start=former", "batch_size=7")
        self.assertIn("warm_start: 0 of 9 trials", err)

    def test_several_runs_and_their_best_first(self):
        self.brood("tune", "wine.yaml", "--seed", "9", "--out", "other", "--quiet")
        _, err = self.brood("tune", "learn.yaml", "warm_start={runs: [former, other], first: 2}",
                            "--out", "run")
        self.assertIn("9 of 9 trials of former", err)
        self.assertIn("9 of 9 trials of other", err)
        former = self.rows("former/trials.csv") + self.rows("other/trials.csv")
        former.sort(key=lambda row: (-int(row["epochs"]), -float(row["valid_accuracy"])))
        keys = ("hidden", "activation", "lr")
        run = self.rows("run/trials.csv")
        for i in range(2):
            self.assertEqual([run[i][k] for k in keys], [former[i][k] for k in keys])
        # Where nothing is learned, the best may still come first.
        self.brood("tune", "wine.yaml", "warm_start={runs: [former], first: 2}", "--out", "random")
        self.assertEqual(self.rows("random/trials.csv")[0]["lr"],
                         max(self.rows("former/trials.csv"), key=lambda row: (
                             int(row["epochs"]), float(row["valid_accuracy"])))["lr"])
        self.brood("tune", "random/config.yaml", "--out", "again")
        self.assertEqual(self.text("again/trials.csv"), self.text("random/trials.csv"))

    def test_what_cannot_be_is_refused(self):
        self.refused("learn.yaml", "warm_start=former", "metric.name=auc",
                     says="warm_start: former was scored by accuracy, and this study by auc")
        self.refused("learn.yaml", "warm_start=nowhere", says="warm_start=nowhere: warm_start: ")
        self.refused("wine.yaml", "warm_start=former",
                     says="warm_start=former: warm_start: does not go with method random")
        text = self.text("former/trials.csv")
        self.write("damaged/trials.csv", text.replace("relu", "rleu").replace("tanh", "rleu"))
        _, err = self.brood("tune", "learn.yaml", "warm_start=damaged", code=4)
        self.assertIn("damaged/trials.csv:2: is damaged: trial 0 has no sound activation", err)
        self.refused("learn.yaml", "observations=[{score: 0.9, lr: 7}]",
                     says="observations.epoch: is missing")


class FinalRepeats(CommandTest):
    def test_the_last_rung_trains_in_more_repeats(self):
        self.write("wine.yaml", SWEEP)
        plan = self.json_of("plan", "wine.yaml", "validation.final_repeats=4")
        # 9, 3 and 1 trials to 1, 3 and 9 epochs; three more members go all the way.
        self.assertEqual(plan["members"], 9 + 3)
        self.assertEqual(plan["member_epochs"], 9 + 3 * 2 + 6 + 3 * 9)
        self.assertEqual(plan["final_members_per_trial"], 4)
        document = self.json_of("tune", "wine.yaml", "validation.final_repeats=4", "--out", "run")
        self.assertEqual(document["member_epochs"], plan["member_epochs"])
        with open(self.folder / "run/trials.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            self.assertEqual(row["standard_error"] != "nan", row["epochs"] == "9")
        winner = next(row for row in rows if row["epochs"] == "9")
        score = json.loads(self.text("run/best/score.json"))
        self.assertEqual(score["valid"], float(winner["valid_accuracy"]))
        self.assertEqual(score["valid_standard_error"], float(winner["standard_error"]))
        self.brood("tune", "run/config.yaml", "--out", "again")
        self.assertEqual(self.text("again/trials.csv"), self.text("run/trials.csv"))
        self.assertEqual(json.loads(self.text("run/run.json"))["member_epochs"],
                         plan["member_epochs"])

    def test_brackets_of_hyperband_train_side_by_side(self):
        self.write("wine.yaml", SWEEP)
        plan = self.json_of("plan", "wine.yaml", "trials=17",
                            "early_terminate={type: hyperband, eta: 3, max_iter: 9}")
        # 9, 5 and 3 trials begin together, so there are as many events as different ends of rungs.
        self.assertEqual([bracket[0]["trials"] for bracket in plan["brackets"]], [9, 5, 3])
        document = self.json_of("tune", "wine.yaml", "trials=17", "--out", "run",
                                "early_terminate={type: hyperband, eta: 3, max_iter: 9}")
        self.assertEqual(document["events"], 3)

    def test_what_cannot_be_is_refused(self):
        self.write("wine.yaml", SWEEP + "validation: {repeats: 3, final_repeats: 2}\n")
        _, err = self.brood("tune", "wine.yaml", code=2)
        self.assertIn("wine.yaml:10:41: validation.final_repeats: 2 is below repeats (3)", err)


if __name__ == "__main__":
    unittest.main()
