// SPDX-License-Identifier: Apache-2.0
// Two settings together: a point for each trial, in the colour of its score, over a smooth field of
// the scores around it where there are any.

const FIELD = {columns: 150, rows: 90, width: 6};  // cells, and the deviation of the kernel in cells

function drawContour(parent, run, selection) {
  const order = [...run.importance].sort((a, b) => b.share - a.share)
      .map((each) => run.parameters.findIndex((own) => own.name === each.parameter)).filter((index) => index >= 0);
  if (order.length < 2) return;
  const state = {across: order[0], up: order[1]};
  const controls = htmlElement("div", {class: "controls"});
  parent.append(controls);
  const plot = new Plot(parent, {
    height: (width) => Math.max(300, Math.min(460, Math.round(width * 0.55))),
    label: run.metric + " by two settings; the table of trials has the numbers",
    draw: (self) => drawPair(self, run, state, selection),
  });
  for (const [key, text] of [["across", "Across"], ["up", "Up"]]) {
    const select = htmlElement("select", {"aria-label": text});
    for (const index of order) select.append(htmlElement("option", {value: index}, run.parameters[index].name));
    select.value = state[key];
    select.addEventListener("change", () => {
      state[key] = Number(select.value);
      plot.redraw();
    });
    const label = htmlElement("label", {}, text + " ");
    label.append(select);
    controls.append(label);
  }
  selection.listen(() => plot.redraw());
}

// The place of a trial on a scale; beside the middle of a category. `turn` spreads the two axes
// differently.
function pairPlace(run, index, scale, turn) {
  const values = run.trials.values[index], parameter = run.parameters[index];
  if (!parameter.values) return (trial) => scale(values[trial]);
  return (trial) => scale(values[trial] + spreadOf(run.trials.ids[trial] * turn));
}

function drawPair(plot, run, state, selection) {
  const {width, height} = plot.pixels, top = 24, right = width - 84;
  const across = run.parameters[state.across], up = run.parameters[state.up];
  const longest = up.values ? Math.max(...up.values.map((text) => Math.min(text.length, 14))) : 6;
  const left = Math.max(60, Math.min(longest * 8 + 16, 128));
  const crowded = isCrowded(across, right - left), bottom = height - (crowded ? 76 : 44);
  const x = sliceScale(across, left + 6, right - 6), y = sliceScale(up, bottom - 6, top + 6);
  const {scores} = run.trials;
  const [shownLow, shownHigh] = scoreExtent(scores, run.maximize, 0.2), ends = extent(scores);
  const low = Math.max(shownLow, ends[0]), high = Math.min(shownHigh, ends[1]);
  const goodness = (score) => {
    const share = high > low ? (score - low) / (high - low) : 1;
    return run.maximize ? share : 1 - share;
  };
  const ramp = makeRamp(), pen = plot.pen;
  const placeX = pairPlace(run, state.across, x, 1), placeY = pairPlace(run, state.up, y, 7);
  plot.add("text", {class: "title", x: left, y: 12}, shortened(up.name, 40));
  labelSlice(plot, across, x, bottom, right - left);
  plot.add("text", {class: "title", x: right, y: height - 4, "text-anchor": "end"}, shortened(across.name, 40));
  labelUp(plot, up, y, left);
  plot.add("rect", {class: "axis", x: left, y: top, width: right - left, height: bottom - top});
  const places = [];
  for (let trial = scores.length - 1; trial >= 0; --trial) {
    const at = {trial, x: placeX(trial), y: placeY(trial)};
    if (!Number.isNaN(at.x) && !Number.isNaN(at.y)) places.push(at);
  }
  paintField(pen, places.filter((at) => Number.isFinite(scores[at.trial])), (at) => goodness(scores[at.trial]),
             ramp, {left, right, top, bottom, across, up});
  const points = [], radius = places.length > 2000 ? 1.8 : 3.2;
  const edge = places.length > 2000 ? null : colour("soft"), cross = colour("orange");
  for (const at of places) {
    pen.globalAlpha = selection.kept[at.trial] ? 1 : 0.1;
    if (Number.isFinite(scores[at.trial])) {
      paintPoint(pen, at, radius, ramp(goodness(scores[at.trial])), edge);
    } else {
      paintCross(pen, at, cross);
    }
    points.push({x: at.x, y: at.y, text: () => pairText(run, at.trial, state)});
  }
  pen.globalAlpha = 1;
  const winner = places.find((at) => at.trial === run.winner);
  if (winner) {
    plot.add("circle", {cx: winner.x, cy: winner.y, r: 6, fill: "none", stroke: colour("orange"), "stroke-width": 2.25});
  }
  drawColourKey(plot, ramp, {low, high, top, bottom, x: right + 14, maximize: run.maximize, name: run.metric});
  plot.tips(points);
}

function labelUp(plot, parameter, y, left) {
  if (!parameter.values) {
    for (const tick of y.ticks(6)) {
      plot.add("text", {x: left - 8, y: y(tick) + 4, "text-anchor": "end"}, tickText(tick));
    }
    return;
  }
  const skip = Math.ceil(parameter.values.length / 16);
  parameter.values.forEach((text, i) => {
    if (i % skip) return;
    plot.add("text", {x: left - 8, y: y(i) + 4, "text-anchor": "end"}, shortened(text, 14))
        .append(svgElement("title", {}, text));
  });
}

