# SPDX-License-Identifier: Apache-2.0
"""Runs brood and its peers on the same work, in turns, and writes one JSON; bench/peers/run.sh calls it.

Every peer first shows that it does the same: from brood's weights and batches, its losses after 100
steps must be brood's (relative 1e-4 in fp32, 1e-2 in tf32). Then it is timed in each of its settings,
and the best one takes turns with brood (A B A B ...): medians, and (slowest - fastest) / median.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from settings import BEST, GOALS, HYPERBAND, POPULATIONS, QUICK, STUDY, TOLERANCE, TOOLS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Failed(Exception):
    pass


class Worker:
    """A process that trains when it is told to (worker.py)."""

    def __init__(self, command, limit):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, cwd=HERE)
        try:
            self.facts = self.answer(limit)
        except Failed:
            self.close()
            raise

    def answer(self, limit):
        deadline = time.monotonic() + limit
        text = b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Failed(f"nothing in {limit:.0f} s")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                self.process.wait()
                self.log.seek(0)
                last = [line.strip() for line in self.log.read().splitlines() if line.strip()][-1:]
                raise Failed(last[0][:200] if last else f"exit code {self.process.returncode}")
            text += more
        return json.loads(text.splitlines()[-1])

    def rate(self, seconds, limit=120):
        self.process.stdin.write(f"{seconds}\n".encode())
        self.process.stdin.flush()
        done = self.answer(limit)
        return done["steps"] / done["seconds"]

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.log.close()


def spread(values):
    return (max(values) - min(values)) / statistics.median(values)


class Run:
    def __init__(self, options):
        self.options = options
        self.rows, self.versions, self.notes = [], {}, []
        self.quick = options.quick
        self.rounds, self.seconds = (3, 0.3) if self.quick else (5, 1.0)

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def best_setting(self, tool, settings, folder, precision):
        """The worker of the fastest setting, and what was seen of each."""
        best, best_rate, tried = None, 0, {}
        for name, (script, *rest) in settings.items():
            if script != "sklearn_mlp.py":
                rest += ["--device", self.options.device, "--precision", precision]
            try:
                worker = Worker([sys.executable, HERE / script, folder, *rest], self.options.limit)
            except Failed as why:
                tried[name] = {"failed": str(why)}
                continue
            facts = worker.facts
            self.versions[tool] = facts["version"]
            tried[name] = {key: facts[key] for key in ("disagreement", "first_seconds")}
            # Not a number does not agree, either.
            if not facts["disagreement"] <= TOLERANCE[precision]:
                tried[name]["failed"] = f"losses differ by {facts['disagreement']:.1e}"
                worker.close()
                continue
            try:
                rate = max(worker.rate(self.seconds / 2) for _ in range(2))
            except Failed as why:
                tried[name]["failed"] = str(why)
                worker.close()
                continue
            tried[name]["steps_per_s"] = rate
            if rate > best_rate:
                if best:
                    best.close()
                best, best_rate, best_name = worker, rate, name
            else:
                worker.close()
        return best, (best_name if best else None), tried

    def train(self, workload, members, precision):
        self.say(f"{workload}, {members} members, {precision}")
        options = self.options
        with tempfile.TemporaryDirectory(prefix="brood-peers-") as folder:
            subprocess.run([options.program, "write", folder, workload, str(members)], check=True)
            flops = json.loads((pathlib.Path(folder) / "workload.json").read_text())["flops_per_step"]
            workers = {}
            try:
                for tool, settings in TOOLS[options.device].items():
                    if options.tools and tool not in options.tools:
                        continue
                    if self.quick:
                        settings = dict(list(settings.items())[:1])
                    worker, setting, tried = self.best_setting(tool, settings, folder, precision)
                    row = {"workload": workload, "members": members, "precision": precision, "tool": tool,
                           "setting": setting, "tried": tried}
                    if worker:
                        workers[tool] = (worker, row)
                    else:
                        self.rows.append({**row, "failed": "; ".join(sorted({t["failed"] for t in tried.values()}))})
                ours = Worker([options.program, "train", workload, str(members), options.device, precision],
                              options.limit)
                self.versions["brood"] = ours.facts["version"]
                workers["brood"] = (ours, {"workload": workload, "members": members, "precision": precision,
                                           "tool": "brood", "first_seconds": ours.facts["first_seconds"]})
                rates = {tool: [] for tool in workers}
                for _ in range(self.rounds):
                    for tool, (worker, _) in workers.items():
                        rates[tool].append(worker.rate(self.seconds))
                for tool, (_, row) in workers.items():
                    rate = statistics.median(rates[tool])
                    self.rows.append({**row, "steps_per_s": rate, "spread": spread(rates[tool]),
                                      "gflops": 1e-9 * flops * rate})
                    self.say(f"  {tool:20} {rate:12,.0f} member-steps/s")
            except Failed as why:
                self.notes.append(f"{workload}, {members} members, {precision}: {why}")
            finally:
                for worker, _ in workers.values():
                    worker.close()

    def once(self, command):
        """The JSON that a program prints last, with its own seconds and the process's."""
        start = time.perf_counter()
        done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True)
        wall = time.perf_counter() - start
        if done.returncode != 0:
            last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
            raise Failed(last[0][:200] if last else f"exit code {done.returncode}")
        return {**json.loads(done.stdout.splitlines()[-1]), "wall_seconds": wall}

    def race(self, work, commands):
        """commands: tool -> (command, how often). brood's seconds are the whole process's."""
        self.say(work)
        for tool, (command, times) in commands.items():
            try:
                runs = [self.once(command) for _ in range(times)]
            except Failed as why:
                self.rows.append({"workload": work, "tool": tool, "failed": str(why)})
                continue
            seconds = [run["wall_seconds"] if tool == "brood" else run["seconds"] for run in runs]
            row = {"workload": work, "tool": tool, "seconds": statistics.median(seconds), "runs": times,
                   "spread": spread(seconds)}
            for key in ("valid", "test", "trials", "member_epochs", "compiles"):
                if key in runs[0]:
                    row[key] = runs[0][key]
            if "version" in runs[0]:
                self.versions[tool] = runs[0]["version"]
            self.rows.append(row)
            if "warm_seconds" in runs[0]:
                warm = [run["warm_seconds"] for run in runs]
                self.rows.append({**row, "tool": tool + ", compiled before", "seconds": statistics.median(warm),
                                  "spread": spread(warm)})
            self.say(f"  {tool:20} {row['seconds']:.3f} s")

    def hyperband(self, work, settings, max_epochs):
        options = self.options
        with tempfile.TemporaryDirectory(prefix="brood-peers-") as folder:
            settings = [f"data.file={folder}/x.npy", f"data.labels={folder}/y.npy", *settings]
            subprocess.run([options.program, "teacher", folder, "5000", "20"], check=True)
            subprocess.run([options.program, "split", HYPERBAND, folder, *settings], check=True, cwd=ROOT)
            self.race(work, {
                "brood": ([options.program, "study", HYPERBAND, options.device, options.precisions[0], *settings],
                          3 if self.quick else 5),
                "JAX": ([sys.executable, HERE / "jax_hyperband_study.py", folder, 3, max_epochs, options.device], 1)})

    def hyperbands(self):
        if self.options.device == "cpu":
            trials, most = (17, 9) if self.quick else (49, 27)
        else:
            trials, most = 143, 81
        budget = [f"trials={trials}", f"early_terminate.max_iter={most}"]
        self.hyperband("hyperband study", budget, most)
        if self.options.device == "cuda" and not self.quick:
            widths = [16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024]
            hidden = [[width] * depth for depth in (1, 2, 3) for width in widths]
            self.hyperband("hyperband study to width 1,024", [*budget, f"parameters.hidden.values={hidden}"], most)

    def studies(self):
        options, python = self.options, sys.executable
        repeats = 3 if self.quick else 5
        trials = 64 if self.quick else 1024
        many = 2000 if self.quick else 100000
        with tempfile.TemporaryDirectory(prefix="brood-peers-") as folder:
            subprocess.run([options.program, "split", STUDY, folder], check=True, cwd=ROOT)
            ours = [options.program, "study", STUDY, options.device, options.precisions[0], f"trials={trials}"]
            peers = {"Optuna, PyTorch": "optuna_torch_study.py", "scikit-learn": "sklearn_halving_study.py"}
            self.race("digits study", {
                "brood": (ours, repeats),
                **{tool: ([python, HERE / script, folder, trials, options.device], 1) for tool, script in peers.items()
                   if tool != "scikit-learn" or options.device == "cpu"}})
        self.race(f"{many:,} trivial trials", {
            "brood": ([options.program, "ask_tell", many], repeats),
            "Optuna": ([python, HERE / "optuna_trials.py", many], 1)})

    def goals(self):
        """One for each goal and row that it is about: brood over the peer, and whether that is enough."""
        reached = []
        for workload, peer, least, *populations in GOALS[self.options.device]:
            of = [row for row in self.rows if row["workload"] == workload
                  and (not populations or row.get("members") in populations[0])]
            for ours in (row for row in of if row["tool"] == "brood"):
                same = [row for row in of if row["tool"] != "brood" and row.get("members") == ours.get("members")
                        and row.get("precision") == ours.get("precision") and "failed" not in row]
                same = [row for row in same if peer == BEST or row["tool"] == peer]
                if "failed" in ours or not same:
                    continue
                if "seconds" in ours:
                    theirs = min(same, key=lambda row: row["seconds"])
                    ratio = theirs["seconds"] / ours["seconds"]
                else:
                    theirs = max(same, key=lambda row: row["steps_per_s"])
                    ratio = ours["steps_per_s"] / theirs["steps_per_s"]
                goal = {"workload": workload, "members": ours.get("members"), "precision": ours.get("precision"),
                        "peer": theirs["tool"], "ratio": ratio, "goal": least, "met": ratio >= least}
                if "test" in ours and "test" in theirs:
                    goal["test"], goal["peer_test"] = ours["test"], theirs["test"]
                    goal["met"] = goal["met"] and ours["test"] >= theirs["test"]
                reached.append({key: value for key, value in goal.items() if value is not None})
        return reached


