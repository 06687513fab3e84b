// SPDX-License-Identifier: Apache-2.0
// The numbers that the page was written with. Columns of numbers are texts with spaces between them.

function columnOf(text) {
  return text ? Float64Array.from(text.split(" "), Number) : new Float64Array(0);
}

// In place: every column of a part of the document.
function readColumns(part, names) {
  for (const name of names) {
    if (part[name] !== undefined) part[name] = columnOf(part[name]);
  }
}

function readRun(run) {
  const trials = run.trials;
  readColumns(trials, ["ids", "epochs", "scores", "accuracies", "errors", "sizes", "brackets"]);
  trials.values = trials.values.map(columnOf);
  trials.count = trials.ids.length;
  readColumns(run.history, ["epochs", "seconds", "trials", "scores"]);
  for (const curve of run.curves.trials) readColumns(curve, ["epochs", "train", "valid", "metric"]);
  for (const spread of [run.curves.metric, run.curves.loss]) {
    readColumns(spread, ["epochs", "low", "middle", "high"]);
  }
  run.maximize = run.goal === "maximize";
  run.winner = trials.ids.indexOf(run.best);
  return run;
}

const STATES = {w: "waiting", p: "pruned", c: "complete", s: "stopped", d: "diverged", x: "dropped"};

// What the value of a parameter is called: of a category, its index is given.
function valueText(parameter, value) {
  if (Number.isNaN(value)) return "";
  return parameter.values ? parameter.values[value] : settingText(value);
}
