# SPDX-License-Identifier: Apache-2.0
"""On a terminal, and when the user has had enough: status lines, colours, signals."""

import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

from command import BROOD, HANG, SWEEP, WINE, CommandTest


def run_on_terminal(test, *arguments, columns=None, **variables):
    """The command with stdout and stderr on one pseudo-terminal: what it wrote, and its code."""
    master, slave = pty.openpty()
    if columns:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([BROOD, *arguments], cwd=test.folder, stdin=subprocess.DEVNULL,
                               stdout=slave, stderr=slave, env=test.environment(**variables))
    os.close(slave)
    written = b""
    while select.select([master], [], [], HANG)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        written += part
    os.close(master)
    return written.decode(), process.wait(timeout=HANG)


class Terminal(CommandTest):
    def setUp(self):
        super().setUp()
        self.write("wine.yaml", SWEEP)

    def test_two_lines_are_written_over_and_taken_away(self):
        text, code = run_on_terminal(self, "tune", "wine.yaml", TERM="xterm")
        self.assertEqual(code, 0)
        self.assertIn("rung 1 of 3: 9 trials to epoch 1", text)
        self.assertEqual(text.count("\x1b[2A\r\x1b[J"), text.count("rung 1 of 3") +
                         text.count("rung 2 of 3") + text.count("rung 3 of 3"))
        self.assertNotIn("rung 1/3", text)
        self.assertIn("\x1b[1m", text)

    def test_lists_are_as_wide_as_the_terminal(self):
        for columns in (60, 132):
            text, code = run_on_terminal(self, "list", columns=columns, TERM="xterm")
            self.assertEqual(code, 0)
            lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertGreater(max(map(len, lines)), columns - 10)

    def test_sentences_are_as_wide_as_the_terminal(self):
        shutil.copy(WINE, self.folder / "wine.csv")
        for columns in (60, 80):
            for command in ["plan"], ["tune", "--overwrite", "--out", "run"]:
                text, code = run_on_terminal(
                    self, *command, "wine.csv", "--target", "cultivar", "trials=3",
                    "early_terminate.max_iter=2", columns=columns, TERM="dumb")
                self.assertEqual(code, 0)
                # A rung's line is for a log, and a command that can be copied stays whole.
                lines = [line for line in text.replace("\r", "").splitlines()
                         if not line.startswith(("rung ", "  "))]
                self.assertIn("picked for 178 rows: ", text)
                self.assertLessEqual(max(map(len, lines)), columns, max(lines, key=len))
                self.assertGreater(max(map(len, lines)), columns - 10)
        # In a log, a sentence is a line.
        _, err = self.brood("plan", "wine.csv", "--target", "cultivar")
        note = next(line for line in err.splitlines() if line.startswith("picked for"))
        self.assertGreater(len(note), 80)

    def test_colours_can_be_refused(self):
        for arguments, variables in ([], {"NO_COLOR": "1"}), (["--no-color"], {}):
            text, code = run_on_terminal(self, "tune", "wine.yaml", *arguments, TERM="xterm",
                                         **variables)
            self.assertEqual(code, 0)
            self.assertNotIn("\x1b[1m", text)
        text, _ = run_on_terminal(self, "tune", "wine.yaml", TERM="xterm", NO_COLOR="")
        self.assertIn("\x1b[1m", text)

    def test_a_dumb_terminal_gets_plain_lines(self):
        text, code = run_on_terminal(self, "tune", "wine.yaml", TERM="dumb")
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", text)
        self.assertIn("rung 1/3", text)

    def test_quiet_is_quiet_on_terminals_too(self):
        text, _ = run_on_terminal(self, "tune", "wine.yaml", "--quiet", "--no-color", TERM="xterm")
        self.assertTrue(text.startswith("rank"), text)
        self.assertNotIn("\x1b", text)


