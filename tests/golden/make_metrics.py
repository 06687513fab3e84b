#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes metric_cases.hpp: what scikit-learn makes of predictions, with and without row weights.

Run by hand when a case is added; the tests read the committed header and need no Python.
Written with scikit-learn 1.9.1.   usage: make_metrics.py > metric_cases.hpp
"""
import warnings

import numpy as np
from sklearn import metrics

ROWS = 40
rng = np.random.default_rng(5)


def text(values):
    return "{" + ", ".join(repr(float(v)) for v in np.asarray(values).ravel()) + "}"


def case(name, task, p, y, weights, scores):
    print(f'    {{"{name}",\n     Task::{task},\n     {p.shape[1]},\n     {text(p)},\n     {text(y)},')
    print(f"     {text(weights) if weights is not None else '{}'},")
    print("     {" + ", ".join(f'{{"{k}", {float(v)!r}}}' for k, v in scores.items()) + "}},")


def probabilities(y, classes):
    """Multiples of 2^-5 above 0, so that some are equal; they are right more often than not."""
    logits = rng.normal(size=(ROWS, classes)) + 1.2 * np.eye(classes)[y]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    counts = np.maximum(1, np.floor(p * 32))
    counts[np.arange(ROWS), p.argmax(axis=1)] += 32 - counts.sum(axis=1)
    return (counts / 32).astype(np.float32)


def of_classes(name, classes, weights, y=None):
    y = rng.permutation(np.arange(ROWS) % classes if y is None else y)
    p = probabilities(y, classes)
    hard, q = p.argmax(axis=1), p.astype(np.float64)  # probabilities of fp32 are scored in fp32
    w = {"sample_weight": weights}
    scores = {
        "accuracy": metrics.accuracy_score(y, hard, **w),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, hard, **w),
        "f1_macro": metrics.f1_score(y, hard, average="macro", **w),
        "log_loss": metrics.log_loss(y, q, labels=range(classes), **w),
        "mcc": metrics.matthews_corrcoef(y, hard, **w),
        "brier": metrics.brier_score_loss(y, q[:, 1] if classes == 2 else q, labels=range(classes), **w),
    }
    average = "binary" if classes == 2 else "macro"
    for metric, of in (("precision", metrics.precision_score), ("recall", metrics.recall_score), ("f1", metrics.f1_score)):
        scores[metric] = of(y, hard, average=average, zero_division=0, **w)
    if classes == 2:
        scores["auc"] = metrics.roc_auc_score(y, p[:, 1], **w)
        scores["pr_auc"] = metrics.average_precision_score(y, p[:, 1], **w)
    elif len(set(y)) == classes:
        scores["auc"] = metrics.roc_auc_score(y, p, multi_class="ovr", **w)
        scores["pr_auc"] = metrics.average_precision_score(y, p, **w)
    case(name, "classification", p, y, weights, scores)


def of_labels(name, weights):
    y = (rng.random((ROWS, 3)) < (0.2, 0.5, 0.7)).astype(int)
    p = (np.round((0.35 * rng.normal(size=y.shape) + 0.3 + 0.4 * y).clip(0, 1) * 32) / 32).astype(np.float32)
    hard = (p > 0.5).astype(int)
    w = {"sample_weight": weights}
    clipped = p.astype(np.float64).clip(2**-23, 1 - 2**-23)
    case(name, "multi_label", p, y, weights, {
        "accuracy": np.mean([metrics.accuracy_score(y[:, k], hard[:, k], **w) for k in range(3)]),
        "f1_macro": metrics.f1_score(y, hard, average="macro", **w),
        "precision": metrics.precision_score(y, hard, average="macro", **w),
        "recall": metrics.recall_score(y, hard, average="macro", **w),
        "f1": metrics.f1_score(y, hard, average="macro", **w),
        "mcc": np.mean([metrics.matthews_corrcoef(y[:, k], hard[:, k], **w) for k in range(3)]),
        "brier": np.mean([metrics.brier_score_loss(y[:, k], p[:, k].astype(np.float64), **w) for k in range(3)]),
        "auc": metrics.roc_auc_score(y, p, **w),
        "pr_auc": metrics.average_precision_score(y, p, **w),
        "log_loss": np.mean([metrics.log_loss(y[:, k], clipped[:, k], **w) for k in range(3)]),
    })


def of_values(name, weights):
    y = np.round(rng.normal(size=(ROWS, 1)) * 64) / 16  # exact in fp32, as are the predictions
    p = y + np.round(rng.normal(size=y.shape) * 64) / 128
    w = {"sample_weight": weights}
    case(name, "regression", p, y, weights, {
        "mse": metrics.mean_squared_error(y, p, **w),
        "rmse": metrics.root_mean_squared_error(y, p, **w),
        "mae": metrics.mean_absolute_error(y, p, **w),
        "r2": metrics.r2_score(y, p, **w),
    })


warnings.simplefilter("error")
print("// SPDX-License-Identifier: Apache-2.0")
print("// Written by make_metrics.py with scikit-learn 1.9.1: predictions and what they score.")
print("#pragma once\n")
print("#include <string>\n#include <utility>\n#include <vector>\n")
print('#include "brood/table.hpp"\n')
print("namespace brood::golden {\n")
print("struct MetricCase {\n  std::string name;\n  Task task;\n  int outputs;")
print("  std::vector<float> predictions, targets, weights;")
print("  std::vector<std::pair<std::string, double>> scores;\n};\n")
print("// clang-format off\ninline std::vector<MetricCase> const kMetricCases = {")
weights = rng.integers(1, 9, ROWS) / 4
of_classes("TwoClasses", 2, None)
of_classes("TwoClassesWeighted", 2, weights)
of_classes("TwoClassesUnequal", 2, weights, [0] * 34 + [1] * 6)
of_classes("FourClasses", 4, None)
of_classes("FourClassesWeighted", 4, weights, [0] * 20 + [1] * 12 + [2] * 5 + [3] * 3)
of_labels("Labels", None)
of_labels("LabelsWeighted", weights)
of_values("Values", None)
of_values("ValuesWeighted", weights)
print("};\n// clang-format on\n\n}  // namespace brood::golden")
