// SPDX-License-Identifier: Apache-2.0
// Puts each chart where the page has a place for it.

function place(id, draw) {
  const parent = document.getElementById(id);
  if (parent) draw(parent);
}

// The text of a command, into the clipboard.
function watchCopies() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }
}

// Where trials are too many for a page, of which it shows some.
function tellOfSample(parent, trials) {
  if (trials.shown === trials.all) return;
  parent.before(htmlElement("p", {class: "soft"}, `Of ${countText(trials.all)} trials ` +
      `${countText(trials.shown)} are here, as many as fit into a page: the best, and an even sample of the ` +
      "others; trials.csv has all."));
}

function main() {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const runs = data.runs.map(readRun);
  const selection = runs.length === 1 ? new Selection(runs[0]) : null;
  for (const id of ["parallel-chart", "trials-table"]) place(id, (parent) => tellOfSample(parent, runs[0].trials));
  place("history-chart", (parent) => drawHistory(parent, runs));
  place("edf-chart", (parent) => drawEdf(parent, runs));
  place("curves-chart", (parent) => drawCurves(parent, runs[0]));
  place("winners-chart", (parent) => drawWinners(parent, runs));
  place("parallel-chart", (parent) => drawParallel(parent, runs[0], selection));
  place("slices-chart", (parent) => drawSlices(parent, runs, selection));
  place("contour-chart", (parent) => drawContour(parent, runs[0], selection));
  place("trials-table", (parent) => drawTrials(parent, runs[0], selection));
  watchCopies();
  watchColours();
}

main();
