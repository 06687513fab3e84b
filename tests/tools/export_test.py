# SPDX-License-Identifier: Apache-2.0
"""brood export of what predicts, by what reads it: onnxruntime, a C compiler, PyTorch, numpy.

Readers that are not installed (readers.py) skip their tests; the compiler is always there."""

import csv
import json
import math
import os
import subprocess
import unittest

import readers
from command import WINE
from exported_tables import ACTIVATIONS, BOUND, ENCODED, FAST, HEADS, KINDS, NUMBERS, ExportTest
from exported_tables import metadata, read_header, rows, with_targets


C_MAIN = """
#include <stdio.h>
#include "net.h"
static const struct net_row rows[] = {%s};
int main(void) {
  size_t i;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    double predicted[net_outputs];
    int k;
    %s(&rows[i], predicted);
    for (k = 0; k < net_outputs; ++k) printf("%%.17g ", predicted[k]);
    printf("%%s\\n", %s);
  }
  return 0;
}
"""


def c_literal(value):
    if isinstance(value, float):
        return "NAN" if math.isnan(value) else repr(value)
    if not value:
        return "NULL"
    return '"' + "".join(f"\\{byte:03o}" for byte in value.encode()) + '"'


class CReader(ExportTest):
    """The header compiles without a warning, and predicts."""

    def c_predictions(self, run, classes, *options):
        self.brood("export", run, "--out", "net.h", "--overwrite", *options)
        columns = self.cells()
        table = ",\n".join("{" + ", ".join(map(c_literal, row)) + "}"
                           for row in zip(*columns.values()))
        call, word = ("int top = net_predict", "net_classes[top]") if classes else (
            "net_predict", '""')
        self.write("main.c", C_MAIN % (table, call, word))
        subprocess.run(["gcc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1",
                        "main.c", "-o", "main", "-lm"], cwd=self.folder, check=True)
        lines = subprocess.run(["./main"], cwd=self.folder, check=True,
                               capture_output=True).stdout.decode().split("\n")[:-1]
        count = len(lines[0].split(" ")) if not classes else None
        numbers, words = [], []
        outputs = count - 1 if count else self.output_count(run)
        for line in lines:
            parts = line.split(" ", outputs)
            numbers.append([float(part) for part in parts[:outputs]])
            words.append(parts[outputs])
        return numbers, words

    def output_count(self, run):
        return json.loads(metadata(self.folder / run / "best/model.safetensors")["brood"])["outputs"]


class ExportC(CReader):
    """The header predicts as brood predict does."""

    def test_every_kind_of_target(self):
        for number, kind in enumerate(KINDS):
            with self.subTest(kind):
                self.tune(kind, *(ENCODED if number % 2 else []), "--overwrite")
                expected, words = self.predicted()
                classes = "class" in kind
                numbers, own_words = self.c_predictions("run", classes)
                self.check_near(numbers, expected, of_values="values" in kind)
                if classes:
                    self.assertEqual(own_words, words)

    def test_every_activation(self):
        for activation in ACTIVATIONS:
            with self.subTest(activation):
                self.tune("numbered classes", f"activation={activation}", "ensemble=0",
                          "--overwrite")
                numbers, _ = self.c_predictions("run", True)
                self.check_near(numbers, self.predicted()[0], of_values=False)

    def test_inputs_that_are_a_list(self):
        for options in NUMBERS:
            for kind in ("values", "named classes"):
                with self.subTest((kind, options)):
                    self.tune(kind, *options, "--overwrite")
                    numbers, _ = self.c_predictions("run", "class" in kind)
                    self.check_near(numbers, self.predicted()[0], of_values="values" in kind)

    def test_networks_of_several_heads(self):
        for number, kind in enumerate(KINDS):
            with self.subTest(kind):
                self.tune(kind, *HEADS[number % 2], "--overwrite")
                numbers, _ = self.c_predictions("run", "class" in kind)
                self.check_near(numbers, self.predicted()[0], of_values="values" in kind)

    def test_the_winner_and_other_trials(self):
        self.tune("values")
        trial = json.loads(self.text("run/best/ensemble.json"))["parts"][-1]["trial"]
        for options in (["--winner"], ["--trial", trial]):
            expected, _ = self.predicted("run", "data.csv", *options)
            numbers, _ = self.c_predictions("run", False, *options)
            self.check_near(numbers, expected, of_values=True)


