// SPDX-License-Identifier: Apache-2.0
// Colours of marks: from faint (worst) over blue to strong (best), so that lightness alone tells;
// and one for each of several runs, by Okabe and Ito, told apart by every kind of eye.

function parseColour(text) {
  const value = parseInt(text.slice(1), 16);
  return [value >> 16 & 255, value >> 8 & 255, value & 255];
}

// share 0 .. 1 -> colour, in 64 steps.
function makeRamp() {
  const stops = ["low", "middle", "high"].map((name) => parseColour(colour(name)));
  const steps = [];
  for (let i = 0; i < 64; ++i) {
    const at = i / 63 * 2, below = Math.min(Math.floor(at), 1), t = at - below;
    const mixed = stops[below].map((a, c) => Math.round(a + t * (stops[below + 1][c] - a)));
    steps.push("rgb(" + mixed.join(",") + ")");
  }
  return (share) => steps[Math.max(0, Math.min(63, Math.round(share * 63)))];
}

const RUN_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const RUN_DASHES = ["", "7 4", "2 3", "10 3 2 3"];

function runColour(index) {
  return RUN_COLOURS[index % RUN_COLOURS.length];
}

// The line of one of several runs.
function styleOfRun(line, index) {
  line.style.stroke = runColour(index);
  line.style.strokeDasharray = RUN_DASHES[index % RUN_DASHES.length];
}

// Which line is whose; nothing of one run.
function addRunLegend(parent, runs) {
  if (runs.length < 2) return;
  const list = htmlElement("ul", {class: "legend"});
  runs.forEach((run, index) => {
    const item = htmlElement("li"), sample = svgElement("svg", {viewBox: "0 0 28 10", "aria-hidden": "true"});
    const line = svgElement("path", {d: "M0 5H28", fill: "none", "stroke-width": 2.5});
    styleOfRun(line, index);
    sample.append(line);
    item.append(sample, run.directory);
    list.append(item);
  });
  parent.append(list);
}
