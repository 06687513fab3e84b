#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How `brood tune DATA --target COL --time-limit T` keeps its limit, and what more time is worth: wall
seconds from start to exit, median and worst, and the score of what predicts on the rows that each
seed holds back to test by, mean and standard error.

  bench/time_limits.py --brood build/brood --data FOLDER [--limits 5,15,60] [--seeds 5] [--busy]
                       [--tables adult,genes] [--out FILE]

FOLDER holds wine.csv, breast_cancer.csv, diabetes.csv, abalone.csv, winequality-white.csv and
adult-train.csv; genes (60 rows of 20,000 columns) and classes (12,000 rows of 1,000 classes) are made.
--busy keeps one core busy all the while."""

import argparse
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

TABLES = {  # name: file, target
    "wine": ("wine.csv", "cultivar"),
    "breast_cancer": ("breast_cancer.csv", "diagnosis"),
    "diabetes": ("diabetes.csv", "progression"),
    "abalone": ("abalone.csv", "-1"),
    "winequality": ("winequality-white.csv", "-1"),
    "adult": ("adult-train.csv", "-1"),
    "genes": (None, "y"),
    "classes": (None, "y"),
}


def write_genes(path):
    """More columns than anybody can look at, of which one says something."""
    draw = random.Random(1)
    columns = 20000
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(f"g{i}" for i in range(columns)) + ",y\n")
        for _ in range(60):
            row = [draw.gauss(0, 1) for _ in range(columns)]
            file.write(",".join(f"{x:.2f}" for x in row) + f",{'a' if row[0] > 0 else 'b'}\n")


def write_classes(path):
    draw = random.Random(2)
    centres = [[draw.gauss(0, 3) for _ in range(8)] for _ in range(1000)]
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(f"x{i}" for i in range(8)) + ",y\n")
        for i in range(12000):
            centre = centres[i % 1000]
            file.write(",".join(f"{c + draw.gauss(0, 1):.3f}" for c in centre) + f",c{i % 1000}\n")


WRITERS = {"genes": write_genes, "classes": write_classes}


def run(brood, data, target, limit, seed, folder):
    """Wall seconds, and the score of what predicts."""
    start = time.monotonic()
    done = subprocess.run(
        [brood, "tune", data, "--target", target, "--time-limit", f"{limit}s", "--seed", str(seed),
         "--out", str(folder / "run"), "--overwrite", "--json", "--quiet"],
        stdout=subprocess.PIPE, check=True)
    seconds = time.monotonic() - start
    document = json.loads(done.stdout)
    predictor = document["ensemble"] or document["best"]
    return seconds, predictor["test"], document["metric"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brood", default="build/brood")
    parser.add_argument("--data", required=True)
    parser.add_argument("--limits", default="5,15,60")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--out")
    arguments = parser.parse_args()

    burner = None
    if arguments.busy:
        burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    rows = []
    print("table          limit  median   worst  metric      test score")
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for table in arguments.tables.split(","):
                file, target = TABLES[table]
                path = pathlib.Path(arguments.data) / file if file else folder / f"{table}.csv"
                if not file:
                    WRITERS[table](path)
                if not path.exists():
                    print(f"{table}: {path} is not there; left out", file=sys.stderr)
                    continue
                for limit in map(float, arguments.limits.split(",")):
                    runs = [run(arguments.brood, str(path), target, limit, seed, folder)
                            for seed in range(arguments.seeds)]
                    walls = [seconds for seconds, _, _ in runs]
                    scores = [score for _, score, _ in runs]
                    error = (statistics.stdev(scores) / math.sqrt(len(scores))
                             if len(scores) > 1 else math.nan)
                    rows.append({"table": table, "limit": limit, "seconds": walls,
                                 "metric": runs[0][2], "test": scores, "busy": arguments.busy})
                    print(f"{table:13} {limit:6g} {statistics.median(walls):7.2f} {max(walls):7.2f}"
                          f"  {runs[0][2]:10}  {statistics.mean(scores):.4f} +- {error:.4f}",
                          flush=True)
    finally:
        if burner:
            burner.kill()
    if arguments.out:
        document = {"cores": os.cpu_count(), "rows": rows}
        pathlib.Path(arguments.out).write_text(json.dumps(document, indent=1) + "\n",
                                               encoding="utf-8")


if __name__ == "__main__":
    main()
