// SPDX-License-Identifier: Apache-2.0
// Puts each chart where the page has a place for it.

// What a reader has chosen in a chart, by its name, so that it is there when the chart is drawn of
// other data.
const chosen = new Map();

function choices(name, initial) {
  if (!chosen.has(name)) chosen.set(name, initial);
  return chosen.get(name);
}

function place(id, draw) {
  const parent = document.getElementById(id);
  if (!parent) return;
  parent.replaceChildren();
  draw(parent);
}

// The text of a command, into the clipboard.
function watchCopies() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (button.onclick) continue;
    button.hidden = !navigator.clipboard;
    button.onclick = async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
  }
}

// Where trials are too many for a page, of which it shows some.
function tellOfSample(parent, trials) {
  if (trials.shown === trials.all) return;
  parent.append(htmlElement("p", {class: "soft"}, `Of ${countText(trials.all)} trials ` +
      `${countText(trials.shown)} are here, as many as fit into a page: the best, and an even sample of the ` +
      "others; trials.csv has all."));
}

let selection = null;

function drawAll(data) {
  if (data.runs.length === 0) return;
  const runs = data.runs.map(readRun);
  plots.length = 0;
  selection = runs.length === 1 ? new Selection(runs[0], selection) : null;
  place("history-chart", (parent) => drawHistory(parent, runs));
  place("edf-chart", (parent) => drawEdf(parent, runs));
  place("curves-chart", (parent) => drawCurves(parent, runs[0]));
  place("winners-chart", (parent) => drawWinners(parent, runs));
  place("parallel-chart", (parent) => {
    tellOfSample(parent, runs[0].trials);
    drawParallel(parent, runs[0], selection);
  });
  place("slices-chart", (parent) => drawSlices(parent, runs, selection));
  place("contour-chart", (parent) => drawContour(parent, runs[0], selection));
  place("trials-table", (parent) => {
    tellOfSample(parent, runs[0].trials);
    drawTrials(parent, runs[0], selection);
  });
  watchCopies();
}

drawAll(JSON.parse(document.getElementById("report-data").textContent));
watchColours();