# What makes a network less certain than it may be, so that its temperature is below 1, and what
# makes it more certain than it may be.
TIMID = ["label_smoothing=0.4", "lr=0.01", "early_terminate.max_iter=4"]
BOLD = ["lr=0.03", "hidden=[64,64]", "activation=relu", "dropout=0", "weight_decay=0",
        "early_terminate={type: none}", "epochs=40"]


class Calibrated(ExportTest):
    """Runs of which a temperature is kept, some with a threshold."""

    def calibrated_runs(self):
        """The kind of each run, made in turn, its temperature, and what predict says of its rows."""
        for kind, ensemble in (("numbered classes", 4), ("named classes", 0),
                               ("two classes of one logit", 0), ("classes by bce", 0),
                               ("labels", 4)):
            targets, words = KINDS[kind]
            self.write("data.csv", with_targets(rows(400), **targets))
            by = [] if "number" in kind or kind == "classes by bce" else ["calibrate.threshold=f1"]
            for options in (TIMID, BOLD):
                words = [each for each in words if not each.startswith("ensemble")]
                self.brood("tune", "data.csv", *words, "--trials", "6", "optimizer=adam", *options,
                           *by, f"ensemble={ensemble}", "--quiet", "--out", "run", "--overwrite")
                saved = json.loads(self.text("run/run.json"))["predicts"]
                self.assertEqual(saved["temperature"] < 1, options is TIMID, kind)
                self.assertEqual("threshold" in saved, bool(by), kind)
                yield kind, saved, *self.predicted()

    def check_decisions(self, kind, got, words, saved, decided):
        """Of rows whose probability is not within the bound of the threshold."""
        for probabilities, word, mine in zip(got, words or [None] * len(got), decided):
            if kind == "labels":
                sure = [abs(p - saved["threshold"]) > BOUND for p in probabilities]
                for p, own, clear in zip(probabilities, mine, sure):
                    self.assertTrue(not clear or own == int(p > saved["threshold"]))
            elif abs(probabilities[-1] - saved.get("threshold", -1)) > BOUND:
                self.assertEqual(str(mine), word)


# Feeds a model with columns by name, and prints its outputs.
ONNX = """
import json, sys
import numpy as np, onnx, onnxruntime
model, columns = sys.argv[1], json.load(open(sys.argv[2]))
onnx.checker.check_model(onnx.load(model), full_check=True)
onnx.shape_inference.infer_shapes(onnx.load(model), strict_mode=True, check_type=True)
session = onnxruntime.InferenceSession(model)
kinds = {"tensor(string)": object, "tensor(double)": np.float64}
feed = {i.name: np.array(columns[i.name], dtype=kinds[i.type]).reshape(-1, 1)
        for i in session.get_inputs()}
names = [o.name for o in session.get_outputs()]
outputs = dict(zip(names, session.run(None, feed)))
# A row by itself is what it is among others, but for roundings of vectors (Cos, Sqrt).
alone = session.run(None, {name: column[7:8] for name, column in feed.items()})
for name, value in zip(names, alone):
    if value.dtype.kind == "f":
        assert np.allclose(value[0], outputs[name][7], rtol=1e-6, atol=1e-6), name
print(json.dumps({n: {"type": str(v.dtype), "values": v.tolist()} for n, v in outputs.items()}))
"""


class OnnxReader(ExportTest):
    def setUp(self):
        readers.need("onnx", "onnxruntime", "numpy")
        super().setUp()

    def outputs(self, columns, *options, run="run"):
        self.brood("export", run, "--out", "net.onnx", "--overwrite", *options)
        self.write("columns.json", json.dumps(columns))
        return readers.run(ONNX, "net.onnx", "columns.json", cwd=self.folder)


