// SPDX-License-Identifier: Apache-2.0
// Parallel coordinates: an axis for each parameter, the score last, a line for each trial. A range
// on an axis, dragged or set by keys, keeps the trials that pass through it.

function drawParallel(parent, run, selection) {
  const axes = parallelAxes(run);
  const controls = htmlElement("div", {class: "controls"});
  const count = htmlElement("span", {class: "soft small", role: "status"});
  const clear = htmlElement("button", {type: "button"}, "Show all");
  clear.addEventListener("click", () => selection.clear());
  controls.append(clear, count);
  parent.append(controls);
  const box = htmlElement("div", {class: "wide"});
  const inner = htmlElement("div", {style: `min-width:${Math.min(axes.length * 84, 1400)}px`});
  box.append(inner);
  parent.append(box);
  const plot = new Plot(inner, {
    height: 360,
    label: "Parallel coordinates of " + run.trials.count + " trials",
    draw: (self) => drawLines(self, run, axes, selection),
  });
  const tell = () => {
    clear.disabled = !selection.active;
    count.textContent = selection.active
        ? `${countText(selection.size)} of ${countText(run.trials.count)} trials are within the ranges`
        : "";
  };
  tell();
  selection.listen(() => {
    tell();
    paintLines(plot, run, axes, selection);
    axes.forEach((axis, index) => placeBrush(axis, index, selection));
  });
}

function parallelAxes(run) {
  const axes = run.parameters.map((parameter, index) => ({
    name: parameter.name, values: run.trials.values[index], choices: parameter.values,
    low: parameter.values ? -0.3 : parameter.low,
    high: parameter.values ? parameter.values.length - 0.7 : parameter.high, log: parameter.log}));
  const [low, high] = scoreExtent(run.trials.scores, run.maximize);
  axes.push({name: run.metric, values: run.trials.scores, low, high, log: false, clamp: true});
  return axes;
}

const PARALLEL = {top: 44, bottom: 28, side: 44};

function drawLines(plot, run, axes, selection) {
  const {width, height} = plot.pixels;
  const step = (width - 2 * PARALLEL.side) / Math.max(axes.length - 1, 1);
  axes.forEach((axis, index) => {
    axis.x = PARALLEL.side + step * index;
    axis.scale = makeScale({low: axis.low, high: axis.high, log: axis.log && axis.low > 0,
                            from: height - PARALLEL.bottom, to: PARALLEL.top});
  });
  paintLines(plot, run, axes, selection);
  axes.forEach((axis, index) => {
    plot.add("line", {class: "axis", x1: axis.x, x2: axis.x, y1: PARALLEL.top, y2: height - PARALLEL.bottom,
                      style: "stroke:var(--faint)"});
    labelAxis(plot, axis, step);
    addBrush(plot, axis, index, selection);
  });
}

function shortened(text, most) {
  return text.length > most ? text.slice(0, Math.max(most - 1, 1)) + "\u2026" : text;
}

function labelAxis(plot, axis, step) {
  const most = Math.floor(step / 6.6);
  const title = plot.add("text", {class: "title", x: axis.x, y: 16, "text-anchor": "middle"},
                         shortened(axis.name, most));
  title.append(svgElement("title", {}, axis.name));
  const ticks = axis.choices ? axis.choices.map((text, i) => [i, text])
                             : axis.scale.ticks(5).map((tick) => [tick, tickText(tick)]);
  const shown = Math.ceil(ticks.length / 12);
  ticks.forEach(([value, text], i) => {
    if (i % shown) return;
    plot.add("text", {x: axis.x + 5, y: axis.scale(value) + 4, class: "halo"},
             shortened(text, most - 1));
  });
}

// Where a trial crosses an axis: near its category, so that lines can be told apart. One that does
// not have the parameter passes below the axis.
function crossing(axis, trial, height) {
  const value = axis.values[trial];
  if (Number.isNaN(value)) return height - 8;
  const y = axis.scale(axis.choices ? value + spreadOf(trial) : value);
  return axis.clamp ? Math.max(PARALLEL.top, Math.min(height - PARALLEL.bottom, y)) : y;
}

