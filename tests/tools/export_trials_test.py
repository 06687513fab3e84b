# SPDX-License-Identifier: Apache-2.0
"""brood export of what a run did, as Optuna and TensorBoard read it (readers.py)."""

import contextlib
import json
import sqlite3
import time
import unittest

import readers
from command import ENDLESS, SWEEP, WINE, CommandTest

OPTUNA = """
import json, math, sys, warnings
warnings.simplefilter("ignore")
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
def open_study(path, **more):
    if path.endswith(".db"):
        storage = f"sqlite:///{path}"
    else:
        from optuna.storages.journal import JournalFileBackend
        storage = optuna.storages.JournalStorage(JournalFileBackend(path))
    name = optuna.get_all_study_names(storage)[0]
    return optuna.load_study(study_name=name, storage=storage, **more)
found = {}
for path in sys.argv[1:]:
    study = open_study(path, sampler=optuna.samplers.TPESampler(n_startup_trials=1, seed=1))
    trials = [{"state": t.state.name, "value": t.value, "params": t.params,
               "curve": {str(k): v for k, v in t.intermediate_values.items()},
               "attributes": t.user_attrs} for t in study.trials]
    best, direction = study.best_trial.number, study.direction.name
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=8, max_depth=8, seed=0)
    importances = optuna.importance.get_param_importances(study, evaluator=evaluator)
    plots = [optuna.visualization.plot_optimization_history(study),
             optuna.visualization.plot_intermediate_values(study),
             optuna.visualization.plot_parallel_coordinate(study),
             optuna.visualization.plot_slice(study)]
    def objective(trial):
        optimizer = trial.suggest_categorical("optimizer", ["adam", "momentum"])
        if optimizer == "momentum":
            trial.suggest_float("momentum", 0.5, 0.99)
        return trial.suggest_float("lr", 1e-3, 0.1, log=True)
    study.optimize(objective, n_trials=3)
    again = open_study(path)
    found[path] = {"trials": trials, "best": best, "direction": direction, "plots": len(plots),
                   "important": sorted(importances), "after": len(again.trials),
                   "names": again.metric_names}
print(json.dumps(found))
"""

TENSORBOARD = """
import json, os, sys
from tensorboard.backend.event_processing import data_provider, event_file_loader
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context
from tensorboard.plugins.hparams import get_experiment, list_session_groups
from tensorboard.util import tensor_util
root = sys.argv[1]
board = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"tensors": 0})
board.AddRunsFromDirectory(root)
board.Reload()
runs = {}
for run in board.Runs():
    tags = board.PluginRunToTagToContent("scalars").get(run, {})
    runs[run] = {tag: {str(e.step): float(tensor_util.make_ndarray(e.tensor_proto))
                       for e in board.Tensors(run, tag)} for tag in tags}
provider = data_provider.MultiplexerDataProvider(board, root)
context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
experiment = get_experiment.Handler(
    RequestContext(), context, "", api_pb2.GetExperimentRequest()).run()
request = api_pb2.ListSessionGroupsRequest(
    start_index=0, slice_size=1000, aggregation_type=api_pb2.AGGREGATION_AVG,
    allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE])
groups = list_session_groups.Handler(RequestContext(), context, "", request).run().session_groups
print(json.dumps({
    "runs": runs,
    "records": {run: sum(len(list(event_file_loader.EventFileLoader(os.path.join(folder, file)).Load()))
                         for file in files) for folder, _, files in os.walk(root)
                for run in [os.path.relpath(folder, root)]},
    "hparams": {info.name: list(info.domain_discrete) or [info.domain_interval.min_value,
                                                          info.domain_interval.max_value]
                for info in experiment.hparam_infos},
    "metrics": [info.name.tag for info in experiment.metric_infos],
    "groups": {group.name: {
        "sessions": len(group.sessions),
        "hparams": sorted(group.hparams),
        "metrics": {v.name.tag: v.value for v in group.metric_values}} for group in groups}}))
"""


CONDITIONAL = """\
data: {file: %s, target: cultivar}
trials: 12
seed: 3
metric: {name: accuracy}
early_terminate: {type: successive_halving, eta: 2, min_iter: 2, max_iter: 8}
validation: {folds: 2}
parameters:
  hidden: {values: [[8], [16, 8]]}
  optimizer: {values: [adam, momentum]}
  momentum: {min: 0.5, max: 0.99, when: {optimizer: [momentum]}}
  lr: {distribution: log_uniform_values, min: 1e-3, max: 0.1}
""" % WINE