def machine(device):
    facts = {"cores": os.cpu_count(), "system": platform.platform()}
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        facts["cpu"] = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        facts["cpu"] = platform.processor()
    if device == "cuda" and shutil.which("nvidia-smi"):
        done = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
                              capture_output=True, text=True)
        facts["gpu"] = done.stdout.strip().splitlines()[0] if done.returncode == 0 else "unknown"
    return facts


def table(document):
    lines = [f"{'workload':22} {'members':>8} {'peer':20} {'ratio':>8} {'goal':>7}"]
    for goal in document["goals"]:
        lines.append(f"{goal['workload']:22} {goal.get('members', ''):>8} {goal['peer']:20} {goal['ratio']:8.2f} "
                     f"{goal['goal']:7.1f} {'' if goal['met'] else ' missed'}")
    for row in document["rows"]:
        if "failed" in row:
            lines.append(f"{row['workload']}, {row['tool']}: {row['failed']}")
    return "\n".join(lines + document["notes"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=["cpu", "cuda"], required=True)
    parser.add_argument("--program", required=True, help="brood_peer_bench")
    parser.add_argument("--quick", action="store_true", help="two workloads, few trials: says that all works")
    parser.add_argument("--workloads", nargs="*", help="only these; 'studies' are the studies")
    parser.add_argument("--tools", nargs="*", help="of the peers that train, only these")
    parser.add_argument("--precisions", nargs="*", choices=list(TOLERANCE))
    parser.add_argument("--append", action="store_true", help="keep the rows of an earlier run of the day")
    parser.add_argument("--limit", type=float, default=180, help="seconds for a peer to begin (compilation)")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    options.program = str(pathlib.Path(options.program).resolve())
    options.precisions = options.precisions or (["fp32" if options.device == "cpu" else "tf32"])
    date = datetime.date.today().isoformat()
    kept = "build-peers/quick.json" if options.quick else f"bench/results/peers-{options.device}-{date}.json"
    out = options.out or ROOT / kept
    out.parent.mkdir(parents=True, exist_ok=True)

    command = f"bench/peers/run.sh --device {options.device}" + (" --quick" if options.quick else "")
    run = Run(options)
    before = json.loads(out.read_text()) if options.append and out.exists() else {"seconds": 0}
    run.rows, run.notes = before.get("rows", []), before.get("notes", [])
    run.versions = before.get("versions", {})
    start = time.perf_counter()

    def keep():
        """Writes what there is: a run that is cut short has left it."""
        rows = list({(row["workload"], row.get("members"), row.get("precision"), row["tool"]): row
                     for row in run.rows}.values())  # of rows about the same, the last
        run.rows = rows
        document = {"date": date, "machine": machine(options.device), "command": command, "versions": run.versions,
                    "seconds": before["seconds"] + time.perf_counter() - start, "notes": run.notes, "rows": rows,
                    "goals": run.goals()}
        out.write_text(json.dumps(document, indent=1) + "\n")
        return document

    wanted = options.workloads or [*(QUICK if options.quick else POPULATIONS[options.device]), "studies"]
    for precision in options.precisions:
        for workload, populations in POPULATIONS[options.device].items():
            if workload in wanted:
                for members in populations[:1] if options.quick else populations:
                    run.train(workload, members, precision)
                    keep()
    if "studies" in wanted:
        run.studies()
        keep()
        run.hyperbands()
    document = keep()
    print(table(document))


main()
