// SPDX-License-Identifier: Apache-2.0
// The empirical distribution of the scores: the share of trials with at most a score. Trials without
// one are worse than all. Of several runs, a line each.

function drawEdf(parent, runs) {
  if (runs.every((run) => !run.trials.scores.some(Number.isFinite))) {
    parent.append(htmlElement("p", {class: "soft"}, "No trial has a score."));
    return;
  }
  addRunLegend(parent, runs);
  new Plot(parent, {
    height: 280,
    label: "The share of trials with at most a " + runs[0].metric,
    draw: (self) => drawEdfOf(self, runs),
  });
}

function drawEdfOf(plot, runs) {
  const {width, height} = plot.pixels, left = 60, bottom = height - 44, top = 24;
  const [low, high] = scoreExtent(runs.flatMap((run) => Array.from(run.trials.scores)), runs[0].maximize);
  const x = makeScale({low, high, from: left, to: width - 10});
  const y = makeScale({low: 0, high: 1, from: bottom, to: top});
  plot.axisLeft(y, left, width, {text: (share) => Math.round(100 * share) + " %"});
  plot.axisBelow(x, bottom, {title: "validation " + runs[0].metric, ticks: width / 90});
  plot.add("text", {x: left, y: 12, class: "title"}, "trials with at most this score");
  const clip = plot.add("clipPath", {id: "edf-clip"});
  clip.append(svgElement("rect", {x: left, y: top - 4, width: width - left, height: bottom - top + 6}));
  const points = [];
  runs.forEach((run, index) => {
    const scores = Array.from(run.trials.scores).filter(Number.isFinite).sort((a, b) => a - b);
    if (scores.length === 0) return;
    const count = run.trials.count, without = run.maximize ? count - scores.length : 0;
    let path = `M${x(low)} ${y(without / count)}`;
    const skip = Math.ceil(scores.length / 2000);  // more steps than there are pixels
    scores.forEach((score, i) => {
      if (i % skip && i + 1 < scores.length) return;
      const share = (without + i + 1) / count;
      path += `H${x(score)}V${y(share)}`;
      points.push({x: x(score), y: y(share), text: () =>
          (runs.length > 1 ? run.directory + "\n" : "") +
          `${Math.round(1000 * share) / 10} % of trials: at most ${scoreText(score)}`});
    });
    const line = plot.add("path", {class: "mark", d: path + `H${x(high)}`, "clip-path": "url(#edf-clip)"});
    if (runs.length > 1) styleOfRun(line, index);
  });
  plot.tips(points.filter((point) => point.x >= left));
}
