#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a run: the learning curve of every trial over its epochs, and the best of all up to each.

    plot_run.py RUN_DIRECTORY OUT.svg

Reads curves.csv, trials.csv and best/score.json; needs nothing but Python. Curves that stop early are
trials that a scheduler dropped; red is the trial that won.
"""

import collections
import csv
import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 960, 600
LEFT, RIGHT, TOP, BOTTOM = 80, 24, 48, 60


def read_curves(directory):
    """{trial: [(epoch, score)]}, the mean over folds and repeats, and the name of the metric."""
    points = collections.defaultdict(list)
    with open(directory / "curves.csv", newline="") as file:
        rows = csv.DictReader(file)
        column = rows.fieldnames[-1]
        for row in rows:
            score = float(row[column])
            if math.isfinite(score):
                points[int(row["trial"]), int(row["epoch"])].append(score)
    curves = collections.defaultdict(list)
    for (trial, epoch), scores in sorted(points.items()):
        curves[trial].append((epoch, sum(scores) / len(scores)))
    return curves, column.removeprefix("valid_")


def best_so_far(curves, better):
    """[(epoch, score)]: the best score of any trial at this epoch or an earlier one."""
    at = collections.defaultdict(list)
    for curve in curves.values():
        for epoch, score in curve:
            at[epoch].append(score)
    best = []
    for epoch in sorted(at):
        scores = at[epoch] + ([best[-1][1]] if best else [])
        best.append((epoch, better(scores)))
    return best


class Axes:
    """Epochs to the right, on a logarithmic scale; scores upwards."""

    def __init__(self, epochs, low, high):
        self.most = math.log(max(epochs, 2))
        self.low, self.high = (low, high) if low < high else (low - 0.5, high + 0.5)

    def x(self, epoch):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(epoch) / self.most

    def y(self, score):
        share = (min(max(score, self.low), self.high) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def line(self, points, style):
        if len(points) == 1:
            epoch, score = points[0]
            return f'<circle cx="{self.x(epoch):.1f}" cy="{self.y(score):.1f}" r="1.5" {style}/>'
        path = " ".join(f"{self.x(epoch):.1f},{self.y(score):.1f}" for epoch, score in points)
        return f'<polyline points="{path}" {style}/>'

    def ticks(self, epochs):
        grid = 'stroke="#ddd"'
        for i in range(6):
            score = self.low + (self.high - self.low) * i / 5
            y = self.y(score)
            yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" {grid}/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{score:.3g}</text>'
        for epoch in epochs:
            x = self.x(epoch)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" {grid}/>'
            yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{epoch}</text>'


def draw(curves, better, winner, metric, title):
    # The worst of fifty may lie anywhere: they are drawn at the edge.
    scores = sorted(score for curve in curves.values() for _, score in curve)
    edge = len(scores) // 50
    low, high = (edge, -1) if better is max else (0, -1 - edge)
    last = max(epoch for curve in curves.values() for epoch, _ in curve)
    axes = Axes(last, scores[low], scores[high])
    ends = sorted({curve[-1][0] for curve in curves.values()})  # the rungs
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
             *axes.ticks(ends if len(ends) <= 12 else [1, last])]
    for trial in sorted(curves):
        if trial != winner:
            parts.append(axes.line(curves[trial],
                                   'fill="none" stroke="#3b6ea5" stroke-opacity="0.35"'))
    parts.append(axes.line(best_so_far(curves, better),
                           'fill="none" stroke="#222" stroke-width="2" stroke-dasharray="6 3"'))
    parts.append(axes.line(curves[winner], 'fill="none" stroke="#c0392b" stroke-width="2.5"'))
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 16}" '
                 'text-anchor="middle">epochs (logarithmic); lines where trials end</text>')
    parts.append(f'<text transform="translate(20 {HEIGHT / 2}) rotate(-90)" '
                 f'text-anchor="middle">validation {escape(metric)}</text>')
    return "\n".join(parts) + "\n</svg>\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    directory = pathlib.Path(sys.argv[1])
    curves, metric = read_curves(directory)
    score = json.loads((directory / "best" / "score.json").read_text())
    better = max if score["goal"] == "maximize" else min
    trials = sum(1 for _ in open(directory / "trials.csv")) - 1
    title = (f"{directory.name}: {trials} trials; the winner, {score['trial']} (red), "
             f"has {metric} {score['valid']:.4g}; dashed: the best so far")
    picture = draw(curves, better, score["trial"], metric, title)
    pathlib.Path(sys.argv[2]).write_text(picture)


if __name__ == "__main__":
    main()
