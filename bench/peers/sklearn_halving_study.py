# SPDX-License-Identifier: Apache-2.0
"""The study of tools/examples/digits.yaml by scikit-learn's HalvingRandomSearchCV over MLPClassifier.

    sklearn_halving_study.py DIR TRIALS DEVICE     DIR: of `brood_peer_bench split`; prints JSON

The same rungs of epochs on all cores. MLPClassifier has no dropout, GELU or schedule: those it goes
without, and it searches its own L2 penalty in place of weight decay.
"""
import json
import os
import time
import warnings

import numpy as np
import sklearn
from scipy.stats import loguniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingRandomSearchCV, PredefinedSplit
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import digits


def main():
    folder, trials, _ = digits.arguments()
    start = time.perf_counter()
    os.environ["PYTHONWARNINGS"] = "ignore"  # of the processes that it starts, too
    warnings.filterwarnings("ignore")
    x, y, train, valid, test = digits.load(folder)
    both = np.concatenate([train, valid])
    fold = np.concatenate([np.full(len(train), -1), np.zeros(len(valid), int)])
    model = Pipeline([("scale", StandardScaler()),
                      ("mlp", MLPClassifier(tol=0, n_iter_no_change=10**6, nesterovs_momentum=False, random_state=7))])
    space = {"mlp__hidden_layer_sizes": digits.HIDDEN, "mlp__activation": ["relu", "tanh"],
             "mlp__solver": ["adam", "sgd"], "mlp__learning_rate_init": loguniform(*digits.LR),
             "mlp__batch_size": digits.BATCH_SIZE, "mlp__alpha": loguniform(*digits.WEIGHT_DECAY)}
    search = HalvingRandomSearchCV(
        model, space, n_candidates=trials, factor=digits.ETA, resource="mlp__max_iter", min_resources=1,
        max_resources=digits.MAX_EPOCHS, cv=PredefinedSplit(fold), scoring="accuracy", random_state=7,
        n_jobs=os.cpu_count())
    search.fit(x[both], y[both])
    # Refitted by the search for as many epochs as its last rung has.
    print(json.dumps({"seconds": time.perf_counter() - start, "valid": search.best_score_,
                      "test": search.score(x[test], y[test]), "rungs": search.n_resources_,
                      "version": f"scikit-learn {sklearn.__version__}"}))


main()
