# SPDX-License-Identifier: Apache-2.0
"""What is compared on tables: each tool takes the training rows, tunes and trains by them alone, and gives
what it predicts of others: probabilities (rows, classes in order), or values.

    predict(train, test, target, classes, seed, arguments)

All take two threads, or those of the machine if it has other than two."""

import os
import pathlib
import subprocess
import tempfile

import numpy as np
import pandas as pd
from scipy.stats import loguniform
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (KFold, RandomizedSearchCV, ShuffleSplit, StratifiedKFold,
                                     StratifiedShuffleSplit)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import table_data

THREADS = os.cpu_count()


def brood(train, test, target, classes, seed, arguments):
    """brood tune, given the file, the target and the task, with all that it picks itself."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        train.to_csv(folder / "train.csv", index=False)
        test.drop(columns=target).to_csv(folder / "test.csv", index=False)
        tune = [arguments.brood, "tune", folder / "train.csv", "--target", target, "--out",
                folder / "run", "--quiet", "--seed", str(seed), "--quality", arguments.quality,
                "task=" + ("classification" if classes else "regression")]
        if arguments.time_limit:
            tune += ["--time-limit", arguments.time_limit]
        subprocess.run(tune + arguments.override, check=True, stdout=subprocess.DEVNULL)
        out = folder / "predictions.csv"
        with open(out, "w") as file:
            subprocess.run([arguments.brood, "predict", folder / "run", folder / "test.csv", "--quiet"],
                           check=True, stdout=file)
        found = pd.read_csv(out)
        if not classes:
            return found.iloc[:, 0].to_numpy()
        return found.iloc[:, 1:].to_numpy()  # behind the prediction, by class in order


def _classes_of(model, predicted, every):
    """Probabilities of all classes; one that a fold did not see has 0."""
    if len(model.classes_) == len(every):
        return predicted
    whole = np.zeros((len(predicted), len(every)))
    whole[:, np.searchsorted(every, model.classes_)] = predicted
    return whole


def boosting(train, test, target, classes, seed, _):
    """scikit-learn's histogram gradient boosting with its defaults."""
    x, z = table_data.as_categories(train.drop(columns=target), test.drop(columns=target))
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    model = make(categorical_features="from_dtype", random_state=seed).fit(x, train[target])
    return model.predict_proba(z) if classes else model.predict(z)


# ---- LightGBM

LIGHTGBM_CONFIGURATIONS, LIGHTGBM_FOLDS = 25, 3


def _lightgbm_configuration(draw):
    """One of a space as TabArena searches it; the first of a search is LightGBM's defaults."""
    def log(low, high):
        return float(np.exp(draw.uniform(np.log(low), np.log(high))))
    return {"learning_rate": log(5e-3, 0.1), "feature_fraction": draw.uniform(0.4, 1.0),
            "bagging_fraction": draw.uniform(0.7, 1.0), "bagging_freq": 1,
            "num_leaves": int(round(log(2, 200))), "min_data_in_leaf": int(round(log(1, 64))),
            "extra_trees": bool(draw.integers(2)), "lambda_l1": log(1e-5, 1.0),
            "lambda_l2": log(1e-5, 2.0), "cat_smooth": log(1e-3, 100.0), "cat_l2": log(5e-3, 2.0),
            "min_data_per_group": int(round(log(2, 100))), "max_cat_to_onehot": int(round(log(8, 100)))}