class ExportOnnx(OnnxReader):
    def check(self, kind, outputs, expected, words):
        named = {name.removesuffix("_2"): output for name, output in outputs.items()}
        if "values" in kind:
            self.assertEqual(named["prediction"]["type"], "float64")
            self.check_near(named["prediction"]["values"], expected, of_values=True)
            return
        self.check_near(named["probabilities"]["values"], expected, of_values=False)
        top = named["prediction"]["values"]
        if kind == "labels":
            self.assertEqual(top, [[int(p > 0.5) for p in row] for row in expected])
            return
        whole = kind in ("numbered classes", "classes by bce")
        self.assertEqual(named["prediction"]["type"], "int64" if whole else "object")
        self.assertEqual([str(each) for each in top], words)

    def test_every_kind_of_target(self):
        for number, kind in enumerate(KINDS):
            with self.subTest(kind):
                self.tune(kind, *([] if number % 2 else ENCODED), "--overwrite")
                self.check(kind, self.outputs(self.cells()), *self.predicted())

    def test_every_activation(self):
        for activation in ACTIVATIONS:
            with self.subTest(activation):
                self.tune("numbered classes", f"activation={activation}", "ensemble=0",
                          "--overwrite")
                self.check("numbered classes", self.outputs(self.cells()), *self.predicted())

    def test_inputs_that_are_a_list(self):
        for options in NUMBERS:
            for kind in ("values", "named classes"):
                with self.subTest((kind, options)):
                    self.tune(kind, *options, "--overwrite")
                    self.check(kind, self.outputs(self.cells()), *self.predicted())

    def test_networks_of_several_heads(self):
        for number, kind in enumerate(KINDS):
            with self.subTest(kind):
                self.tune(kind, *HEADS[number % 2], "--overwrite")
                self.check(kind, self.outputs(self.cells()), *self.predicted())

    def test_the_winner_and_other_trials(self):
        self.tune("named classes")
        trial = json.loads(self.text("run/best/ensemble.json"))["parts"][-1]["trial"]
        for options in (["--winner"], ["--trial", trial], ["--ensemble"]):
            expected = self.predicted("run", "data.csv",
                                      *(options if options != ["--ensemble"] else []))
            self.check("named classes", self.outputs(self.cells(), *options), *expected)

    def test_eight_bits_differ_by_what_was_said(self):
        self.tune("named classes")
        said = self.json_of("export", "run", "--out", "said.onnx", "--int8")["int8"]
        got = self.outputs(self.cells(), "--int8")["probabilities"]["values"]
        expected, _ = self.predicted()
        worst = max(abs(a - b) for mine, row in zip(got, expected) for a, b in zip(mine, row))
        self.assertAlmostEqual(worst, said["greatest_difference"], delta=BOUND)
        full = (self.folder / "net.onnx").stat().st_size
        self.brood("export", "run", "--out", "net.onnx", "--overwrite")
        self.assertLess(full, (self.folder / "net.onnx").stat().st_size)

    def test_adult_with_its_texts_and_missing_cells(self):
        tables = os.environ.get("BROOD_TEST_TABLES", "")
        adult = os.path.join(tables, "adult-test.csv")
        if not tables or not os.path.exists(adult):
            self.skipTest("BROOD_TEST_TABLES names no folder with adult-test.csv")
        # Cells as brood reads them: without the spaces around them.
        with open(adult, newline="") as file:
            table = [[cell.strip() for cell in row] for row in csv.reader(file) if len(row) > 1]
        table = [[f"c{i + 1}" for i in range(len(table[0]))]] + table[:4000]
        self.write("data.csv", "\n".join(",".join(row) for row in table) + "\n")
        self.brood("tune", "data.csv", "--target", "c15", *FAST, "--out", "run")
        saved = json.loads(metadata(self.folder / "run/best/model.safetensors")["brood"])
        columns = {}
        for each in saved["encoding"]["inputs"]:
            cells = [row[each["name"]] for row in self.rows("data.csv")]
            numeric = each["kind"] == "numeric"
            columns[each["name"]] = [float(cell) for cell in cells] if numeric else cells
        expected = self.predicted()
        self.check("named classes", self.outputs(columns), *expected)


class ExportCalibratedC(Calibrated, CReader):
    def test_is_what_predict_says(self):
        for kind, saved, expected, words in self.calibrated_runs():
            numbers, own = self.c_predictions("run", kind != "labels")
            self.check_calibrated(numbers, expected, saved["temperature"],
                                  by_logit=kind not in ("numbered classes", "named classes"))
            if kind != "labels":
                self.check_decisions(kind, expected, words, saved, own)