class Signals(CommandTest):
    """A study of minutes, ended by the user. That it ends, and what it leaves, is tested; how soon is
    the alarm's to say (tune.cpp), which is a clock of the system's."""

    def setUp(self):
        super().setUp()
        self.write("long.yaml", SWEEP)

    def start(self, *arguments, blocked=(), **changes):
        process = subprocess.Popen(
            [BROOD, "tune", "long.yaml", *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(**changes),
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, blocked))
        self.addCleanup(process.kill)
        return process

    def listens(self, process):
        text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        caught = int(re.search(r"(?m)^SigCgt:\s*(\w+)$", text)[1], 16)
        return caught >> (signal.SIGTERM - 1) & 1

    def ticks(self, process):
        """Of all its threads, on a processor."""
        text = pathlib.Path(f"/proc/{process.pid}/stat").read_text()
        return sum(map(int, text.rpartition(")")[2].split()[11:13]))

    def wait_until_it_trains(self, process):
        """It listens for signals when it has read its data and before it trains; that it trains is told
        by how much more it has computed since than before."""
        read = None
        while read is None or self.ticks(process) < 4 * read + 4:
            self.assertIsNone(process.poll(), "ended too early")
            time.sleep(0.01)
            if read is None and self.listens(process):
                read = self.ticks(process)

    def interrupt(self, process, *numbers):
        """Its exit code and what it says; it must leave a study to go on with, and no results."""
        for number in numbers:
            process.send_signal(number)
        out, err = process.communicate(timeout=HANG)
        self.assertEqual(out, b"")
        self.assertIn("study.db", os.listdir(self.folder / "runs/long-1"))
        self.assertNotIn("run.json", os.listdir(self.folder / "runs/long-1"))
        return process.returncode, err.decode()

    # The first rung is over at once, the second takes minutes.
    LONG = ["early_terminate.eta=3000", "early_terminate.max_iter=30000", "hidden=[256,256]",
            "--trials", "6000"]

    def test_interrupted_between_or_in_rungs_it_is_gone(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            process = self.start(*self.LONG)
            self.wait_until_it_trains(process)
            self.assertEqual(self.interrupt(process, number)[0], code)
            shutil.rmtree(self.folder / "runs")

    def test_interrupted_after_a_rung_it_says_so(self):
        # By its clock a second is 20 ms, so that it looks far more often than the alarm allows.
        process = self.start("early_terminate.eta=2", "early_terminate.max_iter=1000000",
                             "--trials", "2", "hidden=[16]", "batch_size=1", clock_rate=50)
        while b"rung 1/" not in (line := process.stderr.readline()):
            self.assertNotEqual(line, b"", "ended too early")
        code, err = self.interrupt(process, signal.SIGINT)
        self.assertEqual(code, 130)
        self.assertRegex(err, r"interrupted after rung [1-9]\d* of \d+; all of it is saved, to go on: "
                              r"\S+ resume runs/long-1\n\Z")

    def start_long_epochs(self, **blocked):
        """Nine epochs of one network, between which nothing is looked at: 700,000 steps, each of 6 million
        flops or more."""
        self.write("big.csv", "a,b,y\n" + "".join(
            f"{i % 7},{i % 5},{'uv'[i % 2]}\n" for i in range(120000)))
        process = self.start("data={file: big.csv, target: y}", "batch_size=1", "hidden=[1024,1024]",
                             "--trials", "1", "early_terminate.min_iter=9", **blocked)
        self.wait_until_it_trains(process)
        return process

    def test_what_takes_too_long_is_ended_by_the_alarm(self):
        code, err = self.interrupt(self.start_long_epochs(), signal.SIGINT)
        self.assertEqual(code, 130)
        self.assertNotIn("all of it is saved", err)

    def test_a_second_signal_ends_it_at_once(self):
        # Without its alarm nothing else would end it. Which of the two comes first is not known.
        process = self.start_long_epochs(blocked=[signal.SIGALRM])
        code, err = self.interrupt(process, signal.SIGINT, signal.SIGTERM)
        self.assertIn(code, (130, 143))
        self.assertNotIn("all of it is saved", err)


if __name__ == "__main__":
    unittest.main()
