# SPDX-License-Identifier: Apache-2.0
"""Tables of the UCI repository, as pandas has them, and how they are split: a fifth is scored (adult: its
own test file), by strata of the classes. None is looked at by name anywhere else."""

import pandas as pd
from sklearn.model_selection import train_test_split

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
    "digits": ("digits.csv", None, "digit", True),
    "abalone": ("abalone.csv", ABALONE, "rings", False),
    "winequality": ("winequality-white.csv", QUALITY, "quality", False),
    "quality_classes": ("winequality-white.csv", QUALITY, "quality", True),
    "adult": ("adult-train.csv", ADULT, "income", True),
}
MANY_ROWS, FEW_SPLITS = 10_000, 3  # of tables with more rows, so many splits at most


def is_there(folder, name):
    return (folder / TABLES[name][0]).exists()


def _read(path, columns):
    table = pd.read_csv(path, names=columns, header=0 if columns is None else None,
                        skipinitialspace=True, na_values=["?"])
    if "income" in table:
        table["income"] = table["income"].str.rstrip(".")
    return table


def _text(column):
    return not pd.api.types.is_numeric_dtype(column)


def splits(folder, name, count):
    """(train, test, target, classes or not) for each split. Rows of a class with a single one always
    train: no split of them is by strata."""
    file, columns, target, classes = TABLES[name]
    table = _read(folder / file, columns)
    if name == "adult":
        whole, test = table, _read(folder / "adult-test.csv", columns)
        # Its own test file is scored once for each order of its training rows.
        for seed in range(min(count, FEW_SPLITS)):
            yield whole.sample(frac=1, random_state=seed), test, target, classes
        return
    for seed in range(count if len(table) <= MANY_ROWS else min(count, FEW_SPLITS)):
        train, test = train_test_split(table, test_size=0.2, random_state=seed,
                                       stratify=table[target] if classes else None)
        yield train, test, target, classes


def as_categories(x, z):
    """Texts of both as categories of those of `x`; others are missing."""
    x, z = x.copy(), z.copy()
    for column in [c for c in x.columns if _text(x[c])]:
        kinds = pd.CategoricalDtype(sorted(x[column].dropna().unique()))
        x[column], z[column] = x[column].astype(kinds), z[column].astype(kinds)
    return x, z


def text_columns(x):
    return [c for c in x.columns if _text(x[c])]