class ExportCalibratedOnnx(Calibrated, OnnxReader):
    def test_is_what_predict_says(self):
        for kind, saved, expected, words in self.calibrated_runs():
            outputs = self.outputs(self.cells())
            named = {name.removesuffix("_2"): output for name, output in outputs.items()}
            self.check_calibrated(named["probabilities"]["values"], expected, saved["temperature"],
                                  by_logit=kind not in ("numbered classes", "named classes"))
            self.check_decisions(kind, expected, words, saved, named["prediction"]["values"])


TORCH = """
import json, sys
import torch
from safetensors import safe_open
from safetensors.torch import load_file
tensors = load_file(sys.argv[1])
saved = json.loads(safe_open(sys.argv[1], "pt").metadata()["brood"])
layers, inputs = [], len(saved["transform"]["shift"])
for width in [*saved["config"]["hidden"], saved["outputs"]]:
    layers += [torch.nn.Linear(inputs, width), torch.nn.Tanh()]
    inputs = width
net = torch.nn.Sequential(*layers[:-1])
net.load_state_dict(tensors)
rows = torch.tensor(json.load(open(sys.argv[2])), dtype=torch.float32)
x = (rows - torch.tensor(saved["transform"]["shift"])) * torch.tensor(saved["transform"]["scale"])
print(json.dumps(torch.softmax(net(x), 1).tolist()))
"""


class ExportTensors(ExportTest):
    """safetensors: what PyTorch loads, and what brood reads again."""

    def setUp(self):
        super().setUp()
        self.brood("tune", WINE, "--target", "cultivar", *FAST, "--out", "run", "activation=tanh",
                   "hidden=[6,5]", "scaling=standard", "ensemble=0")
        self.brood("export", "run", "--out", "net.safetensors")

    def test_it_is_the_model_of_the_run(self):
        self.assertEqual((self.folder / "net.safetensors").read_bytes(),
                         (self.folder / "run/best/model.safetensors").read_bytes())

    def test_pytorch_loads_it_and_predicts(self):
        readers.need("torch", "safetensors")
        with open(WINE, newline="") as file:
            table = [[float(cell) for name, cell in row.items() if name != "cultivar"]
                     for row in csv.DictReader(file)]
        self.write("rows.json", json.dumps(table))
        got = readers.run(TORCH, "net.safetensors", "rows.json", cwd=self.folder)
        self.check_near(got, self.predicted("run", WINE)[0], of_values=False)


# The program of best/README.md on rows as dictionaries.
PAGE = """
import json, re, sys
page = open(sys.argv[1] + "/README.md").read()
(program,) = re.findall("```python\\n(.*?)```", page, re.DOTALL)
exec(program)
about, tensors = load(sys.argv[1] + "/model.safetensors")
columns = json.load(open(sys.argv[2]))
rows = [dict(zip(columns, cells)) for cells in zip(*columns.values())]
print(json.dumps([[float(v) for v in predict(row, about, tensors)] for row in rows]))
"""


class ExportPage(ExportTest):
    """best/README.md: what it says of the files, and its program."""

    def setUp(self):
        readers.need("numpy")
        super().setUp()

    def check_program(self, kind, *options):
        self.tune(kind, *options, "--overwrite")
        self.write("columns.json", json.dumps(self.cells()))
        got = readers.run(PAGE, "run/best", "columns.json", cwd=self.folder)
        expected, _ = self.predicted("run", "data.csv", "--winner")
        self.check_near(got, expected, of_values="values" in kind)

    def test_its_program_predicts_every_kind_of_target(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.check_program(kind, *ENCODED)

    def test_its_program_makes_inputs_that_are_a_list(self):
        for options in NUMBERS:
            with self.subTest(options):
                self.check_program("values", *options)

    def test_its_program_averages_heads(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.check_program(kind, "heads=4", *NUMBERS[1])

    def test_its_program_has_every_activation(self):
        for activation in ACTIVATIONS:
            with self.subTest(activation):
                self.check_program("numbered classes", f"activation={activation}", "ensemble=0")

    def test_it_lists_every_tensor_and_file(self):
        self.tune("named classes")
        page = self.text("run/best/README.md")
        header = read_header(self.folder / "run/best/model.safetensors")
        for name, entry in header.items():
            if name != "__metadata__":
                shape = " x ".join(map(str, entry["shape"]))
                self.assertIn(f"| `{name}` | {shape} |\n", page)
        for name in self.names("run/best"):
            self.assertTrue(name == "README.md" or f"`{name}`" in page, name)


if __name__ == "__main__":
    unittest.main()
