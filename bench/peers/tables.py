#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Test scores on tables: `brood tune DATA --target COL --time-limit T`, with all that it picks itself,
against scikit-learn: HistGradientBoosting with its defaults, and a random search of 60 configurations
over the same library's MLP. Each sees the same training rows and is scored once on the same test rows,
a fifth of the table (adult: its own test file), for several splits.

  bench/peers/tables.py --brood build/brood --data FOLDER [--time-limit 60s] [--splits 3] [--out FILE]
  bench/peers/tables.py ... --tables wine,diabetes --tools brood,boosting

Needs scikit-learn and pandas. FOLDER holds wine.csv, breast_cancer.csv, diabetes.csv, abalone.csv,
winequality-white.csv, adult-train.csv and adult-test.csv. Tables that are not there are left out, and
named."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (KFold, RandomizedSearchCV, ShuffleSplit, StratifiedKFold,
                                     StratifiedShuffleSplit, train_test_split)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from scipy.stats import loguniform

ADULT = ("age workclass fnlwgt education education_num marital_status occupation relationship race sex "
         "capital_gain capital_loss hours_per_week native_country income").split()
ABALONE = "sex length diameter height whole shucked viscera shell rings".split()
QUALITY = ("fixed_acidity volatile_acidity citric_acid sugar chlorides free_sulfur total_sulfur density pH "
           "sulphates alcohol quality").split()
# name: file, columns (None: a header names them), target, classes or not
TABLES = {
    "wine": ("wine.csv", None, "cultivar", True),
    "breast_cancer": ("breast_cancer.csv", None, "diagnosis", True),
    "diabetes": ("diabetes.csv", None, "progression", False),
    "abalone": ("abalone.csv", ABALONE, "rings", False),
    "winequality": ("winequality-white.csv", QUALITY, "quality", False),
    "adult": ("adult-train.csv", ADULT, "income", True),
}
CONFIGURATIONS = 60


def read(path, columns):
    table = pd.read_csv(path, names=columns, header=0 if columns is None else None,
                        skipinitialspace=True, na_values=["?"])
    if "income" in table:
        table["income"] = table["income"].str.rstrip(".")
    return table


def split(folder, name, seed):
    file, columns, target, classes = TABLES[name]
    table = read(folder / file, columns)
    if name == "adult":
        return table, read(folder / "adult-test.csv", columns)
    return train_test_split(table, test_size=0.2, random_state=seed,
                            stratify=table[target] if classes else None)


def score(truth, predicted, classes):
    """Accuracy, or R2."""
    if classes:
        return float(np.mean(np.asarray(truth) == np.asarray(predicted)))
    truth = np.asarray(truth, dtype=float)
    return float(1 - np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


def boosting(train, test, target, classes, seed, _):
    x, z = train.drop(columns=target), test.drop(columns=target)
    for column in x.columns[~x.dtypes.map(pd.api.types.is_numeric_dtype)]:
        kinds = pd.CategoricalDtype(sorted(x[column].dropna().unique()))
        x[column], z[column] = x[column].astype(kinds), z[column].astype(kinds)
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = make(categorical_features="from_dtype", random_state=seed).fit(x, train[target])
    return model.predict(z)


def mlp_search(train, test, target, classes, seed, _):
    x = train.drop(columns=target)
    text = list(x.columns[~x.dtypes.map(pd.api.types.is_numeric_dtype)])
    numbers = [c for c in x.columns if c not in text]
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), text))
    make = MLPClassifier if classes else MLPRegressor
    # Early stopping where rows are many enough to spare some; it is also what makes adult affordable.
    network = make(random_state=seed, max_iter=200, early_stopping=len(train) > 2000)
    space = {"hidden_layer_sizes": [(32,), (64,), (128,), (256,), (64, 64), (128, 64), (128, 128)],
             "activation": ["relu", "tanh"], "alpha": loguniform(1e-6, 1e-1),
             "learning_rate_init": loguniform(3e-4, 3e-2), "batch_size": [16, 32, 64, 128, 256]}
    model = make_pipeline(encode, network)
    prefix = network.__class__.__name__.lower() + "__"
    if not classes:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
        prefix = "regressor__" + prefix
    if len(train) <= 20000:
        rule = StratifiedKFold if classes else KFold
        validation = rule(5 if len(train) <= 3000 else 3, shuffle=True, random_state=seed)
    else:
        rule = StratifiedShuffleSplit if classes else ShuffleSplit
        validation = rule(1, test_size=0.2, random_state=seed)
    search = RandomizedSearchCV(model, {prefix + k: v for k, v in space.items()},
                                n_iter=CONFIGURATIONS, cv=validation, n_jobs=-1, random_state=seed)
    return search.fit(x, train[target]).predict(test.drop(columns=target))