def lightgbm(train, test, target, classes, seed, _):
    """25 configurations by three folds, each stopped early on its fold; the trees of the three folds of
    the best predict together, as those of brood's folds do."""
    import lightgbm as lgb
    x, z = table_data.as_categories(train.drop(columns=target), test.drop(columns=target))
    every = np.unique(train[target]) if classes else None
    y = np.searchsorted(every, train[target]) if classes else train[target].to_numpy(dtype=float)
    make = lgb.LGBMClassifier if classes else lgb.LGBMRegressor
    rule = StratifiedKFold if classes else KFold
    folds = list(rule(LIGHTGBM_FOLDS, shuffle=True, random_state=seed).split(x, y))
    draw = np.random.default_rng(seed)
    best, models = np.inf, []
    for number in range(LIGHTGBM_CONFIGURATIONS):
        configuration = {} if number == 0 else _lightgbm_configuration(draw)
        own, loss = [], 0.0
        for fit, check in folds:
            model = make(n_estimators=2000, random_state=seed, n_jobs=THREADS, verbose=-1, **configuration)
            seen = np.isin(y[check], y[fit]) if classes else np.ones(len(check), dtype=bool)
            model.fit(x.iloc[fit], y[fit], eval_set=[(x.iloc[check[seen]], y[check[seen]])],
                      callbacks=[lgb.early_stopping(100, verbose=False)])
            own.append(model)
            loss += next(iter(model.best_score_["valid_0"].values())) / LIGHTGBM_FOLDS
        if loss < best:
            best, models = loss, own
    if not classes:
        return np.mean([model.predict(z) for model in models], axis=0)
    return np.mean([_classes_of(model, model.predict_proba(z), np.arange(len(every)))
                    for model in models], axis=0)


# ---- networks of others

MLP_CONFIGURATIONS = 60


def mlp_search(train, test, target, classes, seed, _):
    """A random search of 60 configurations over scikit-learn's MLP."""
    x = train.drop(columns=target)
    text = table_data.text_columns(x)
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
                                n_iter=MLP_CONFIGURATIONS, cv=validation, n_jobs=-1, random_state=seed,
                                scoring="neg_log_loss" if classes else "neg_root_mean_squared_error")
    found = search.fit(x, train[target])
    z = test.drop(columns=target)
    return found.predict_proba(z) if classes else found.predict(z)


def _pytabkit(kind, folds):
    """A network of pytabkit with the defaults that its authors tuned, of so many folds."""
    def predict(train, test, target, classes, seed, _):
        import pytabkit
        make = getattr(pytabkit, f"{kind}_{'Classifier' if classes else 'Regressor'}")
        x, z = table_data.as_categories(train.drop(columns=target), test.drop(columns=target))
        for frame in (x, z):  # what is missing has no place in some of them
            for column in frame.columns:
                if frame[column].dtype.name != "category":
                    frame[column] = frame[column].astype(float).fillna(x[column].median())
        model = make(n_cv=folds, random_state=seed, device="cpu", n_threads=THREADS)
        model.fit(x, train[target].to_numpy())
        return model.predict_proba(z) if classes else np.asarray(model.predict(z)).ravel()
    return predict


def autogluon(train, test, target, classes, _, arguments):
    """AutoGluon's best preset within a time limit."""
    from autogluon.tabular import TabularPredictor
    kind = ("binary" if train[target].nunique() == 2 else "multiclass") if classes else "regression"
    seconds = float((arguments.time_limit or "60s").rstrip("s"))
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(target, problem_type=kind, path=folder, verbosity=0,
                                     eval_metric="log_loss" if classes else "root_mean_squared_error")
        predictor.fit(train, presets="best_quality", time_limit=seconds, num_cpus=THREADS)
        z = test.drop(columns=target)
        if not classes:
            return predictor.predict(z).to_numpy()
        return predictor.predict_proba(z)[sorted(train[target].unique())].to_numpy()


# name: the function, what it needs, and what it is called
TOOLS = {
    "brood": (brood, None, "brood tune"),
    "lightgbm": (lightgbm, "lightgbm", "LightGBM, tuned"),
    "boosting": (boosting, None, "HistGradientBoosting"),
    "mlp_search": (mlp_search, None, "60 of scikit-learn's MLPs"),
    "realmlp": (_pytabkit("RealMLP_TD", 1), "pytabkit", "RealMLP-TD"),
    "realmlp5": (_pytabkit("RealMLP_TD", 5), "pytabkit", "RealMLP-TD, five folds"),
    "tabm": (_pytabkit("TabM_D", 1), "pytabkit", "TabM-D"),
    "tabm5": (_pytabkit("TabM_D", 5), "pytabkit", "TabM-D, five folds"),
    "autogluon": (autogluon, "autogluon.tabular", "AutoGluon"),
}
