# SPDX-License-Identifier: Apache-2.0
"""brood export of what a run did, as optuna-dashboard and TensorBoard show it in Chromium (readers.py).

BROOD_SCREENSHOTS names a folder for pictures of what was looked at."""

import contextlib
import os
import shutil
import sqlite3
import unittest

import readers
from command import WINE, CommandTest

CHROMIUM = shutil.which("chromium")

# What both programs begin with: a page, and what its text is once it has all of some words.
BROWSER = """
import json, sys, time
from playwright.sync_api import sync_playwright
chromium, shot = sys.argv[1], sys.argv[2]
complaints = []
def text_with(page, *words):
    # Of shadow roots, too; while it loads, some of it is not there yet.
    for attempt in range(300):
        text = page.evaluate('''() => {
            const texts = [], walk = (node) => {
                if (node.nodeType === Node.TEXT_NODE) texts.push(node.textContent);
                if (["SCRIPT", "STYLE"].includes(node.nodeName)) return;
                for (const child of [...(node.shadowRoot?.childNodes || []), ...node.childNodes]) walk(child);
            };
            walk(document.body);
            return texts.join("\\\\n");
        }''')
        if all(word in text for word in words):
            break
        time.sleep(0.1)
    return text
def opened(playwright):
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page
def picture(page, name):
    if shot:
        time.sleep(2)
        page.screenshot(path=f"{shot}/{name}.png", animations="disabled")
"""

DASHBOARD = BROWSER + """
import threading, warnings
warnings.simplefilter("ignore")
from wsgiref.simple_server import WSGIRequestHandler, make_server
import optuna
from optuna_dashboard import wsgi
optuna.logging.set_verbosity(optuna.logging.ERROR)
path = sys.argv[3]
if path.endswith(".db"):
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
else:
    from optuna.storages.journal import JournalFileBackend
    storage = optuna.storages.JournalStorage(JournalFileBackend(path))
class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass
server = make_server("127.0.0.1", 0, wsgi(storage), handler_class=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
root = f"http://127.0.0.1:{server.server_port}/dashboard"
(study,) = storage.get_all_studies()
name = study.study_name
found = {}
with sync_playwright() as playwright:
    page = opened(playwright)
    page.goto(root)
    found["studies"] = text_with(page, name)
    page.goto(f"{root}/studies/{study._study_id}")
    found["history"] = text_with(page, name, "Best Trial")
    page.wait_for_selector(".js-plotly-plot .trace", timeout=30000)
    found["traces"] = page.locator(".js-plotly-plot .trace").count()
    picture(page, "dashboard-history")
    page.goto(page.url.rstrip("/") + "/trials")
    found["table"] = text_with(page, *sys.argv[4:])
    picture(page, "dashboard-trials")
found["complaints"] = complaints
print(json.dumps(found))
"""

BOARD = BROWSER + """
import logging
from tensorboard import program
logging.disable(logging.CRITICAL)
board = program.TensorBoard()
board.configure(argv=["", "--logdir", sys.argv[3], "--port", "0", "--reload_interval", "5"])
url = board.launch()
found = {}
with sync_playwright() as playwright:
    page = opened(playwright)
    page.goto(url + "#hparams")
    for attempt in range(20):  # the first time it may not have read the folder yet
        found["hparams"] = text_with(page, *sys.argv[4:])
        if all(word in found["hparams"] for word in sys.argv[4:]):
            break
        page.reload()
    picture(page, "tensorboard-hparams")
found["complaints"] = complaints
print(json.dumps(found))
"""

SWEEP = """\
data: {file: %s, target: cultivar}
trials: 9
seed: 3
metric: {name: accuracy}
early_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: 9}
validation: {folds: 2, repeats: 2}
parameters:
  hidden: {values: [[8], [16, 8]]}
  optimizer: {values: [adam, momentum]}
  lr: {distribution: log_uniform_values, min: 1e-3, max: 0.1}
""" % WINE


@unittest.skipUnless(CHROMIUM, "Chromium is not installed; tools/test.sh --all installs it")
class ExportPages(CommandTest):
    def setUp(self):
        super().setUp()
        readers.need("playwright")
        self.write("sweep.yaml", SWEEP)
        self.brood("tune", "sweep.yaml", "--quiet", "--out", "run")

    def test_optuna_dashboard_shows_a_study_that_trains(self):
        readers.need("optuna", "optuna_dashboard")
        self.start("tune", "sweep.yaml", "--out", "running", "--save-every", "0s", "--threads", "1",
                   "trials=100000", "early_terminate={type: asha, eta: 3, max_iter: 9, workers: 4}")
        while True:
            done = self.run_brood("export", "running", "--out", "x.db", "--overwrite")
            if done.returncode == 0 and {"COMPLETE", "RUNNING"} <= self.states("x.db"):
                break
        self.brood("export", "running", "--out", "x.log")
        for store in ("x.db", "x.log"):
            with self.subTest(store):
                found = self.shown(DASHBOARD, store, "Complete", "Running")
                self.assertIn("Best Trial", found["history"])
                self.assertGreater(found["traces"], 0)
                for word in ("Complete", "Running", "hidden", "optimizer", "lr"):
                    self.assertIn(word, found["table"])

    def states(self, name):
        with contextlib.closing(sqlite3.connect(self.folder / name)) as database:
            return {row[0] for row in database.execute("SELECT DISTINCT state FROM trials")}

    def shown(self, program, *arguments):
        found = readers.run(program, CHROMIUM, os.environ.get("BROOD_SCREENSHOTS", ""), *arguments,
                            cwd=self.folder)
        self.assertEqual(found["complaints"], [])
        return found

    def test_optuna_dashboard_shows_the_study(self):
        readers.need("optuna", "optuna_dashboard")
        best = max((row for row in self.rows("run/trials.csv") if row["state"] == "complete"),
                   key=lambda row: float(row["valid_accuracy"]))
        for store in ("x.db", "x.log"):
            with self.subTest(store):
                self.brood("export", "run", "--out", store)
                found = self.shown(DASHBOARD, store, "Complete", "Pruned")
                self.assertIn("Best Trial", found["history"])
                self.assertIn(f"number={best['trial']}", found["history"].replace("\n", ""))
                self.assertGreater(found["traces"], 0)
                for word in ("Complete", "Pruned", "hidden", "optimizer", "lr"):
                    self.assertIn(word, found["table"])

    def test_tensorboard_shows_folds_and_repeats_as_sessions_of_a_group(self):
        readers.need("tensorboard")
        self.brood("export", "run", "--out", "board", "--format", "tensorboard")
        trials = [f"trial_{row['trial']}" for row in self.rows("run/trials.csv")]
        found = self.shown(BOARD, "board", *trials)["hparams"]
        for word in (*trials, "hidden", "optimizer", "lr", "adam", "momentum"):
            self.assertIn(word, found)


if __name__ == "__main__":
    unittest.main()
