#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Test scores on tables: `brood tune DATA --target COL`, with all that it picks itself, against what people
would use in its place, each given the same training rows and scored once on the same test rows, a fifth of
the table (adult: its own test file), for several splits.

  bench/peers/tables.py --brood build/brood --data FOLDER [--splits 10] [--time-limit 60s] [--out FILE]
  bench/peers/tables.py ... --tables wine,diabetes --tools brood,lightgbm,boosting,realmlp,tabm
  bench/peers/tables.py --summary FILE

Tools: brood, lightgbm (25 configurations by three folds), boosting (scikit-learn's), mlp_search, realmlp and
tabm (pytabkit's, one fold; realmlp5 and tabm5: five), autogluon. Those that are not installed are left out,
and named. What decides is log loss, or the root of the mean squared error; AUC and accuracy, or R2, stand
beside. --time-limit is of brood and AutoGluon: seconds as in 60s, or the name of a tool that has run before,
for as long as that took on the same split.

FOLDER holds wine.csv, breast_cancer.csv, diabetes.csv, digits.csv, abalone.csv, winequality-white.csv,
adult-train.csv and adult-test.csv; tables that are not there are left out, and named. Tables of more than
10,000 rows are split three times at most."""

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time
import warnings

import numpy as np
from sklearn.metrics import log_loss, roc_auc_score

import table_data
import table_tools
from table_data import TABLES
from table_tools import TOOLS


# ---- scores

def scores_of(truth, predicted, classes, every):
    """By name; the first one decides, and less of it is better."""
    truth = np.asarray(truth)
    if not classes:
        error = truth.astype(float) - np.asarray(predicted, dtype=float)
        spread = np.sum((truth - truth.mean()) ** 2)
        return {"rmse": float(np.sqrt(np.mean(error ** 2))), "r2": float(1 - np.sum(error ** 2) / spread)}
    predicted = np.asarray(predicted, dtype=float)
    predicted = predicted / predicted.sum(axis=1, keepdims=True)
    index = np.searchsorted(every, truth)
    found = {"log_loss": float(log_loss(index, predicted, labels=np.arange(len(every)))),
             "accuracy": float(np.mean(predicted.argmax(axis=1) == index))}
    if len(every) == 2:
        found["auc"] = float(roc_auc_score(index, predicted[:, 1]))
    else:  # each class against the others, of those that are tested
        found["auc"] = float(np.mean([roc_auc_score(index == k, predicted[:, k])
                                      for k in range(len(every)) if 0 < np.sum(index == k) < len(index)]))
    return found


def summary(rows):
    """Of tools on all tables that all of them have, as TabArena does: the mean rank, the share of duels won,
    by how much the best of a table is better (in per cent of one's own error), and seconds."""
    tools = list(dict.fromkeys(row["tool"] for row in rows))
    errors = {(row["table"], row["tool"]): row["scores"][row["decides"]] for row in rows}
    tables = [name for name in dict.fromkeys(row["table"] for row in rows)
              if all((name, tool) in errors for tool in tools)]
    if not tables or len(tools) < 2:
        return []
    ranks, wins, gaps = ({tool: [] for tool in tools} for _ in range(3))
    for name in tables:
        by_split = np.array([errors[name, tool] for tool in tools])  # (tools, splits)
        for split in by_split.T:
            for tool, own in zip(tools, split):
                ranks[tool].append(1 + np.sum(split < own) + (np.sum(split == own) - 1) / 2)
                others = len(tools) - 1
                wins[tool].append((np.sum(split > own) + (np.sum(split == own) - 1) / 2) / others)
        means = by_split.mean(axis=1)
        for tool, own in zip(tools, means):
            gaps[tool].append(100 * (own - means.min()) / own)
    seconds = {tool: statistics.mean(row["seconds"] for row in rows
                                     if row["tool"] == tool and row["table"] in tables) for tool in tools}
    found = [{"tool": tool, "tables": len(tables), "rank": float(np.mean(ranks[tool])),
              "win_rate": float(np.mean(wins[tool])), "improvability": float(np.mean(gaps[tool])),
              "seconds": seconds[tool]} for tool in tools]
    return sorted(found, key=lambda row: row["rank"])


def print_summary(rows):
    found = summary(rows)
    if not found:
        return
    print(f"\nof {found[0]['tables']} tables that all tools have")
    print(f"{'tool':28s} {'rank':>5s} {'won':>6s} {'improvable by':>14s} {'seconds':>9s}")
    for row in found:
        print(f"{TOOLS[row['tool']][2]:28s} {row['rank']:5.2f} {100 * row['win_rate']:4.0f} % "
              f"{row['improvability']:12.1f} % {row['seconds']:9.1f}")


# ---- the run

def is_installed(tool):
    needs = TOOLS[tool][1]
    try:
        return needs is None or importlib.util.find_spec(needs) is not None
    except ModuleNotFoundError:
        return False


def versions(arguments, tools):
    said = subprocess.run([arguments.brood, "--version"], capture_output=True, text=True, check=True)
    found = {"brood": said.stdout.strip(), "python": "Python " + platform.python_version()}
    packages = {"scikit-learn"} | {TOOLS[tool][1] for tool in tools if TOOLS[tool][1]}
    return found | {name: f"{name} {importlib.metadata.version(name)}" for name in sorted(packages)}


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", text)
    return f"{name.group(1) if name else platform.machine()}, {os.cpu_count()} threads"


class Results:
    """What was measured, written after each row: a run that is cut short has left it."""

    def __init__(self, arguments, tools):
        self.arguments, self.rows, self.said = arguments, [], versions(arguments, tools)
        if arguments.append and arguments.out.exists():
            document = json.loads(arguments.out.read_text())
            self.rows, self.said = document["rows"], document["versions"] | self.said

    def find(self, table, tool):
        return next((row for row in self.rows if (row["table"], row["tool"]) == (table, tool)), None)

    def keep(self, row):
        self.rows = [r for r in self.rows if (r["table"], r["tool"]) != (row["table"], row["tool"])] + [row]
        self.rows.sort(key=lambda r: (list(TABLES).index(r["table"]), list(TOOLS).index(r["tool"])))
        if not self.arguments.out:
            return
        limit = f" --time-limit {self.arguments.time_limit}" if self.arguments.time_limit else ""
        if self.arguments.quality != "good":
            limit += f" --quality {self.arguments.quality}"
        document = {"date": datetime.date.today().isoformat(), "machine": machine(),
                    "command": f"bench/peers/tables.py --splits {self.arguments.splits}{limit}",
                    "versions": self.said, "rows": self.rows, "summary": summary(self.rows)}
        self.arguments.out.write_text(json.dumps(document, indent=1) + "\n")


def run(results, name, tool, arguments):
    limit = arguments.time_limit
    model = results.find(name, limit) if limit in TOOLS else None
    scores, seconds = [], []
    for seed, (train, test, target, classes) in enumerate(
            table_data.splits(arguments.data, name, arguments.splits)):
        if limit in TOOLS:
            if model is None:
                sys.exit(f"{name}: {limit}, which --time-limit names, has not run; name it before {tool} in --tools")
            arguments.time_limit = f"{max(1.0, model['split_seconds'][seed]):.1f}s"
        start = time.monotonic()
        predicted = TOOLS[tool][0](train.copy(), test.copy(), target, classes, seed, arguments)
        seconds.append(time.monotonic() - start)
        every = np.unique(train[target]) if classes else None
        scores.append(scores_of(test[target], predicted, classes, every))
    arguments.time_limit = limit
    decides = next(iter(scores[0]))
    row = {"table": name, "tool": tool, "title": TOOLS[tool][2], "rows": len(train) + len(test), "decides": decides,
           "scores": {metric: [each[metric] for each in scores] for metric in scores[0]},
           "split_seconds": seconds, "seconds": statistics.mean(seconds)}
    results.keep(row)
    means = {metric: statistics.mean(values) for metric, values in row["scores"].items()}
    error = statistics.stdev(row["scores"][decides]) / len(scores) ** 0.5 if len(scores) > 1 else float("nan")
    beside = ", ".join(f"{metric} {mean:.4f}" for metric, mean in means.items() if metric != decides)
    print(f"{name:16s} {tool:11s} {decides} {means[decides]:.4f} +- {error:.4f}, {beside}, "
          f"{row['seconds']:.1f} s", flush=True)


def main():
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the processes that a search starts, too
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brood", default="build/brood")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--time-limit", help="of brood and AutoGluon: 60s, or a tool's name; none without")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--tools", default="lightgbm,boosting,brood")
    parser.add_argument("--quality", default="good", choices=("fast", "good", "best"), help="of brood")
    parser.add_argument("--override", action="append", default=[], help="key=value for brood tune")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--append", action="store_true", help="keep the other rows of --out")
    parser.add_argument("--summary", type=pathlib.Path, help="print that of such a file, and run nothing")
    arguments = parser.parse_args()
    if arguments.summary:
        return print_summary(json.loads(arguments.summary.read_text())["rows"])
    if not arguments.data:
        parser.error("--data is needed: the folder of the tables")
    if arguments.append and not arguments.out:
        parser.error("--append is given without --out, the file whose rows to keep")
    tools, tables = arguments.tools.split(","), arguments.tables.split(",")
    for known, asked in ((TOOLS, tools), (TABLES, tables)):
        for name in asked:
            if name not in known:
                parser.error(f"{name} is not known; there are {', '.join(known)}")
    for tool in [tool for tool in tools if not is_installed(tool)]:
        print(f"{tool}: {TOOLS[tool][1]} is not installed; left out", file=sys.stderr)
        tools.remove(tool)

    results = Results(arguments, tools)
    for name in tables:
        if not table_data.is_there(arguments.data, name):
            print(f"{name}: there is no {arguments.data / TABLES[name][0]}; left out", file=sys.stderr)
            continue
        for tool in tools:
            run(results, name, tool, arguments)
    print_summary(results.rows)


if __name__ == "__main__":
    main()
