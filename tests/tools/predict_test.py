# SPDX-License-Identifier: Apache-2.0
"""brood predict, and the model file as a program that knows nothing of brood reads it."""

import csv
import json
import math
import struct
import unittest

from command import CANCER, WINE, CommandTest

FAST = ["--trials", "4", "early_terminate.max_iter=4", "--quiet"]


def read_safetensors(path):
    """The format as it is specified: a size, a JSON header, tensors without holes."""
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        assert entry["dtype"] == "F32"
        values = struct.unpack(f"<{(end - begin) // 4}f", data[8 + size + begin:8 + size + end])
        assert len(values) == math.prod(entry["shape"])
        tensors[name] = (entry["shape"], values)
    assert sum(4 * len(values) for _, values in tensors.values()) == len(data) - 8 - size
    return metadata, tensors


def forward(tensors, x):
    """A multilayer perceptron with tanh between its layers, in double precision."""
    layers = len(tensors) // 2
    for layer in range(layers):
        (outputs, inputs), weights = tensors[f"{2 * layer}.weight"]
        _, bias = tensors[f"{2 * layer}.bias"]
        x = [sum(weights[o * inputs + i] * x[i] for i in range(inputs)) + bias[o]
             for o in range(outputs)]
        if layer + 1 < layers:
            x = [math.tanh(z) for z in x]
    return x


