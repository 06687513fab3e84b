#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes split_cases.hpp: how scikit-learn splits by group and by time.

Run by hand when a case is added; the tests read the committed header and need no Python.
Written with scikit-learn 1.9.1.   usage: make_splits.py > split_cases.hpp
"""
import numpy as np
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

rng = np.random.default_rng(3)


def text(values):
    return "{" + ", ".join(str(int(v)) for v in values) + "}"


def folds_of(splitter, n, groups=None):
    """The fold that each row validates in, and the first row that does not train, by fold."""
    fold = np.full(n, -1)
    train_until = []
    for k, (train, valid) in enumerate(splitter.split(np.zeros(n), groups=groups)):
        fold[valid] = k
        train_until.append(len(train))
    return fold, train_until


print("// SPDX-License-Identifier: Apache-2.0")
print("// Written by make_splits.py with scikit-learn 1.9.1.")
print("#pragma once\n\n#include <cstdint>\n#include <vector>\n\nnamespace brood::golden {\n")
print("struct GroupCase {\n  int folds;\n  std::vector<std::int32_t> groups, fold;  // by row\n};\n")
print("// Groups of different sizes, so that nothing is left to chance.")
print("// clang-format off\ninline std::vector<GroupCase> const kGroupCases = {")
for sizes, folds in (([3, 1, 2], 2), ([5, 9, 1, 7, 2, 12], 3), (list(range(1, 18)), 5), ([40, 3, 2, 1], 4)):
    groups = rng.permutation(np.repeat(np.arange(len(sizes)), rng.permutation(sizes)))
    print(f"    {{{folds}, {text(groups)},\n     {text(folds_of(GroupKFold(folds), len(groups), groups)[0])}}},")
print("};\n\n// The fold that each row in time validates in, -1 for none; and how many rows train before it.")
print("struct TimeCase {\n  int folds;\n  std::vector<std::int32_t> fold, train;\n};\n")
print("inline std::vector<TimeCase> const kTimeCases = {")
for n, folds in ((6, 5), (20, 3), (23, 4), (50, 7)):
    fold, train = folds_of(TimeSeriesSplit(folds), n)
    print(f"    {{{folds}, {text(fold)}, {text(train)}}},")
print("};\n// clang-format on\n\n}  // namespace brood::golden")
