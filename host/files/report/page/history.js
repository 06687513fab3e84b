// SPDX-License-Identifier: Apache-2.0
// The best score so far, against epochs trained, time or trials. Of several runs, a line each.

function drawHistory(parent, runs) {
  const timed = runs.every((run) => run.history.seconds.every(Number.isFinite));
  if (runs.every((run) => run.history.scores.length === 0)) {
    parent.append(htmlElement("p", {class: "soft"}, "No score was evaluated on the way."));
    return;
  }
  const state = choices("history", {by: "epochs"});
  if (state.by === "seconds" && !timed) state.by = "epochs";
  const axes = [["epochs", "Epochs trained"]];
  if (timed) axes.push(["seconds", "Time"]);
  axes.push(["trials", "Trials"]);
  makeChoice(parent, "What the best score is drawn against", axes, state.by, (key) => {
    state.by = key;
    plot.redraw();
  });
  addRunLegend(parent, runs);
  const plot = new Plot(parent, {
    height: 300,
    label: "Best " + runs[0].metric + " so far; the table of trials has the numbers",
    draw: (self) => drawBestSoFar(self, runs, state.by),
  });
}

// The steps of a run: x, score and trial of each improvement, and where all ends.
function historySteps(run, by) {
  const {history, trials} = run;
  if (by !== "trials") {
    return Array.from(history.scores, (score, i) => ({x: history[by][i], score, trial: history.trials[i]}));
  }
  const order = Array.from(trials.ids.keys()).sort((a, b) => trials.ids[a] - trials.ids[b]);
  const steps = [];
  let best = NaN;
  for (const trial of order) {
    const score = trials.scores[trial];
    const better = Number.isFinite(score) && !(run.maximize ? best >= score : best <= score);
    if (better) steps.push({x: trials.ids[trial], score: best = score, trial: trials.ids[trial]});
  }
  if (steps.length) steps.push({...steps[steps.length - 1], x: trials.ids[order[order.length - 1]]});
  return steps;
}

// Scores from where a fiftieth was done to the best: what comes before is steep, and says little.
function historyExtent(all, run, scatter) {
  if (scatter) return scoreExtent(run.trials.scores, run.maximize);
  const scores = [];
  for (const steps of all) {
    const end = steps.length ? steps[steps.length - 1].x : 0;
    for (const [i, step] of steps.entries()) {
      const next = steps[Math.min(i + 1, steps.length - 1)].x;
      if (next >= end / 50) scores.push(step.score);
    }
  }
  const [low, high] = extent(scores);
  const margin = (high - low) * 0.06 || Math.abs(high) * 0.01 || 0.1;
  return [low - margin, high + margin];
}

function drawBestSoFar(plot, runs, by) {
  const {width, height} = plot.pixels;
  const left = 60, bottom = height - 44;
  const all = runs.map((run) => historySteps(run, by));
  const scatter = by === "trials" && runs.length === 1;
  const end = Math.max(1e-9, ...all.map((steps) => steps.length ? steps[steps.length - 1].x : 0));
  const x = makeScale({low: 0, high: end, from: left, to: width - 10});
  const [low, high] = historyExtent(all, runs[0], scatter);
  const y = makeScale({low, high, from: bottom, to: 14});
  plot.axisLeft(y, left, width, {});
  const titles = {epochs: "epochs trained, of all networks", seconds: "time", trials: "trial"};
  plot.axisBelow(x, bottom, {title: titles[by], text: by === "seconds" ? durationText : tickText,
                             ticks: width / 90});
  plot.add("text", {x: left, y: 10, class: "title"}, "best " + runs[0].metric);
  const clip = plot.add("clipPath", {id: "history-clip"});
  clip.append(svgElement("rect", {x: left, y: 0, width: width - left, height: bottom + 2}));
  if (scatter) drawFinalScores(plot, runs[0], x, y, left, bottom);
  const points = [];
  all.forEach((steps, index) => {
    if (steps.length === 0) return;
    let path = "";
    steps.forEach((step, i) => {
      path += (i ? "H" : "M") + x(step.x) + (i ? "" : " " + y(step.score)) + (i ? "V" + y(step.score) : "");
      if (y(step.score) > bottom) return;
      points.push({x: x(step.x), y: y(step.score), text: () => runs.length > 1 ?
          `${runs[index].directory}\ntrial ${step.trial}: ${scoreText(step.score)}` :
          `trial ${step.trial}: ${scoreText(step.score)}`});
    });
    const line = plot.add("path", {class: "mark", d: path, "clip-path": "url(#history-clip)"});
    if (runs.length > 1) styleOfRun(line, index);
    const last = steps[steps.length - 1];
    if (runs.length === 1) {
      plot.add("circle", {cx: x(last.x), cy: y(last.score), r: 4, fill: colour("orange")});
      plot.add("text", {x: x(last.x) - 8, y: y(last.score) + 18, "text-anchor": "end", class: "title"},
               scoreText(last.score));
    }
  });
  plot.tips(points);
}

// Each trial's last score, behind the line.
function drawFinalScores(plot, run, x, y, left, bottom) {
  const {pen} = plot, {ids, scores, count} = run.trials;
  pen.fillStyle = colour("middle");
  pen.globalAlpha = count > 2000 ? 0.35 : 0.6;
  for (let trial = 0; trial < count; ++trial) {
    if (!Number.isFinite(scores[trial])) continue;
    pen.beginPath();
    pen.arc(x(ids[trial]), Math.min(y(scores[trial]), bottom), 1.8, 0, 7);
    pen.fill();
  }
  pen.globalAlpha = 1;
}