// edge: the colour of its rim, or null.
function paintPoint(pen, at, radius, fill, edge) {
  pen.beginPath();
  pen.arc(at.x, at.y, radius, 0, 7);
  pen.fillStyle = fill;
  pen.fill();
  if (!edge) return;
  pen.lineWidth = 0.75;
  pen.strokeStyle = edge;
  pen.stroke();
}

function paintCross(pen, at, stroke) {
  pen.strokeStyle = stroke;
  pen.lineWidth = 1.25;
  pen.beginPath();
  pen.moveTo(at.x - 3, at.y - 3);
  pen.lineTo(at.x + 3, at.y + 3);
  pen.moveTo(at.x - 3, at.y + 3);
  pen.lineTo(at.x + 3, at.y - 3);
  pen.stroke();
}

// The mean of the scores near each cell (a Gaussian kernel along numbers, none along categories),
// fainter where fewer are near.
function paintField(pen, places, goodness, ramp, {left, right, top, bottom, across, up}) {
  const axisOf = (parameter, cells) => parameter.values ? {cells: parameter.values.length, width: 0}
                                                        : {cells, width: FIELD.width};
  const x = axisOf(across, FIELD.columns), y = axisOf(up, FIELD.rows);
  const sums = new Float64Array(x.cells * y.cells), counts = new Float64Array(x.cells * y.cells);
  const cellOf = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
  for (const at of places) {
    const cell = cellOf((at.y - top) / (bottom - top), y.cells) * x.cells +
        cellOf((at.x - left) / (right - left), x.cells);
    sums[cell] += Math.max(0, Math.min(1, goodness(at)));
    counts[cell] += 1;
  }
  const near = blurred(counts, x, y), total = blurred(sums, x, y);
  const one = kernelOf(x.width)[3 * x.width] * kernelOf(y.width)[3 * y.width];  // of a trial, at its place
  const field = document.createElement("canvas");
  field.width = x.cells;
  field.height = y.cells;
  const cells = field.getContext("2d");
  for (let cell = 0; cell < sums.length; ++cell) {
    const strength = Math.min(1, near[cell] / (0.3 * one));
    if (strength < 0.1) continue;
    cells.globalAlpha = 0.6 * strength;
    cells.fillStyle = ramp(total[cell] / near[cell]);
    cells.fillRect(cell % x.cells, Math.floor(cell / x.cells), 1, 1);
  }
  pen.imageSmoothingEnabled = !across.values && !up.values;  // nothing lies between categories
  pen.drawImage(field, left, top, right - left, bottom - top);
}

// Of so many cells' deviation, three times that to both sides; 0: none.
function kernelOf(width) {
  if (width === 0) return [1];
  return Array.from({length: 6 * width + 1}, (_, i) =>
      Math.exp(-((i / width - 3) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI)));
}

// Along rows and then along columns.
function blurred(cells, x, y) {
  const pass = (from, step, at, {cells: count, width}) => {
    const kernel = kernelOf(width), reach = 3 * width, to = new Float64Array(from.length);
    for (let cell = 0; cell < from.length; ++cell) {
      const place = at(cell);
      for (let d = -reach; d <= reach; ++d) {
        if (place + d >= 0 && place + d < count) to[cell] += kernel[d + reach] * from[cell + d * step];
      }
    }
    return to;
  };
  return pass(pass(cells, 1, (cell) => cell % x.cells, x), x.cells, (cell) => Math.floor(cell / x.cells), y);
}

function pairText(run, trial, state) {
  const line = (index) => run.parameters[index].name + " " +
      valueText(run.parameters[index], run.trials.values[index][trial]);
  const score = run.trials.scores[trial];
  return `trial ${run.trials.ids[trial]}: ${Number.isFinite(score) ? scoreText(score) : "diverged"}\n` +
      `${line(state.across)}\n${line(state.up)}`;
}

// Which colour is which score: the best above.
function drawColourKey(plot, ramp, {low, high, top, bottom, x, maximize, name}) {
  const tall = Math.min(bottom - top, 200), steps = 64, pen = plot.pen;
  for (let i = 0; i < steps; ++i) {
    pen.fillStyle = ramp(1 - i / (steps - 1));
    pen.fillRect(x, top + i * tall / steps, 12, tall / steps + 0.5);
  }
  plot.add("rect", {class: "axis", x, y: top, width: 12, height: tall});
  const worst = maximize ? low : high, best = maximize ? high : low;
  plot.add("text", {x, y: 12, class: "title"}, shortened(name, 10));
  plot.add("text", {x: x + 17, y: top + 10}, tickText(Number(best.toPrecision(3))));
  plot.add("text", {x: x + 17, y: top + tall / 2 + 4}, tickText(Number(((low + high) / 2).toPrecision(3))));
  plot.add("text", {x: x + 17, y: top + tall}, tickText(Number(worst.toPrecision(3))));
}
