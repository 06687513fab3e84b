# SPDX-License-Identifier: Apache-2.0
"""Trivial trials in Optuna: what its bookkeeping costs.

    optuna_trials.py TRIALS     prints JSON
"""
import json
import sys
import time

import optuna


def main():
    trials = int(sys.argv[1])
    start = time.perf_counter()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(trials):
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0, 1) ** 2 + trial.suggest_float("y", 1e-4, 1, log=True))
    print(json.dumps({"seconds": time.perf_counter() - start, "best": study.best_value,
                      "version": f"Optuna {optuna.__version__}"}))


main()
