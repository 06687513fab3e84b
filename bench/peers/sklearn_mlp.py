# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's MLPClassifier and MLPRegressor, one network at a time.

    sklearn_mlp.py DIR     (a worker, see worker.py)

The check gives partial_fit brood's batches; what is timed is fit().
"""
import warnings

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor

import worker

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "identity": "identity"}
MEMBERS = 2  # of the population: one costs what another does


class GivenWeights:
    """Starts from weights that it is given, layer by layer."""
    given = None

    def _init_coef(self, fan_in, fan_out, dtype):
        weights, bias = self.given.pop(0)
        return weights.T.astype(dtype).copy(), bias.astype(dtype).copy()


class Classifier(GivenWeights, MLPClassifier):
    pass


class Regressor(GivenWeights, MLPRegressor):
    pass


class Trainer:
    def __init__(self, workload):
        self.workload = workload
        unknown = sorted({a for a in workload.activation if a not in ACTIVATIONS})
        if unknown:
            raise SystemExit(f"scikit-learn has no {unknown[0]}")
        if workload.task == "classification" and workload.outputs == 2:
            raise SystemExit("scikit-learn has one output for two classes: not the same network")
        self.numbers = workload.checked[:MEMBERS]
        self.members = len(self.numbers)
        self.steps_at_once = -(-workload.rows // workload.batch_size)  # an epoch
        self.classes = workload.task == "classification"
        self.y = workload.y if self.classes else workload.y.ravel()

    def network(self, number, epochs):
        w = self.workload
        network = (Classifier if self.classes else Regressor)(
            hidden_layer_sizes=w.hidden[number], activation=ACTIVATIONS[w.activation[number]], solver=w.optimizer,
            alpha=0, batch_size=w.batch_size, learning_rate_init=w.lr[number], momentum=0, max_iter=epochs,
            tol=0, n_iter_no_change=10**9, random_state=0)
        network.given = list(w.weights[number])
        return network

    def start(self):
        pass

    def run(self, steps):
        for number in self.numbers:
            self.network(number, steps // self.steps_at_once).fit(self.workload.x, self.y)

    def check(self):
        losses = {}
        w, n = self.workload, self.workload.check_rows
        order = w.check_order(self.numbers)
        for at, number in enumerate(self.numbers):
            network = self.network(number, 1)
            more = {"classes": np.arange(w.outputs)} if self.classes else {}
            for rows in order[:, at]:
                network.partial_fit(w.x[rows], self.y[rows], **more)
            if self.classes:
                p = network.predict_proba(w.x[:n])
                losses[number] = -np.mean(np.log(p[np.arange(n), self.y[:n]].astype(np.float64)))
            else:
                losses[number] = np.mean((network.predict(w.x[:n]) - self.y[:n]) ** 2)
        known = [w.checked.index(number) for number in self.numbers]
        ours = np.array([losses[number] for number in self.numbers])
        return float(np.max(np.abs(ours - w.loss[known]) / w.loss[known]))

    def prepare(self):
        pass


def main():
    given, workload = worker.arguments(["fit"])
    warnings.filterwarnings("ignore")
    worker.serve(Trainer(workload), f"scikit-learn {sklearn.__version__}")


main()