class ExportTrials(CommandTest):
    """What a run did, as Optuna and TensorBoard read it."""

    def setUp(self):
        super().setUp()
        self.write("sweep.yaml", CONDITIONAL)
        self.brood("tune", "sweep.yaml", "--quiet", "--out", "run")

    def test_optuna_reads_both_and_goes_on(self):
        readers.need("optuna", "sklearn", "plotly")
        self.brood("export", "run", "--out", "x.db")
        self.brood("export", "run", "--out", "x.log")
        found = readers.run(OPTUNA, "x.db", "x.log", cwd=self.folder)
        self.assertEqual(found["x.db"], found["x.log"])
        study, table = found["x.db"], self.rows("run/trials.csv")
        self.assertEqual(study["direction"], "MAXIMIZE")
        self.assertEqual(study["names"], ["accuracy"])
        self.assertEqual(len(study["trials"]), len(table))
        self.assertEqual(study["after"], len(table) + 3)
        for trial, line in zip(study["trials"], table):
            state = {"pruned": "PRUNED", "complete": "COMPLETE"}[line["state"]]
            self.assertEqual(trial["state"], state)
            self.assertEqual(trial["value"], float(line["valid_accuracy"]))
            self.assertAlmostEqual(trial["params"]["lr"], float(line["lr"]), delta=1e-15)
            self.assertEqual(trial["params"]["hidden"], line["hidden"])
            self.assertEqual("momentum" in trial["params"], line["momentum"] != "")
            self.assertEqual(sorted(trial["curve"], key=int)[-1], line["epochs"])
            self.assertEqual(trial["attributes"]["rank"], int(line["rank"]))
        best = max((t for t in study["trials"] if t["state"] == "COMPLETE"),
                   key=lambda t: t["value"])
        self.assertEqual(study["trials"][study["best"]]["value"], best["value"])

    def test_what_diverged_failed(self):
        readers.need("optuna", "sklearn", "plotly")
        self.write("wild.yaml", CONDITIONAL.replace("min: 1e-3, max: 0.1", "min: 1e-3, max: 1e10"))
        self.brood("tune", "wild.yaml", "--quiet", "--out", "wild")
        self.brood("export", "wild", "--out", "x.db")
        (found,) = readers.run(OPTUNA, "x.db", cwd=self.folder).values()
        states = [line["state"] for line in self.rows("wild/trials.csv")]
        self.assertIn("diverged", states)
        for trial, state in zip(found["trials"], states):
            self.assertEqual(trial["state"] == "FAIL", state == "diverged")

    def test_tensorboard_reads_scalars_and_sessions(self):
        readers.need("tensorboard")
        self.brood("export", "run", "--out", "board", "--format", "tensorboard")
        found = readers.run(TENSORBOARD, "board", cwd=self.folder)
        curves = self.rows("run/curves.csv")
        members = {(point["trial"], point["fold"]) for point in curves}
        self.assertEqual(len(found["runs"]), len(members) + 1)
        self.assertEqual(sum(found["records"].values()),  # of each member three more; the first two
                         3 * len(curves) + 3 * len(members) + 2)
        last = {}
        for point in curves:
            run = f"trial_{point['trial']}/fold_{int(point['fold']) + 1}_repeat_1"
            value = found["runs"][run]["valid/loss"][point["epoch"]]
            self.assertAlmostEqual(value, float(point["valid_loss"]), delta=1e-6 * abs(value))
            last[point["trial"], point["fold"]] = float(point["valid_accuracy"])
        self.assertEqual(found["hparams"]["lr"], [1e-3, 0.1])
        self.assertEqual(found["hparams"]["optimizer"], ["adam", "momentum"])
        self.assertEqual(found["metrics"], ["valid/accuracy", "valid/loss", "train/loss"])
        trials = self.rows("run/trials.csv")
        self.assertEqual(len(found["groups"]), len(trials))
        for trial in trials:
            group = found["groups"][f"trial_{trial['trial']}"]
            self.assertEqual(group["sessions"], 2)
            self.assertEqual("momentum" in group["hparams"], trial["momentum"] != "")
            mean = (last[trial["trial"], "0"] + last[trial["trial"], "1"]) / 2
            self.assertAlmostEqual(group["metrics"]["valid/accuracy"], mean, places=6)


class ExportUnfinished(CommandTest):
    """What a run has done so far, while it trains."""

    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)
        self.study = self.start("tune", "wine.yaml", "--out", "run", *ENDLESS)
        while not self.has_scores():
            self.assertIsNone(self.study.poll(), "ended too early")
            time.sleep(0.05)

    def has_scores(self):
        """Once the first rung is over and saved."""
        done = self.run_brood("export", "run", "--out", "first.db", "--overwrite")
        return done.returncode == 0 and self.values("first.db") > 0

    def values(self, name):
        with contextlib.closing(sqlite3.connect(self.folder / name)) as database:
            return database.execute("SELECT COUNT(*) FROM trial_intermediate_values").fetchone()[0]

    def test_optuna_has_trials_that_run(self):
        self.brood("export", "run", "--out", "x.db")
        self.brood("export", "run", "--out", "x.log")
        with contextlib.closing(sqlite3.connect(self.folder / "x.db")) as database:
            trials = database.execute("SELECT state, datetime_complete FROM trials").fetchall()
            names = {row[0] for row in database.execute("SELECT key FROM trial_user_attributes")}
        self.assertEqual(len(trials), 9)
        self.assertIn(("RUNNING", None), trials)
        for state, end in trials:
            self.assertIn(state, ("RUNNING", "PRUNED"))
            self.assertEqual(end is None, state == "RUNNING")
        self.assertGreaterEqual(self.values("x.db"), 9)
        self.assertNotIn("parameters", names)  # what is not known yet is not said
        lines = [json.loads(line) for line in self.text("x.log").splitlines()]
        created = [line for line in lines if "distributions" in line]
        self.assertEqual([line["state"] for line in created].count(0),
                         [state for state, _ in trials].count("RUNNING"))

    def test_other_formats_wait_for_its_end(self):
        for name in ("x.csv", "x.json", "x.onnx"):
            _, err = self.brood("export", "run", "--out", name, code=2)
            self.assertIn("run: its run is not finished; go on with it: brood resume run", err)
        self.brood("export", "run", "--out", "board", "--format", "tensorboard")


if __name__ == "__main__":
    unittest.main()
