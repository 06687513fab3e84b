// SPDX-License-Identifier: Apache-2.0
// The table of trials: sorted by any column, filtered as `brood show --filter` does, in pages.

const ROWS_OF_A_PAGE = 25;

function drawTrials(parent, run, selection) {
  const columns = trialColumns(run);
  const state = choices("trials", {by: 0, down: false, page: 0, filter: ""});
  const controls = htmlElement("div", {class: "controls"});
  const label = htmlElement("label", {for: "filter"}, "Filter");
  const input = htmlElement("input", {id: "filter", type: "text", spellcheck: "false", autocomplete: "off",
                                      placeholder: filterExample(run), "aria-describedby": "filter-says"});
  const says = htmlElement("span", {id: "filter-says", class: "soft small", role: "status"});
  controls.append(label, input, says);
  const box = htmlElement("div", {class: "wide", tabindex: "0", role: "region", "aria-label": "Trials"});
  const table = htmlElement("table");
  box.append(table);
  const pages = htmlElement("div", {class: "controls"});
  parent.append(controls, box, pages);
  const show = () => showTrials(table, pages, run, columns, selection, state, show);
  const read = () => {
    const {conditions, problem} = parseFilter(input.value, columns);
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    says.textContent = problem || "";
    if (!problem) selection.setConditions(conditions);
  };
  input.addEventListener("input", () => {
    state.filter = input.value;
    read();
  });
  input.value = state.filter;
  if (input.value) read();
  selection.listen(() => {
    if (!selection.active) input.value = state.filter = "";
    state.page = 0;
    show();
  });
  show();
}

function filterExample(run) {
  const number = run.parameters.find((parameter) => !parameter.values);
  const choice = run.parameters.find((parameter) => parameter.values);
  const parts = [];
  if (number) parts.push(`${number.name}<${settingText((number.low + number.high) / 2)}`);
  if (choice) parts.push(`${choice.name}=${choice.values[0]}`);
  return parts.join(" & ") || "epochs>1";
}

// Each with the number it is sorted by, and the text that is shown.
function trialColumns(run) {
  const trials = run.trials;
  const number = (name, values, text = settingText) =>
      ({name, value: (t) => values[t], text: (t) => text(values[t]), isNumber: true});
  const columns = [
    {name: "rank", value: (t) => Number.isFinite(trials.scores[t]) ? t + 1 : NaN, isNumber: true,
     text: (t) => Number.isFinite(trials.scores[t]) && trials.all === trials.shown ? String(t + 1) : ""},
    number("trial", trials.ids, String),
    {name: "state", value: (t) => STATES[trials.states[t]], text: (t) => STATES[trials.states[t]]},
    number("epochs", trials.epochs, String),
    number(run.metric, trials.scores, scoreText),
  ];
  if (trials.accuracies) columns.push(number("accuracy", trials.accuracies));
  if (trials.errors) columns.push(number("standard_error", trials.errors));
  run.parameters.forEach((parameter, index) => {
    const values = trials.values[index];
    columns.push(parameter.values
        ? {name: parameter.name, text: (t) => valueText(parameter, values[t]), value: (t) => valueText(parameter, values[t])}
        : number(parameter.name, values));
  });
  columns.push(number("parameters", trials.sizes, (size) => size > 0 ? String(size) : ""));
  if (trials.brackets) columns.push(number("bracket", trials.brackets, String));
  return columns;
}

// Conditions joined by &: a column, a comparison, a value.
function parseFilter(text, columns) {
  const conditions = [];
  for (const part of text.split("&").map((each) => each.trim()).filter(Boolean)) {
    const match = part.match(/^(.+?)\s*(<=|>=|!=|==|=|<|>)\s*(.+)$/);
    if (!match) return {problem: `${part}: a condition is as lr<0.01 or optimizer=adam`};
    const column = columns.find((each) => each.name === match[1]);
    if (!column) return {problem: `${match[1]} is no column`};
    conditions.push(condition(column, match[2], match[3]));
  }
  return {conditions};
}

function condition(column, comparison, wanted) {
  const number = Number(wanted), plain = wanted.replace(/\s/g, "");
  return (trial) => {
    const value = column.value(trial);
    if (value === "" || Number.isNaN(value)) return false;
    if (typeof value === "number" && !Number.isNaN(number)) {
      return {"<": value < number, "<=": value <= number, ">": value > number, ">=": value >= number,
              "=": value === number, "==": value === number, "!=": value !== number}[comparison];
    }
    const same = String(value).replace(/\s/g, "") === plain;
    return comparison === "!=" ? !same : comparison.startsWith("=") && same;
  };
}

function sortedTrials(run, columns, selection, state) {
  const order = [];
  for (let trial = 0; trial < run.trials.count; ++trial) {
    if (selection.kept[trial]) order.push(trial);
  }
  const {value} = columns[state.by], sign = state.down ? -1 : 1;
  const none = (x) => x === "" || Number.isNaN(x);
  return order.sort((a, b) => {
    const x = value(a), y = value(b);
    if (none(x) || none(y)) return none(x) - none(y) || a - b;
    return (x < y ? -sign : x > y ? sign : a - b);
  });
}

function showTrials(table, pages, run, columns, selection, state, show) {
  const order = sortedTrials(run, columns, selection, state);
  const count = Math.max(Math.ceil(order.length / ROWS_OF_A_PAGE), 1);
  state.page = Math.min(state.page, count - 1);
  const head = htmlElement("tr");
  columns.forEach((column, index) => head.append(headerCell(column, index, state, show)));
  const body = order.slice(state.page * ROWS_OF_A_PAGE, (state.page + 1) * ROWS_OF_A_PAGE).map((trial) => {
    const row = htmlElement("tr", trial === run.winner ? {class: "winner"} : {});
    for (const column of columns) {
      row.append(htmlElement("td", column.isNumber ? {class: "number"} : {}, column.text(trial)));
    }
    return row;
  });
  const focused = table.contains(document.activeElement) ? state.by : -1;
  table.replaceChildren(htmlElement("thead"), htmlElement("tbody"));
  table.tHead.append(head);
  table.tBodies[0].append(...body);
  if (focused >= 0) head.children[focused].firstChild.focus();
  showPages(pages, order.length, count, state, show);
}

function headerCell(column, index, state, show) {
  const cell = htmlElement("th", {scope: "col", ...(column.isNumber ? {class: "number"} : {})});
  if (index === state.by) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
  const button = htmlElement("button", {type: "button"}, column.name);
  button.addEventListener("click", () => {
    state.down = index === state.by ? !state.down : false;
    state.by = index;
    state.page = 0;
    show();
  });
  cell.append(button);
  return cell;
}

function showPages(pages, trials, count, state, show) {
  if (!pages.firstChild) {
    for (const [text, way] of [["Previous", -1], ["Next", 1]]) {
      const button = htmlElement("button", {type: "button"}, text);
      button.addEventListener("click", () => {
        state.page += way;
        show();
      });
      pages.append(button);
    }
    pages.append(htmlElement("span", {class: "soft small", role: "status"}));
  }
  const [previous, next, text] = pages.children;
  previous.disabled = state.page === 0;
  next.disabled = state.page >= count - 1;
  const first = state.page * ROWS_OF_A_PAGE;
  text.textContent = trials === 0 ? "No trial keeps to the filter."
      : `${first + 1} to ${Math.min(first + ROWS_OF_A_PAGE, trials)} of ${countText(trials)} trials`;
}
