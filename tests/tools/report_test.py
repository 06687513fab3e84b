# SPDX-License-Identifier: Apache-2.0
"""Reports of runs: as pages, drawn in Chromium where it is installed, as Markdown and as JSON; and
runs beside each other."""

import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import unittest

from command import HANG, SWEEP, CommandTest

CHROMIUM = shutil.which("chromium")


class Report(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)
        self.brood("tune", "wine.yaml", "--out", "run")

    def test_tune_writes_what_report_writes(self):
        written = self.text("run/report.html")
        self.assertEqual(self.brood("report", "run")[0], "run/report.html\n")
        self.assertEqual(self.text("run/report.html"), written)
        self.brood("report", "run", "--out", "page.html")
        self.assertEqual(self.text("page.html"), written)
        self.assertLess(len(written), 200_000)

    def test_markdown_goes_to_stdout(self):
        out, _ = self.brood("report", "run", "--format", "markdown")
        score = json.loads(self.text("run/best/score.json"))["test"]
        self.assertIn(f"# wine\n\n**{score:.4f}** test accuracy on 36 rows", out)
        self.assertIn("| bracket | to epoch | trials |", out)
        found = json.loads(self.text("run/inspection.json"))
        self.assertIn("## Predictions\n\nWhat the winner predicts for the 36 test rows.\n", out)
        for kind, counts in zip("012", found["confusion"]):
            self.assertIn("\n| " + " | ".join([kind, *map(str, counts)]) + " |\n", out)
        self.assertIn("### Calibration\n", out)
        self.assertIn("| " + str(found["calibration"][-1]["rows"]) + " |\n", out)
        self.brood("report", "run", "--format", "markdown", "--out", "report.md")
        self.assertEqual(self.text("report.md"), out)
        self.assertIn("allowed: html, markdown", self.brood("report", "run", "--format", "pdf", code=2)[1])

    def test_a_run_with_its_report_can_be_replaced(self):
        self.brood("tune", "wine.yaml", "--out", "run", "--overwrite", "--seed", "8")
        self.assertIn("<dt>", self.text("run/report.html"))

    def test_several_runs_are_compared(self):
        self.brood("tune", "wine.yaml", "--out", "other", "--seed", "8", "lr=0.01")
        self.assertEqual(self.brood("report", "run", "other")[0], "report.html\n")
        page = self.text("report.html")
        self.assertIn("<td>seed</td><td>7</td><td>8</td>", page)
        out, _ = self.brood("runs", ".")
        self.assertIn("Settings that differ:", out)
        self.assertRegex(out, r"(?m)^seed +8 +7$")
        self.assertTrue(all(len(line) <= 80 for line in out.splitlines()), out)
        found = self.json_of("runs", "run", "other")
        self.assertEqual([run["directory"] for run in found["runs"]], ["run", "other"])
        self.assertIn({"setting": "seed", "values": ["7", "8"]}, found["settings_that_differ"])
        scores = json.loads(self.text("run/best/score.json"))
        self.assertEqual(found["runs"][0]["winner"]["test"], scores["test"])

    def test_what_is_no_run_or_damaged_is_told(self):
        self.assertIn("nowhere: there is no such directory", self.brood("report", "nowhere", code=2)[1])
        self.write("empty/file", "")
        self.assertIn("empty: is no run, and there is none in it", self.brood("runs", "empty", code=2)[1])
        text = self.text("run/trials.csv").replace("complete,9", "complete,nine", 1)
        self.write("run/trials.csv", text)
        self.assertRegex(self.brood("report", "run", code=4)[1],
                         r"run/trials.csv:\d+: is damaged: 'nine' is no number of epochs")

    def test_scores_of_different_metrics_are_not_drawn_over_each_other(self):
        self.brood("tune", "wine.yaml", "--out", "other", "metric={name: loss}")
        self.assertIn("scores of different metrics", self.brood("report", "run", "other", code=2)[1])
        self.assertIn("loss", self.brood("runs", "run", "other")[0])

    def test_values_and_labels_have_reports_too(self):
        rows = [(i * 37 % 101, i * 53 % 89) for i in range(80)]
        self.write("values.csv", "a,b,y,z\n" + "".join(
            f"{a},{b},{a * 0.5 + b},{a - b}\n" for a, b in rows))
        self.write("labels.csv", "a,b,y,z\n" + "".join(
            f"{a},{b},{int(a > 50)},{int(b > 40)}\n" for a, b in rows))
        for name, metric in (("values", "rmse"), ("labels", "log_loss")):
            sweep = SWEEP.replace("metric: {name: accuracy}\n", "")
            self.write(f"{name}.yaml", sweep.replace("target: cultivar", "target: [y, z]").replace(
                re.search(r"file: (.*?),", SWEEP)[1], f"{name}.csv"))
            self.brood("tune", f"{name}.yaml", "--out", name)
            self.assertIn(f"test {metric} on 16 rows", self.text(f"{name}/report.html"))