def brood(train, test, target, classes, seed, arguments):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        test.to_csv(folder / "test.csv", index=False)
        tune = [arguments.brood, "tune", folder / "train.csv", "--target", target, "--out",
                folder / "run", "--quiet", "--seed", str(seed), "--time-limit", arguments.time_limit,
                "validation.test=0", "task=" + ("classification" if classes else "regression")]
        tune += arguments.override
        subprocess.run(tune, check=True, stdout=subprocess.DEVNULL)
        out = folder / "predictions.csv"
        with open(out, "w") as file:
            subprocess.run([arguments.brood, "predict", folder / "run", folder / "test.csv", "--quiet"],
                           check=True, stdout=file)
        return pd.read_csv(out)["prediction"].to_numpy()


TOOLS = {"brood": brood, "boosting": boosting, "mlp_search": mlp_search}


def versions(arguments):
    said = subprocess.run([arguments.brood, "--version"], capture_output=True, text=True, check=True)
    return {"brood": said.stdout.strip(), "scikit-learn": "scikit-learn " + sklearn.__version__,
            "python": "Python " + platform.python_version()}


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text)
    return f"{name.group(1) if name else platform.machine()}, {os.cpu_count()} threads"


def main():
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the processes that a search starts, too
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brood", default="build/brood")
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--time-limit", default="60s")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--override", action="append", default=[], help="key=value for brood tune")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--append", action="store_true", help="keep the other rows of --out")
    arguments = parser.parse_args()
    if arguments.append and not arguments.out:
        parser.error("--append is given without --out, the file whose rows to keep")

    rows, said = [], {}
    if arguments.append and arguments.out.exists():
        document = json.loads(arguments.out.read_text())
        rows, said = document["rows"], document["versions"]

    def keep(row):
        """Writes what there is: a run that is cut short has left it."""
        rows[:] = [r for r in rows if (r["table"], r["tool"]) != (row["table"], row["tool"])] + [row]
        rows.sort(key=lambda r: (list(TABLES).index(r["table"]), list(TOOLS).index(r["tool"])))
        if not arguments.out:
            return
        document = {"date": datetime.date.today().isoformat(), "machine": machine(),
                    "command": f"bench/peers/tables.py --time-limit {arguments.time_limit} "
                               f"--splits {arguments.splits}",
                    "versions": {**said, **versions(arguments)}, "rows": rows}
        arguments.out.write_text(json.dumps(document, indent=1) + "\n")

    for name in arguments.tables.split(","):
        file, _, target, classes = TABLES[name]
        if not (arguments.data / file).exists():
            print(f"{name}: there is no {arguments.data / file}; left out", file=sys.stderr)
            continue
        for tool in arguments.tools.split(","):
            scores, seconds = [], []
            for seed in range(arguments.splits if name != "adult" else 1):
                train, test = split(arguments.data, name, seed)
                start = time.monotonic()
                predicted = TOOLS[tool](train.copy(), test.copy(), target, classes, seed, arguments)
                seconds.append(time.monotonic() - start)
                scores.append(score(test[target], predicted, classes))
            row = {"table": name, "tool": tool, "metric": "accuracy" if classes else "r2",
                   "rows": len(train) + len(test), "scores": scores,
                   "mean": float(np.mean(scores)), "seconds": float(np.mean(seconds))}
            keep(row)
            print(f"{name:14s} {tool:11s} {row['metric']:8s} {row['mean']:.4f} "
                  f"{np.round(scores, 4)} {row['seconds']:.1f} s", flush=True)


if __name__ == "__main__":
    main()
