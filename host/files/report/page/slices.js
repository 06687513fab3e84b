// SPDX-License-Identifier: Apache-2.0
// Slices: every trial's score against each parameter. Stronger points were trained for more epochs;
// crosses below are trials that diverged.

function drawSlices(parent, runs, selection) {
  const grid = htmlElement("div", {class: "grid"});
  parent.append(grid);
  const drawn = runs[0].parameters.map((parameter, index) => new Plot(grid, {
    height: 220,
    label: runs[0].metric + " against " + parameter.name,
    draw: (self) => drawSlice(self, runs, parameter, selection),
  }));
  if (selection) selection.listen(() => drawn.forEach((plot) => plot.redraw()));
}

// A place beside the middle of a category, the same for the same trial.
function spreadOf(id) {
  return ((id * 0.6180339887498949) % 1 - 0.5) * 0.6;
}

function sliceScale(parameter, from, to) {
  if (!parameter.values) {
    return makeScale({low: parameter.low, high: parameter.high, log: parameter.log && parameter.low > 0, from, to});
  }
  return makeScale({low: -0.5, high: parameter.values.length - 0.5, from, to});
}

function drawSlice(plot, runs, parameter, selection) {
  const {width, height} = plot.pixels, left = 52, top = 26;
  const bottom = height - (isCrowded(parameter, width - left) ? 62 : 40);
  const x = sliceScale(parameter, left + 8, width - 8);
  const every = runs.flatMap((run) => Array.from(run.trials.scores));
  const [low, high] = scoreExtent(every, runs[0].maximize, 0.2);
  const y = makeScale({low, high, from: bottom - 8, to: top});
  plot.axisLeft(y, left, width, {ticks: 4});
  plot.add("line", {class: "axis", x1: left, x2: width, y1: bottom, y2: bottom});
  plot.add("text", {class: "title", x: left, y: 14}, shortened(parameter.name, Math.floor(width / 9)));
  labelSlice(plot, parameter, x, bottom, width - left);
  const points = [];
  runs.forEach((run, index) => {
    const axis = run.parameters.findIndex((each) => each.name === parameter.name);
    if (axis >= 0) paintSlice(plot, run, axis, {x, y, bottom, top, parameter, points,
        selection: runs.length === 1 ? selection : null, tint: runs.length > 1 ? runColour(index) : null});
  });
  plot.tips(points);
}

// Whether the names of categories have to lie aslant to fit.
function isCrowded(parameter, width) {
  if (!parameter.values) return false;
  const longest = Math.max(...parameter.values.map((text) => Math.min(text.length, 14)));
  return longest * 6.8 > width / parameter.values.length;
}

function labelSlice(plot, parameter, x, bottom, width) {
  if (!parameter.values) {
    for (const tick of x.ticks(4)) {
      const anchor = x(tick) > plot.width - 20 ? "end" : "middle";
      plot.add("text", {x: x(tick), y: bottom + 17, "text-anchor": anchor}, tickText(tick));
    }
    return;
  }
  const crowded = isCrowded(parameter, width), skip = Math.ceil(parameter.values.length / 16);
  parameter.values.forEach((text, i) => {
    if (i % skip) return;
    const turned = crowded ? {transform: `rotate(-35 ${x(i) + 4} ${bottom + 14})`, "text-anchor": "end"}
                           : {"text-anchor": "middle"};
    const label = plot.add("text", {x: x(i) + (crowded ? 4 : 0), y: bottom + (crowded ? 14 : 17), ...turned},
                           shortened(text, 14));
    label.append(svgElement("title", {}, text));
  });
}

function paintSlice(plot, run, axis, {x, y, bottom, top, parameter, points, selection, tint}) {
  const {pen} = plot, {ids, scores, epochs, states, count} = run.trials;
  const values = run.trials.values[axis], own = run.parameters[axis];
  const most = extent(epochs)[1], ramp = makeRamp(), cross = colour("orange");
  const place = (trial) => {
    if (!own.values) return x(values[trial]);
    const index = parameter.values ? parameter.values.indexOf(own.values[values[trial]]) : -1;
    return index < 0 ? NaN : x(index + spreadOf(ids[trial]));
  };
  for (let trial = count - 1; trial >= 0; --trial) {
    const at = Number.isNaN(values[trial]) ? NaN : place(trial);
    if (Number.isNaN(at)) continue;
    pen.globalAlpha = selection && !selection.kept[trial] ? 0.08 : count > 2000 ? 0.5 : 0.85;
    if (states[trial] === "d" || !Number.isFinite(scores[trial])) {
      pen.strokeStyle = tint || cross;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(at - 2.5, bottom - 5.5);
      pen.lineTo(at + 2.5, bottom - 0.5);
      pen.moveTo(at - 2.5, bottom - 0.5);
      pen.lineTo(at + 2.5, bottom - 5.5);
      pen.stroke();
      continue;
    }
    const height = Math.max(top, Math.min(bottom - 8, y(scores[trial])));
    pen.fillStyle = tint || ramp(0.25 + 0.75 * Math.log(epochs[trial] || 1) / Math.log(Math.max(most, 2)));
    pen.beginPath();
    pen.arc(at, height, count > 2000 ? 1.5 : 2.2, 0, 7);
    pen.fill();
    if (points.length < 20000) points.push({x: at, y: height, text: () => sliceText(run, trial, own, values[trial])});
  }
  pen.globalAlpha = 1;
  markWinner(plot, run, place, y, top, bottom, tint);
}

function sliceText(run, trial, parameter, value) {
  return `trial ${run.trials.ids[trial]}, ${run.trials.epochs[trial]} epochs\n` +
      `${parameter.name} ${valueText(parameter, value)}: ${scoreText(run.trials.scores[trial])}`;
}

function markWinner(plot, run, place, y, top, bottom, tint) {
  if (run.winner < 0) return;
  const at = place(run.winner);
  if (Number.isNaN(at)) return;
  const height = Math.max(top, Math.min(bottom - 8, y(run.trials.scores[run.winner])));
  plot.add("circle", {cx: at, cy: height, r: 5, fill: "none", stroke: tint || colour("orange"), "stroke-width": 2});
}
