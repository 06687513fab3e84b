// SPDX-License-Identifier: Apache-2.0
// The learning curves of the winners of several runs, over each other.

function drawWinners(parent, runs) {
  const curves = runs.map((run) => run.curves.trials.find((curve) => curve.trial === run.best));
  if (!curves.some(Boolean)) {
    parent.append(htmlElement("p", {class: "soft"}, "No winner has a curve."));
    return;
  }
  const hasMetric = runs[0].metric !== "loss";
  const state = {what: hasMetric ? "metric" : "loss", log: spansDecades(curves.filter(Boolean))};
  const controls = makeChoice(parent, "What is drawn",
      hasMetric ? [["metric", runs[0].metric], ["loss", "Loss"]] : [["loss", "Loss"]], state.what, (key) => {
        state.what = key;
        plot.redraw();
      });
  addSwitch(controls, "Logarithmic epochs", state.log, (on) => {
    state.log = on;
    plot.redraw();
  });
  addRunLegend(parent, runs);
  const plot = new Plot(parent, {
    height: 300,
    label: "Learning curves of the winners",
    draw: (self) => drawWinnersOf(self, runs, curves, state),
  });
}

function drawWinnersOf(plot, runs, curves, state) {
  const {width, height} = plot.pixels, left = 60, bottom = height - 44, top = 22;
  const loss = state.what === "loss", of = (curve) => loss ? curve.valid : curve.metric;
  const drawn = curves.filter(Boolean);
  const numbers = drawn.flatMap((curve) => Array.from(of(curve)));
  const ends = extent(drawn.flatMap((curve) => [curve.epochs[0], curve.epochs[curve.epochs.length - 1]]));
  const x = makeScale({low: ends[0], high: ends[1], log: state.log && ends[0] > 0, from: left, to: width - 10});
  const [low, high] = scoreExtent(numbers, !loss && runs[0].maximize);
  const y = makeScale({low, high, log: loss && low > 0, from: bottom, to: top});
  plot.axisLeft(y, left, width, {});
  plot.axisBelow(x, bottom, {title: "epoch", ticks: width / 90});
  plot.add("text", {x: left, y: 12, class: "title"}, loss ? "validation loss" : "validation " + runs[0].metric);
  const clip = plot.add("clipPath", {id: "winners-clip"});
  clip.append(svgElement("rect", {x: left, y: top - 4, width: width - left, height: bottom - top + 6}));
  const points = [];
  curves.forEach((curve, index) => {
    if (!curve) return;
    const line = plot.add("path", {class: "mark", d: linePath(curve.epochs, of(curve), x, y),
                                   "clip-path": "url(#winners-clip)"});
    styleOfRun(line, index);
    curve.epochs.forEach((epoch, i) => {
      const value = of(curve)[i];
      if (Number.isFinite(value)) points.push({x: x(epoch), y: y(value), text: () =>
          `${runs[index].directory}, trial ${curve.trial}\nepoch ${epoch}: ${scoreText(value)}`});
    });
  });
  plot.tips(points);
}