@unittest.skipUnless(importlib.util.find_spec("optuna"), "Optuna is not installed")
class Importance(CommandTest):
    def test_is_what_optuna_finds_in_the_same_trials(self):
        import optuna
        from optuna.distributions import CategoricalDistribution, FloatDistribution

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.write("wine.yaml", SWEEP.replace("trials: 9", "trials: 60"))
        self.brood("tune", "wine.yaml", "--out", "run")
        distributions = {"hidden": CategoricalDistribution(("[8]", "[16, 8]")),
                         "activation": CategoricalDistribution(("relu", "tanh")),
                         "lr": FloatDistribution(1e-3, 1e-1, log=True)}
        study = optuna.create_study()
        for row in self.rows("run/trials.csv"):
            study.add_trial(optuna.trial.create_trial(
                value=float(row["rank"]), distributions=distributions,
                params={"hidden": row["hidden"], "activation": row["activation"], "lr": float(row["lr"])}))
        wanted = optuna.importance.get_param_importances(
            study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())
        found = self.json_of("report", "run")["runs"][0]["importance"]
        self.assertEqual({each["parameter"] for each in found}, set(wanted))
        for each in found:
            self.assertAlmostEqual(each["share"], wanted[each["parameter"]], delta=1e-6)


@unittest.skipUnless(CHROMIUM, "Chromium is not installed; tools/test.sh --all installs it")
class Page(CommandTest):
    """The page in a browser: it is drawn, it can be used by keys, and it complains of nothing."""

    def drawn(self, path, script="", width=1200):
        """The page's elements after its script and one more have run."""
        if script:
            page = self.text(path)
            self.write("probed.html", page.replace("</body>", f"<script>{script}</script></body>"))
            path = "probed.html"
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
             f"--user-data-dir={self.folder / 'browser'}", f"--window-size={width},900",
             "--virtual-time-budget=5000", "--dump-dom", (self.folder / path).as_uri()],
            capture_output=True, text=True, timeout=HANG,
            env={**os.environ, "HOME": str(self.folder)})
        complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        self.assertEqual(complaints, [])
        return done.stdout

    def found(self, path, script, width=1200):
        """What a script in the page gives back."""
        dom = self.drawn(path, f"const found = document.createElement('pre'); found.id = 'found'; "
                         f"found.textContent = JSON.stringify((() => {{{script}}})()); "
                         "document.body.append(found);", width)
        return json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', dom, re.S)[1]))

    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def test_everything_is_drawn(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        dom = self.drawn("run/report.html")
        for chart, canvases in (("history", 1), ("edf", 1), ("curves", 1), ("parallel", 1),
                                ("slices", 3), ("contour", 1)):
            figure = re.search(rf'<figure id="{chart}-chart">(.*?)</figure>', dom, re.S)[1]
            self.assertEqual(figure.count("<canvas"), canvases, chart)
        table = re.search(r'<div id="trials-table">(.*?)</section>', dom, re.S)[1]
        self.assertEqual(table.count("<tr"), 1 + 9)
        self.assertEqual(table.count('<tr class="winner"'), 1)

    def test_keys_and_filter_choose_trials(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        found = self.found("run/report.html", """
            const rows = () => document.querySelectorAll("#trials-table tbody tr").length;
            const all = rows(), filter = document.getElementById("filter");
            const type = (text) => { filter.value = text; filter.dispatchEvent(new Event("input")); };
            type("activation=relu & lr<1");
            const relu = rows();
            type("nothing>1");
            const says = document.getElementById("filter-says").textContent;
            type("");
            const axis = document.querySelector("#parallel-chart .handle[aria-label='lr']");
            const press = (key) => axis.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            axis.focus();
            const focused = document.activeElement === axis;
            press("ArrowDown");
            const ranged = rows(), told = axis.getAttribute("aria-valuetext");
            press("Escape");
            const button = [...document.querySelectorAll("th button")].find((b) => b.textContent === "lr");
            const column = () => [...document.querySelectorAll("#trials-table tbody tr")].map(
                (row) => Number(row.children[7].textContent));
            button.click();
            const up = column();
            [...document.querySelectorAll("th button")].find((b) => b.textContent === "lr").click();
            return {all, relu, says, focused, ranged, told, again: rows(), up, down: column()};""")
        trials = self.rows("run/trials.csv")
        self.assertEqual(found["all"], 9)
        self.assertEqual(found["again"], 9)
        self.assertEqual(found["relu"], sum(row["activation"] == "relu" for row in trials))
        self.assertEqual(found["says"], "nothing is no column")
        self.assertTrue(found["focused"])
        self.assertRegex(found["told"], r"^0\.001 to ")
        high = float(found["told"].split(" to ")[1])
        self.assertAlmostEqual(found["ranged"], sum(float(row["lr"]) <= high for row in trials), delta=1)
        self.assertEqual(found["up"], sorted(found["up"]))
        self.assertEqual(found["down"], sorted(found["up"], reverse=True))

    def test_two_settings_together_are_the_two_that_matter_most_or_others(self):
        self.brood("tune", "wine.yaml", "--out", "run", "trials=27")
        importance = self.json_of("report", "run")["runs"][0]["importance"]
        first, second = [each["parameter"] for each in
                         sorted(importance, key=lambda each: -each["share"])][:2]
        found = self.found("run/report.html", """
            const selects = [...document.querySelectorAll("#contour-chart select")];
            const chosen = () => selects.map((each) => each.selectedOptions[0].textContent);
            const titles = () => [...document.querySelectorAll("#contour-chart text.title")].map(
                (each) => each.textContent);
            const before = [chosen(), titles()];
            const canvas = document.querySelector("#contour-chart canvas");
            const pixels = () => canvas.toDataURL().length;
            const drawn = pixels();
            selects[0].value = selects[1].value;
            selects[0].dispatchEvent(new Event("change"));
            return {before, after: [chosen(), titles()], drawn, redrawn: pixels()};""")
        self.assertEqual(found["before"][0], [first, second])
        self.assertEqual(found["before"][1], [second, first, "accuracy"])
        self.assertEqual(found["after"], [[second, second], [second, second, "accuracy"]])
        self.assertNotEqual(found["drawn"], found["redrawn"])

    def test_the_distribution_of_scores_ends_where_all_trials_are(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        found = self.found("run/report.html", """
            const path = document.querySelector("#edf-chart path.mark").getAttribute("d");
            const ticks = [...document.querySelectorAll("#edf-chart text")].map((each) => each.textContent);
            return {steps: path.split("V").length - 1, ticks};""")
        self.assertEqual(found["steps"], 9)
        self.assertIn("100 %", found["ticks"])

    def test_a_narrow_window_does_not_scroll_sideways(self):
        self.brood("tune", "wine.yaml", "--out", "run")
        found = self.found("run/report.html", """
            document.body.style.width = "400px";
            return [...document.querySelectorAll("section, .answer")].filter(
                (each) => each.scrollWidth > 401).map((each) => each.id);""", width=500)
        self.assertEqual(found, [])

    def test_unusual_runs_are_drawn(self):
        for name, arguments in {
            "one": ["trials=1"],
            "pbt": ["early_terminate={type: pbt, max_iter: 6, interval: 2}"],
            "bands": ["early_terminate={type: hyperband, max_iter: 9, eta: 3}", "trials=22"],
            "plain": ["early_terminate={type: none}", "train.epochs=3", "metric={name: loss}"],
            "auc": ["metric={name: auc}", "validation={folds: 3, test: 0}", "ensemble=4"],
        }.items():
            with self.subTest(name):
                self.brood("tune", "wine.yaml", "--out", name, *arguments)
                dom = self.drawn(f"{name}/report.html")
                self.assertIn('<div id="trials-table"><div', dom)
        self.brood("report", "one", "pbt", "bands", "--out", "all.html")
        dom = self.drawn("all.html")
        for chart in ("history", "edf", "winners"):
            figure = re.search(rf'<figure id="{chart}-chart">(.*?)</figure>', dom, re.S)[1]
            self.assertEqual(figure.count('<path class="mark"'), 3, chart)
            self.assertEqual(re.findall(r"</svg>(\w+)</li>", figure), ["one", "pbt", "bands"], chart)


if __name__ == "__main__":
    unittest.main()
