#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes importance_cases.hpp: PED-ANOVA's importances by Optuna, of trials that the test makes too.

Run by hand when a case is added; the tests read the committed header and need no Python.
usage: make_importances.py > importance_cases.hpp
"""
import math
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

# Steps of additive recurrences: u of trial i and draw j is the fraction of (i + 1) STEPS[j].
STEPS = (.6180339887498949, .7548776662466927, .5698402909980532, .8191725133961645)


def draws(i):
    return [math.fmod((i + 1) * step, 1.0) for step in STEPS]


def four_parameters(i):
    """A learning rate that matters, a width and an activation that do less, and noise."""
    u = draws(i)
    lr, width = 10 ** (-5 + 4 * u[0]), 1 + math.floor(64 * u[1])
    activation = ("relu", "tanh", "elu")[math.floor(3 * u[2])]
    value = ((math.log10(lr) + 2.5) ** 2 + .1 * abs(width - 32) / 32
             + {"relu": 0, "tanh": .2, "elu": .4}[activation])
    return value, {
        "lr": (lr, FloatDistribution(1e-5, 1e-1, log=True)),
        "width": (width, IntDistribution(1, 64)),
        "activation": (activation, CategoricalDistribution(("relu", "tanh", "elu"))),
        "noise": (u[3], FloatDistribution(0, 1))}


def conditional(i):
    """A momentum that only one optimizer has, a batch size in powers of two, and steps of 0.25."""
    u = draws(i)
    optimizer = ("adam", "momentum")[math.floor(2 * u[0])]
    batch = math.floor(2 ** (10 * u[1]))
    steps = 0.25 * math.floor(9 * u[2])
    parameters = {
        "optimizer": (optimizer, CategoricalDistribution(("adam", "momentum"))),
        "batch_size": (batch, IntDistribution(1, 1023, log=True)),
        "weight_decay": (steps, FloatDistribution(0, 2, step=0.25))}
    value = abs(math.log2(batch) - 6) + (steps - 1) ** 2
    if optimizer == "momentum":
        parameters["momentum"] = (u[3], FloatDistribution(0, 1))
        value += 3 * abs(u[3] - 0.9) - 1
    return value, parameters


def ties(i):
    """Scores of a few values, as an accuracy has them."""
    u = draws(i)
    return -math.floor(4 * u[0]) / 4, {
        "x": (u[0], FloatDistribution(0, 1)), "y": (u[1], FloatDistribution(0, 1))}


CASES = [("FourParameters", four_parameters, 100), ("FourParameters", four_parameters, 1000),
         ("FourParameters", four_parameters, 7), ("FourParameters", four_parameters, 2),
         ("Conditional", conditional, 300), ("Conditional", conditional, 12),
         ("Ties", ties, 60), ("Ties", ties, 5)]


def importances(make, trials):
    study = optuna.create_study()
    for i in range(trials):
        value, parameters = make(i)
        study.add_trial(optuna.trial.create_trial(
            value=value, params={name: p[0] for name, p in parameters.items()},
            distributions={name: p[1] for name, p in parameters.items()}))
    return optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.PedAnovaImportanceEvaluator(), normalize=False)


print(f"""\
// SPDX-License-Identifier: Apache-2.0
// Written by make_importances.py with Optuna {optuna.__version__}.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace brood::golden {{

// The first trials of a family of ped_anova_test.cpp, and the divergences.
struct ImportanceCase {{
  char const* family;
  int trials;
  std::vector<std::pair<std::string, double>> divergences;
}};

// clang-format off
inline std::vector<ImportanceCase> const kImportanceCases = {{""")
for family, make, trials in CASES:
    found = ", ".join(f'{{"{name}", {value!r}}}' for name, value in sorted(
        importances(make, trials).items()))
    print(f'    {{"{family}", {trials}, {{{found}}}}},')
print("""};
// clang-format on

}  // namespace brood::golden""")
