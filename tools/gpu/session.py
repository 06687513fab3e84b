# SPDX-License-Identifier: Apache-2.0
"""The time that there is for all, and programs that run in it."""

import os
import queue
import signal
import subprocess
import threading
import time

RESERVE = 10  # seconds for the report in the end


class Clock:
    """This machine's. Tests have one that goes as their programs say."""

    def now(self):
        return time.monotonic()

    def next_line(self, lines, seconds):
        """Of a queue; queue.Empty if there is none for so long."""
        return lines.get(timeout=seconds)


class Session:
    """`seconds` for all; a program that says nothing for `silence` of them is taken to hang; `jobs`
    programs at a time where several may share the device."""

    def __init__(self, seconds, silence, jobs, clock):
        self.seconds, self.silence, self.jobs, self.clock = seconds, silence, jobs, clock
        self.start = clock.now()
        self.environment = {}  # of programs, beside what there is

    def elapsed(self):
        return self.clock.now() - self.start

    def remaining(self):
        return max(0.0, self.seconds - RESERVE - self.elapsed())

    def run(self, command, seconds, silence=None, environment=None, on_line=None):
        return Run(self, command, min(seconds, max(RESERVE / 2, self.remaining())),
                   silence or self.silence, environment or {}, on_line)


class Run:
    """A program with its output, ended when it takes too long in all or says nothing for too long."""

    def __init__(self, session, command, seconds, silence, environment, on_line):
        self.lines = []
        self.ended = ""  # why it was ended; empty: by itself
        clock = session.clock
        began = clock.now()
        try:
            process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True,
                env={**os.environ, **session.environment, **environment})
        except OSError as error:
            self.code, self.seconds = 127, 0.0
            self.lines.append(f"{command[0]}: {error}")
            return
        lines = queue.Queue()

        def read():
            with process.stdout:
                for line in process.stdout:
                    lines.put(line.rstrip("\n"))
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        heard = clock.now()
        while True:
            now = clock.now()
            limit = min(began + seconds - now, heard + silence - now)
            try:
                if limit <= 0:
                    raise queue.Empty
                line = clock.next_line(lines, limit)
            except queue.Empty:
                now = clock.now()
                self.ended = (f"ended after {now - began:.0f} s" if began + seconds <= now else
                              f"ended after {silence:.0f} s of silence")
                try:
                    os.killpg(process.pid, signal.SIGKILL)  # the group that it was started in
                except ProcessLookupError:
                    pass
                break
            if line is None:
                break
            heard = clock.now()
            self.lines.append(line)
            if on_line:
                on_line(line)
        try:
            self.code = process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # even SIGKILL waits for a driver that hangs
            self.code = -9
        self.seconds = clock.now() - began
        if self.ended:
            self.lines.append(self.ended)


MOST_LOG = 4 << 20  # characters of a log that are kept


def write_log(path, lines):
    text = "\n".join(lines) + "\n"
    if len(text) > MOST_LOG:
        text = text[:MOST_LOG // 2] + "\n[...]\n" + text[-MOST_LOG // 2:]
    path.write_text(text)