// The worst first, so that the best lie above them. A trial's place is its rank: trials come ranked.
function paintLines(plot, run, axes, selection) {
  const {pen} = plot, {width, height} = plot.pixels, count = run.trials.count;
  const ramp = makeRamp(), faint = colour("low");
  pen.clearRect(0, 0, width, height);
  pen.lineWidth = count > 2000 ? 0.7 : 1;
  for (const kept of selection.active ? [0, 1] : [1]) {
    pen.globalAlpha = kept ? (count > 2000 && !selection.active ? 0.16 : 0.75) : 0.25;
    for (let trial = count - 1; trial >= 0; --trial) {
      if (selection.kept[trial] !== kept || run.trials.states[trial] === "d") continue;
      pen.strokeStyle = kept ? ramp((1 - trial / count) ** 3) : faint;
      strokeTrial(pen, axes, trial, height);
    }
  }
  pen.globalAlpha = 1;
  if (run.winner < 0 || !selection.kept[run.winner]) return;
  pen.lineWidth = 2.5;
  pen.strokeStyle = colour("orange");
  strokeTrial(pen, axes, run.winner, height);
}

function strokeTrial(pen, axes, trial, height) {
  pen.beginPath();
  for (const axis of axes) pen.lineTo(axis.x, crossing(axis, trial, height));
  pen.stroke();
}

// ---- ranges

function addBrush(plot, axis, index, selection) {
  const {height} = plot.pixels, bottom = height - PARALLEL.bottom;
  axis.brush = plot.add("rect", {class: "brush", x: axis.x - 7, width: 14, y: 0, height: 0});
  const handle = plot.add("rect", {class: "handle", x: axis.x - 16, width: 32, y: PARALLEL.top - 6,
                                   height: bottom - PARALLEL.top + 12, tabindex: 0, role: "slider",
                                   "aria-orientation": "vertical"});
  axis.handle = handle;
  const toAxis = (event) => {
    const box = plot.svg.getBoundingClientRect();
    const y = (event.clientY - box.top) * height / box.height;
    return Math.max(PARALLEL.top, Math.min(bottom, y));
  };
  let start = null;
  const drag = (event) => {
    const now = toAxis(event);
    if (Math.abs(now - start) > 4) setPixels(axis, index, selection, start, now);
  };
  handle.addEventListener("pointerdown", (event) => {
    start = toAxis(event);
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", drag);
  });
  handle.addEventListener("pointerup", (event) => {
    handle.removeEventListener("pointermove", drag);
    if (Math.abs(toAxis(event) - start) <= 4) selection.setRange(index, null);
  });
  handle.addEventListener("keydown", (event) => brushByKey(event, axis, index, selection, bottom));
  placeBrush(axis, index, selection);
}

function setPixels(axis, index, selection, a, b) {
  const slack = axis.choices ? 0.3 : 0;  // a category is as wide as its lines are spread
  const low = axis.scale.invert(Math.max(a, b)) - slack, high = axis.scale.invert(Math.min(a, b)) + slack;
  // The score's axis leaves out the worst: its lower end takes all of them.
  const open = axis.clamp && Math.max(a, b) >= axis.scale(axis.low) - 1;
  const over = axis.clamp && Math.min(a, b) <= axis.scale(axis.high) + 1;
  selection.setRange(index, [open ? -Infinity : low, over ? Infinity : high]);
}

// Arrows move the range by a twentieth of the axis, with Shift its upper end alone; Escape ends it.
function brushByKey(event, axis, index, selection, bottom) {
  const step = (bottom - PARALLEL.top) / 20;
  const way = {ArrowUp: -step, ArrowDown: step}[event.key];
  if (event.key === "Escape") return selection.setRange(index, null);
  if (way === undefined) return;
  event.preventDefault();
  const [from, to] = pixelsOf(axis, selection.ranges.get(index)) ||
                     [bottom, (bottom + PARALLEL.top) / 2 - way];
  const clamp = (y) => Math.max(PARALLEL.top, Math.min(bottom, y));
  setPixels(axis, index, selection, event.shiftKey ? from : clamp(from + way), clamp(to + way));
}

// [lower end, upper end] of a range.
function pixelsOf(axis, range) {
  if (!range) return null;
  const ends = [axis.scale(axis.low), axis.scale(axis.high)];
  return [range[0], range[1]].map((value, i) =>
      Number.isFinite(value) ? Math.min(ends[0], Math.max(ends[1], axis.scale(value))) : ends[i]);
}

function placeBrush(axis, index, selection) {
  const range = selection.ranges.get(index), pixels = pixelsOf(axis, range);
  axis.brush.setAttribute("y", pixels ? pixels[1] : 0);
  axis.brush.setAttribute("height", pixels ? Math.max(pixels[0] - pixels[1], 1) : 0);
  const bounds = range ? range.map((value) => Number.isFinite(value) ? settingText(value) : "the end") : [];
  axis.handle.setAttribute("aria-label", axis.name);
  axis.handle.setAttribute("aria-valuenow", range && Number.isFinite(range[1]) ? range[1] : axis.high);
  axis.handle.setAttribute("aria-valuetext", range ? bounds.join(" to ") : "all");
}
