# SPDX-License-Identifier: Apache-2.0
"""The demonstrations of tools/examples, at a tiny size."""

import os
import pathlib
import re
import struct
import subprocess
import sys
import unittest
import xml.etree.ElementTree
import zlib

from command import DIGITS, HANG, SWEEP, CommandTest

EXAMPLES = pathlib.Path(DIGITS).parent
FRACTAL = os.path.join(os.environ["BROOD_EXAMPLES"], "fractal")


def read_png(path):
    """Side and pixels of a picture of 8 bits of red, green and blue without filters."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *format_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert width == height and format_ == [8, 2, 0, 0, 0]
    lines = zlib.decompress(chunks[b"IDAT"])  # checks its Adler-32
    assert len(lines) == height * (1 + 3 * width)
    pixels = []
    for row in range(height):
        line = lines[row * (1 + 3 * width):(row + 1) * (1 + 3 * width)]
        assert line[0] == 0
        pixels += [tuple(line[1 + 3 * i:4 + 3 * i]) for i in range(width)]
    return width, pixels


class Fractal(CommandTest):
    def fractal(self, *arguments, code=0):
        done = subprocess.run([FRACTAL, "--device", "cpu", *arguments], cwd=self.folder,
                              capture_output=True, text=True, timeout=HANG)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def counts(self, *arguments):
        """Networks, converged, not; steps trained, of how many."""
        line = self.fractal("--steps", "60", *arguments)
        match = re.fullmatch(r"fractal\.png: (\d+) networks, (\d+) converged, (\d+) did not; "
                             r"(\d+) of (\d+) steps trained in [\d.]+ s\n", line)
        self.assertTrue(match, line)
        return [int(text) for text in match.groups()]

    def test_a_pixel_is_a_network(self):
        networks, converged, not_converged, steps, most = self.counts("--pixels", "20")
        self.assertEqual((networks, converged + not_converged, most), (400, 400, 400 * 60))
        side, pixels = read_png(self.folder / "fractal.png")
        self.assertEqual(side, 20)
        # Blue converged, red to yellow did not.
        self.assertEqual(sum(blue > red for red, _, blue in pixels), converged)
        self.assertTrue(0 < converged < 400)

    def test_small_steps_converge_and_what_diverges_is_trained_no_further(self):
        self.assertEqual(self.counts("--pixels", "4", "--x", "-4,-3", "--y", "-4,-3"),
                         [16, 16, 0, 960, 960])
        networks, converged, _, steps, most = self.counts(
            "--pixels", "4", "--x", "4,5", "--y", "4,5")
        self.assertEqual((networks, converged), (16, 0))
        self.assertLess(steps, most / 2)

    def test_wrong_options_are_refused(self):
        for arguments in (["--pixels", "0"], ["--steps", "many"], ["--x", "3"], ["--y", "2,1"],
                          ["--zoom", "2"], ["--pixels"]):
            self.assertIn("allowed: ", self.fractal(*arguments, code=2))
        self.assertEqual(self.names(), [])


class Plots(CommandTest):
    def picture(self, directory):
        done = subprocess.run([sys.executable, EXAMPLES / "plot_run.py", directory, "out.svg"],
                              cwd=self.folder, capture_output=True, text=True, timeout=HANG)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        return xml.etree.ElementTree.fromstring(self.text("out.svg"))

    def lines(self, picture, colour):
        return [each for each in picture.iter() if each.get("stroke") == colour
                and each.tag.split("}")[1] in ("polyline", "circle")]

    def test_the_sweep_of_hpobench_runs_and_is_drawn(self):
        name = str(EXAMPLES / "hpobench.yaml")
        plan = self.json_of("plan", name)
        self.assertEqual(plan["trials"], 4096)
        done = self.json_of("tune", name, "trials=22", "early_terminate.max_iter=9", "--out", "run",
                            "parameters.width.max=32")
        self.assertEqual(done["trials"], 22)  # a pass: 9, 5 and 3, and of the next 5
        picture = self.picture("run")
        trials = len(self.lines(picture, "#3b6ea5")) + len(self.lines(picture, "#c0392b"))
        self.assertEqual(trials, 22)
        self.assertEqual(len(self.lines(picture, "#c0392b")), 1)

    def test_a_score_that_is_minimized_is_drawn(self):
        self.write("wine.yaml", SWEEP.replace("name: accuracy", "name: loss"))
        self.brood("tune", "wine.yaml", "--out", "run")
        (best,) = self.lines(self.picture("run"), "#222")
        heights = [float(point.split(",")[1]) for point in best.get("points").split()]
        self.assertEqual(heights, sorted(heights))  # y grows downwards, and the loss falls


if __name__ == "__main__":
    unittest.main()
