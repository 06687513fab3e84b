# SPDX-License-Identifier: Apache-2.0
"""GoogleTest programs on a device: one that loses it or crashes goes on behind the test that it lost."""

import collections
import concurrent.futures
import pathlib
import re
import threading

NO_DEVICE = "no CUDA device"
MOST_OF_A_PROCESS = 40  # tests


def list_tests(session, program):
    names, suite = [], ""
    listed = session.run([program, "--gtest_list_tests"], 60)
    for line in listed.lines:
        if line.startswith("  "):
            names.append(suite + line.strip().split("  #")[0].strip())
        elif re.fullmatch(r"[\w/]+\.(  #.*)?", line):
            suite = line.split("  #")[0]
    return names, listed.lines[-3:]


class Tests:
    """What has become of a program's tests."""

    def __init__(self):
        self.state = collections.OrderedDict()  # name: passed, failed, skipped, not run
        self.why = {}  # of failed ones: a few lines
        self.reports, self.log = [], []
        self.device, self.no_device = "", ""

    def fail(self, name, why):
        self.state[name] = "failed"
        self.why[name] = why

    def named(self, state):
        return [name for name, of in self.state.items() if of == state]

    def summary(self, seconds):
        counts = {state.replace(" ", "_"): len(self.named(state))
                  for state in ("passed", "failed", "skipped", "not run")}
        return {**counts, "seconds": round(seconds, 1), "device": self.device,
                "no_device": self.no_device, "reports": self.reports,
                "failures": [{"name": name, "why": self.why.get(name, [])}
                             for name in self.named("failed")][:100]}


def run_group(session, program, names, tests, lock, deadline, silence):
    """Runs some tests in one process, and in further ones where a process did not live to the last."""
    left = list(names)
    while left and session.clock.now() < deadline:
        current, said, done = [None], [], []

        def hear(line):
            begun = re.match(r"\[ RUN      \] (\S+)", line)
            ended = re.match(r"\[ +(OK|FAILED|SKIPPED) +\] ([^\s,]+)(?=,|\s|$)", line)
            with lock:
                if begun:
                    current[0] = begun.group(1)
                    said.clear()
                elif ended and ended.group(2) == current[0]:
                    state = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[ended.group(1)]
                    tests.state[current[0]] = state
                    if state == "failed":
                        tests.why[current[0]] = said[:6]
                    done.append(current[0])
                    current[0] = None
                elif current[0]:
                    said.append(line)
                elif line.startswith("device lost") and done:  # said when the test has ended
                    tests.why.setdefault(done[-1], []).append(line)
                if line.startswith("[  REPORT  ]"):
                    tests.reports.append(line[12:].strip())
                elif line.startswith("on ") and not current[0]:
                    tests.device = line[3:]
                elif line.startswith(NO_DEVICE):
                    tests.no_device = line

        run = session.run([program, "--gtest_filter=" + ":".join(left)],
                          deadline - session.clock.now(), silence=silence, on_line=hear)
        with lock:
            tests.log += [f"$ {pathlib.Path(program).name} ({len(left)} tests, {run.seconds:.1f} s, "
                          f"exit code {run.code})"] + run.lines + [""]
            if tests.no_device:
                tests.state.update((name, "skipped") for name in left)
                return
            if current[0]:  # did not come back from it
                tests.fail(current[0], said[-6:] + [run.ended or f"exit code {run.code}"])
                done.append(current[0])
            if not done:  # nothing was begun: it would be so for ever
                for name in left:
                    tests.fail(name, run.lines[-3:] + [f"exit code {run.code}"])
                return
        left = [name for name in left if name not in set(done)]


def group_of(name):
    """Tests that share what a process computes once."""
    suite, _, test = name.partition(".")
    precision = re.search(r"/(tf32|bf16|fp32)_", test)
    return suite + (precision.group(0) if precision and suite == "Placement" else "")


def run_tests(session, program, seconds, silence=None, jobs=1, only=None):
    """All of a program's tests, or those named, in so many seconds. What these do not suffice for is
    `not run`."""
    tests = Tests()
    names, said = list_tests(session, program)
    if not names:
        tests.fail("(none was found)", said)
    if only is not None:
        for name in only:
            if names and name not in names:
                tests.fail(name, ["the program has no such test"])
        names = [name for name in only if name in names]
    groups = collections.OrderedDict()
    for name in names:
        groups.setdefault(group_of(name) if jobs > 1 else "", []).append(name)
    most = MOST_OF_A_PROCESS if jobs > 1 else max(1, len(names))
    parts = [part[i:i + most] for part in groups.values() for i in range(0, len(part), most)]
    deadline = session.clock.now() + seconds
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(run_group, session, program, part, tests, lock, deadline, silence)
                       for part in parts]:
            future.result()
    for name in names:
        tests.state.setdefault(name, "not run")
    return tests