class Predict(CommandTest):
    # What is left is what the run held back to test by.
    def test_rows_that_trained_the_model_are_counted(self):
        self.brood("tune", CANCER, "--target", "diagnosis", *FAST, "metric.name=accuracy",
                   "validation.test=0.2", "--out", "run")
        test = json.loads(self.text("run/best/ensemble.json"))["test"]
        _, err = self.brood("predict", "run", CANCER)
        self.assertIn(f"455 of these rows have trained the model; on the other 114: accuracy "
                      f"{test:.4f}\n", err)
        document = self.json_of("predict", "run", CANCER)
        self.assertEqual(document["trained_rows"], 455)
        self.assertAlmostEqual(document["score_of_other_rows"], test)
        lines = open(CANCER).read().splitlines()
        changed = [lines[0]] + ["9" + line for line in lines[1:5]]
        self.write("new.csv", "\n".join(changed) + "\n")
        _, err = self.brood("predict", "run", "new.csv")
        self.assertNotIn("trained the model", err)
        self.assertEqual(self.json_of("predict", "run", "new.csv")["trained_rows"], 0)
        (self.folder / "run/best/trained_rows.npy").unlink()
        self.assertIsNone(self.json_of("predict", "run", CANCER)["trained_rows"])

    def test_probabilities_are_those_of_the_saved_network(self):
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "run", "activation=tanh",
                   "hidden=[6,5]", "scaling=standard", "ensemble=0")
        metadata, tensors = read_safetensors(self.folder / "run/best/model.safetensors")
        self.assertEqual(metadata["format"], "pt")
        saved = json.loads(metadata["brood"])
        self.assertEqual(saved["encoding"]["classes"], ["0", "1", "2"])
        self.assertEqual(saved["config"]["hidden"], [6, 5])
        names = [i["name"] for i in saved["encoding"]["inputs"]]
        out, _ = self.brood("predict", "run", WINE)
        with open(WINE, newline="") as file:
            rows = list(csv.DictReader(file))
        predicted = list(csv.DictReader(out.splitlines()))
        self.assertEqual(len(predicted), len(rows))
        for row, prediction in zip(rows, predicted):
            x = [(float(row[name]) - shift) * scale for name, shift, scale in
                 zip(names, saved["transform"]["shift"], saved["transform"]["scale"])]
            z = forward(tensors, x)
            total = sum(math.exp(value - max(z)) for value in z)
            p = [math.exp(value - max(z)) / total for value in z]
            for k in range(3):
                # Inputs and activations are rounded to 24 bits, a dozen times 2^-24 relative of
                # logits below 10 in all: 1e-5 of a probability, absolutely.
                self.assertAlmostEqual(float(prediction[f"p_{k}"]), p[k], delta=1e-5)
            self.assertEqual(prediction["prediction"], str(p.index(max(p))))

    def test_scores_the_targets_that_are_there(self):
        self.brood("tune", CANCER, "--target", "diagnosis", *FAST, "metric.name=accuracy", "--out", "run")
        out, err = self.brood("predict", "run", CANCER)
        with open(CANCER, newline="") as file:
            truth = [row["diagnosis"] for row in csv.DictReader(file)]
        right = sum(row["prediction"] == label
                    for row, label in zip(csv.DictReader(out.splitlines()), truth))
        document = self.json_of("predict", "run", CANCER)
        self.assertEqual(document["score"], right / len(truth))
        self.assertEqual((document["metric"], document["rows"]), ("accuracy", 569))
        self.assertEqual(len(document["predictions"]), 569)
        self.assertIn(f"accuracy {right / len(truth):.4f} on 569 rows", err)

        self.assertIn(", auc ", err)
        names = ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "f1_macro", "mcc",
                 "auc", "pr_auc", "log_loss", "brier"]
        self.assertEqual(list(document["metrics"]), names)
        self.assertEqual(document["metrics"]["accuracy"], document["score"])
        # The share of pairs of the two classes that the probability of the second has in order.
        scored = [(row["p_malignant"], label == "malignant")
                  for row, label in zip(document["predictions"], truth)]
        pairs = [(p > q) + (p == q) / 2 for p, one in scored if one for q, two in scored if not two]
        self.assertAlmostEqual(document["metrics"]["auc"], sum(pairs) / len(pairs), delta=1e-12)

        # Without the target, the same predictions and no score.
        with open(CANCER, newline="") as file:
            lines = [",".join(line.split(",")[:-1]) for line in file.read().splitlines()]
        self.write("new.csv", "\n".join(lines) + "\n")
        again, err = self.brood("predict", "run", "new.csv")
        self.assertEqual(again, out)
        self.assertEqual(err, "new.csv: all of these rows have trained the model\n")
        self.assertIsNone(self.json_of("predict", "run", "new.csv")["score"])
        self.assertIsNone(self.json_of("predict", "run", "new.csv")["metrics"])

    def test_json_and_csv_say_the_same(self):
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "run")
        document = self.json_of("predict", "run", WINE)
        out, _ = self.brood("predict", "run", WINE)
        for row, entry in zip(csv.DictReader(out.splitlines()), document["predictions"]):
            self.assertEqual(list(row), list(entry))
            self.assertEqual(row["prediction"], entry["prediction"])
            for k in range(3):
                self.assertEqual(float(row[f"p_{k}"]), entry[f"p_{k}"])

    def test_columns_are_found_by_name(self):
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "run")
        out, _ = self.brood("predict", "run", WINE)
        with open(WINE, newline="") as file:
            rows = list(csv.reader(file))
        turned = [",".join(reversed(row)) + (",more" if i == 0 else ",7") for i, row in
                  enumerate(rows)]
        self.write("turned.csv", "\n".join(turned) + "\n")
        self.assertEqual(self.brood("predict", "run", "turned.csv")[0], out)

    def test_class_names_are_quoted_as_csv_wants_it(self):
        classes = ['a,b', 'say "c"', "d;e"]
        rows = [["x", "y"]] + [[i % 3 + i / 100, classes[i % 3]] for i in range(60)]
        with open(self.folder / "d.csv", "w", newline="") as file:
            csv.writer(file).writerows(rows)
        self.brood("tune", "d.csv", "--target", "y", *FAST, "--out", "run")
        out, _ = self.brood("predict", "run", "d.csv")
        header, *predicted = csv.reader(out.splitlines())
        self.assertEqual(header, ["prediction"] + sorted("p_" + name for name in classes))
        self.assertEqual(len(predicted), 60)
        for row in predicted:
            self.assertIn(row[0], classes)
            self.assertAlmostEqual(sum(map(float, row[1:])), 1, delta=1e-6)

    def test_a_header_is_found_as_in_training(self):
        # Nothing but words: only the names tell that the first line is a header.
        words = "shape,cap,kind\n" + "flat,red,bad\nbell,white,good\n" * 20
        self.write("words.csv", words)
        self.brood("tune", "words.csv", "--target", "kind", "data.header=true", *FAST, "--out", "run")
        self.write("new.csv", "cap,shape\nred,flat\n")
        out, _ = self.brood("predict", "run", "new.csv")
        self.assertEqual(len(out.splitlines()), 2)
        # And without names: the target, last, may be left out.
        self.write("plain.csv", "".join(f"{i},{i % 7},{'uv'[i % 2]}\n" for i in range(40)))
        self.brood("tune", "plain.csv", "--target", "-1", *FAST, "--out", "plain")
        self.write("plain_new.csv", "1,2\n3,4\n")
        self.assertEqual(len(self.brood("predict", "plain", "plain_new.csv")[0].splitlines()), 3)

    def test_labels_may_end_in_a_full_stop_and_levels_may_be_new(self):
        rows = [f"{i},{'red' if i % 3 else 'blue'},{'yes' if i % 2 else 'no'}" for i in range(40)]
        self.write("d.csv", "a,colour,y\n" + "\n".join(rows) + "\n")
        self.brood("tune", "d.csv", "--target", "y", *FAST, "--out", "run")
        _, plain = self.brood("predict", "run", "d.csv")
        self.write("dots.csv", "a,colour,y\n" + ".\n".join(rows) + ".\n")
        _, dotted = self.brood("predict", "run", "dots.csv")
        self.assertEqual(dotted, plain.replace("d.csv", "dots.csv"))
        self.write("new.csv", "a,colour\n1,green\n?,red\n")
        self.assertEqual(len(self.brood("predict", "run", "new.csv")[0].splitlines()), 3)

    def test_row_weights_weigh_in_the_score(self):
        rows = [(i % 7, "uv"[(i % 7 > 3) ^ (i % 5 == 0)], 1 + i % 3) for i in range(60)]
        self.write("d.csv", "x,y,w\n" + "".join(f"{x},{y},{w}\n" for x, y, w in rows))
        self.brood("tune", "d.csv", "--target", "y", "data.weight=w", *FAST, "metric.name=accuracy",
                   "--out", "run")
        document = self.json_of("predict", "run", "d.csv")
        right = [w for (_, y, w), p in zip(rows, document["predictions"]) if p["prediction"] == y]
        # Weights are small whole numbers: the sums are exact.
        self.assertEqual(document["score"], sum(right) / sum(w for _, _, w in rows))
        self.assertIn("on 60 rows, weighted by 'w'", self.brood("predict", "run", "d.csv")[1])
        # Without the column, or with one that is none.
        self.write("no.csv", "x,y\n" + "".join(f"{x},{y}\n" for x, y, _ in rows))
        document = self.json_of("predict", "run", "no.csv")
        self.assertNotIn("weighted", self.brood("predict", "run", "no.csv")[1])
        self.write("bad.csv", "x,y,w\n" + "".join(f"{x},{y},-1\n" for x, y, _ in rows))
        self.assertIn("weights must be numbers, 0 or more",
                      self.brood("predict", "run", "bad.csv", code=2)[1])

    def test_labels_of_an_idx_file_are_scored(self):
        pixels = bytes((37 * i) % 251 for i in range(40 * 4))
        labels = bytes(int(pixels[4 * i] > 120) for i in range(40))
        self.write("x.idx", bytes([0, 0, 8, 3]) + struct.pack(">3I", 40, 2, 2) + pixels)
        self.write("y.idx", bytes([0, 0, 8, 1]) + struct.pack(">I", 40) + labels)
        self.brood("tune", "x.idx", "data.labels=y.idx", *FAST, "metric.name=accuracy", "--out", "run")
        self.assertIsNone(self.json_of("predict", "run", "x.idx")["score"])
        document = self.json_of("predict", "run", "x.idx", "--labels", "y.idx")
        right = sum(p["prediction"] == str(label)
                    for p, label in zip(document["predictions"], labels))
        self.assertEqual(document["score"], right / 40)
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "wine")
        self.assertIn("--labels: is for models that were trained with data.labels",
                      self.brood("predict", "wine", WINE, "--labels", "y.idx", code=2)[1])

    def test_out_writes_the_file_and_nothing_to_stdout(self):
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "run")
        expected, _ = self.brood("predict", "run", WINE)
        self.write("p.csv", "what was there")
        out, err = self.brood("predict", "run", WINE, "--out", "p.csv", "--quiet")
        self.assertEqual((out, err), ("", ""))
        self.assertEqual(self.text("p.csv"), expected)
        self.assertEqual(self.names("."), sorted(["p.csv"] + self.names(".")[1:]))


if __name__ == "__main__":
    unittest.main()
