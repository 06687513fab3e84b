# SPDX-License-Identifier: Apache-2.0
"""On a terminal, and when the user has had enough: status lines, colours, signals."""

import os
import pty
import select
import signal
import subprocess
import time
import unittest

from command import BROOD, SWEEP, CommandTest


def run_on_terminal(test, *arguments, **variables):
    """The command with stdout and stderr on one pseudo-terminal: what it wrote, and its code."""
    master, slave = pty.openpty()
    process = subprocess.Popen([BROOD, *arguments], cwd=test.folder, stdin=subprocess.DEVNULL,
                               stdout=slave, stderr=slave, env=test.environment(**variables))
    os.close(slave)
    written = b""
    while select.select([master], [], [], 60)[0]:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end was closed
            break
        if not part:
            break
        written += part
    os.close(master)
    return written.decode(), process.wait(timeout=60)


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
    """A study of minutes, ended by the user."""

    def setUp(self):
        super().setUp()
        self.write("long.yaml", SWEEP)

    def start(self, *arguments):
        process = subprocess.Popen(
            [BROOD, "tune", "long.yaml", *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.kill)
        return process

    def wait_for_line(self, process, text):
        while True:
            line = process.stderr.readline().decode()
            self.assertNotEqual(line, "", "ended too early")
            if text in line:
                return

    def check_gone(self, process, code, seconds):
        begun = time.monotonic()
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code)
        self.assertLess(time.monotonic() - begun, seconds)
        self.assertEqual(out, b"")
        self.assertEqual(os.listdir(self.folder), ["long.yaml"])

    # The first rung is over at once, the second takes minutes.
    LONG = ["early_terminate.eta=3000", "early_terminate.max_iter=30000", "hidden=[256,256]",
            "--trials", "6000"]

    def test_interrupted_between_or_in_rungs_it_is_gone_in_time(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.start(*self.LONG)
            self.wait_for_line(process, "Memory:")
            time.sleep(0.5)
            process.send_signal(number)
            self.check_gone(process, code, seconds=5)

    def test_a_second_signal_ends_it_at_once(self):
        process = self.start(*self.LONG)
        self.wait_for_line(process, "Memory:")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        self.check_gone(process, 130, seconds=2)

    def test_interrupted_after_a_rung_it_says_so(self):
        process = self.start("early_terminate.eta=2", "early_terminate.max_iter=1000000",
                             "--trials", "2", "hidden=[16]", "batch_size=1")
        self.wait_for_line(process, "rung 1/")
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(out, b"")
        self.assertEqual(os.listdir(self.folder), ["long.yaml"])


if __name__ == "__main__":
    unittest.main()
