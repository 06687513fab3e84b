// SPDX-License-Identifier: Apache-2.0
// Learning curves: one trial in full, its training beside its validation; behind it the other best
// trials, and where 8 of 10 of all trials lie.

function drawCurves(parent, run) {
  const curves = run.curves.trials;
  if (curves.length === 0) {
    parent.append(htmlElement("p", {class: "soft"}, "No trial has a curve."));
    return;
  }
  const hasMetric = run.metric !== "loss";
  const state = choices("curves", {what: hasMetric ? "metric" : "loss", trial: null, log: null});
  const isLog = () => state.log ?? spansDecades(curves);
  const controls = makeChoice(parent, "What is drawn",
      hasMetric ? [["metric", run.metric], ["loss", "Loss"]] : [["loss", "Loss"]], state.what, (key) => {
        state.what = key;
        plot.redraw();
      });
  addSwitch(controls, "Logarithmic epochs", isLog(), (on) => {
    state.log = on;
    plot.redraw();
  });
  const select = htmlElement("select", {"aria-label": "The trial that is drawn in full"});
  curves.forEach((curve, i) => {
    const name = "trial " + curve.trial + (curve.trial === run.best ? " (winner)" : "");
    select.append(htmlElement("option", {value: i}, name));
  });
  const shown = () => Math.max(curves.findIndex((curve) => curve.trial === state.trial), 0);
  select.value = shown();
  select.addEventListener("change", () => {
    state.trial = curves[Number(select.value)].trial;
    plot.redraw();
  });
  controls.append(select);
  const plot = new Plot(parent, {
    height: 320,
    label: "Learning curves of the best trials",
    draw: (self) => drawCurvesOf(self, run, {what: state.what, shown: shown(), log: isLog()}),
  });
}

function addSwitch(parent, text, on, onChange) {
  const button = htmlElement("button", {type: "button", "aria-pressed": String(on)}, text);
  button.addEventListener("click", () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    onChange(on);
  });
  parent.append(button);
}

function spansDecades(curves) {
  const last = Math.max(...curves.map((curve) => curve.epochs[curve.epochs.length - 1]));
  return last >= 16;
}

function linePath(epochs, values, x, y) {
  let path = "";
  for (let i = 0; i < epochs.length; ++i) {
    if (Number.isFinite(values[i])) path += (path ? "L" : "M") + x(epochs[i]) + " " + y(values[i]);
  }
  return path;
}

function drawCurvesOf(plot, run, state) {
  const {width, height} = plot.pixels, left = 60, bottom = height - 44, top = 22;
  const loss = state.what === "loss";
  const curves = run.curves.trials, spread = loss ? run.curves.loss : run.curves.metric;
  const one = curves[state.shown];
  const numbers = [];
  for (const curve of curves) numbers.push(...(loss ? curve.valid : curve.metric));
  if (loss) numbers.push(...one.train);
  let [low, high] = loss ? scoreExtent([...numbers, ...spread.high], false)
                         : scoreExtent([...numbers, ...spread.middle], run.maximize);
  const logLoss = loss && extent(numbers)[0] > 0;
  if (logLoss) low = Math.max(low, extent(numbers)[0] * 0.9);
  const ends = extent(curves.flatMap((curve) => [curve.epochs[0], curve.epochs[curve.epochs.length - 1]]));
  const x = makeScale({low: ends[0], high: ends[1], log: state.log && ends[0] > 0, from: left, to: width - 10});
  const y = makeScale({low, high, log: logLoss, from: bottom, to: top});
  plot.axisLeft(y, left, width, {});
  plot.axisBelow(x, bottom, {title: "epoch", ticks: width / 90});
  plot.add("text", {x: left, y: 12, class: "title"}, loss ? "loss" : "validation " + run.metric);
  const clip = plot.add("clipPath", {id: "curves-clip"});
  clip.append(svgElement("rect", {x: left, y: top - 4, width: width - left, height: bottom - top + 6}));
  const line = (className, epochs, values, style = "") => plot.add("path", {
    class: className, d: linePath(epochs, values, x, y), style, "clip-path": "url(#curves-clip)"});
  drawSpread(plot, spread, x, y);
  for (const curve of curves) {
    if (curve === one) continue;
    line("mark", curve.epochs, loss ? curve.valid : curve.metric, "stroke-width:1;opacity:.45");
  }
  line("winner", one.epochs, loss ? one.valid : one.metric);
  if (loss) line("winner dashed", one.epochs, one.train);
  nameCurve(plot, one, run, loss, x, y, top, bottom);
  curveTips(plot, curves, run, loss, x, y);
}

function drawSpread(plot, spread, x, y) {
  if (spread.epochs.length < 2) return;
  const {pen} = plot;
  pen.save();
  pen.beginPath();
  pen.rect(60, 18, plot.width - 60, plot.pixels.height - 62);
  pen.clip();
  pen.beginPath();
  spread.epochs.forEach((epoch, i) => pen.lineTo(x(epoch), y(Math.max(spread.low[i], 1e-30))));
  for (let i = spread.epochs.length - 1; i >= 0; --i) pen.lineTo(x(spread.epochs[i]), y(spread.high[i]));
  pen.closePath();
  pen.fillStyle = colour("band");
  pen.fill();
  pen.restore();
}

// The best epoch of the trial by validation loss, and the names of its lines.
function nameCurve(plot, one, run, loss, x, y, top, bottom) {
  const values = loss ? one.valid : one.metric, last = one.epochs.length - 1;
  const inside = (pixel) => Math.max(top + 8, Math.min(bottom - 6, pixel));
  const put = (epoch, value, text, below) => {
    if (!Number.isFinite(value)) return;
    plot.add("text", {x: x(epoch) - 4, y: inside(y(value) + (below ? 16 : -8)), "text-anchor": "end",
                      class: "title"}, text);
  };
  if (loss && last > 0) {
    const apart = one.valid[last] >= one.train[last];
    put(one.epochs[last], one.valid[last], "validation", !apart);
    put(one.epochs[last], one.train[last], "training", apart);
  } else {
    put(one.epochs[last], values[last], "trial " + one.trial, true);
  }
  let best = -1;
  values.forEach((value, i) => {
    const better = best < 0 || (loss || !run.maximize ? value < values[best] : value > values[best]);
    if (Number.isFinite(value) && better) best = i;
  });
  if (best < 0) return;
  plot.add("circle", {cx: x(one.epochs[best]), cy: inside(y(values[best])), r: 4, fill: colour("orange")});
}

function curveTips(plot, curves, run, loss, x, y) {
  const points = [];
  for (const curve of curves) {
    curve.epochs.forEach((epoch, i) => {
      const value = loss ? curve.valid[i] : curve.metric[i];
      if (!Number.isFinite(value)) return;
      points.push({x: x(epoch), y: y(value), text: () =>
          `trial ${curve.trial}, epoch ${epoch}\n` + (loss ?
              `validation ${scoreText(value)}, training ${scoreText(curve.train[i])}` :
              `${run.metric} ${scoreText(value)}`)});
    });
  }
  plot.tips(points);
}
