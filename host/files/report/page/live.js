// SPDX-License-Identifier: Apache-2.0
// The page of brood watch: asks the command that serves it, and nobody else, for data.json again
// and again, and draws what has changed of it. This is no part of a report that lies on a disk.

const ASK_EVERY = 2000;  // milliseconds

const badge = htmlElement("p", {id: "live", class: "live", role: "status"});
document.body.prepend(badge);

// By id: the HTML that an element had last.
const had = new Map();
let version = null, state = null, pointerIsDown = false, waiting = null;

for (const [event, down] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]]) {
  addEventListener(event, () => {
    pointerIsDown = down;
    if (!down) setTimeout(showWhatWaits);
  }, true);
}

function timeText(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}

function tell(name, text) {
  if (badge.textContent === text) return;
  badge.dataset.state = name;
  badge.textContent = text;
}

function tellState() {
  const {as_of, resume, why, page} = state;
  tell(state.state, {
    live: page ? `live, as of ${timeText(as_of)}` : "live, nothing is saved yet",
    stopped: `study stopped, as of ${timeText(as_of)}; to go on: ${resume}`,
    finished: `study finished, at ${timeText(as_of)}`,
    lost: `the run cannot be read: ${why}`,
  }[state.state]);
}

// ---- what the reader is at stays

function boxesOf(part) {
  return Array.from(part.querySelectorAll(".wide, pre"));
}

function focusable(part) {
  return Array.from(part.querySelectorAll("a, button, input, select, summary, [tabindex]"));
}

// Changes a part of the page; what is scrolled, open or focused in it is so afterwards.
function changed(part, change) {
  const scrolled = boxesOf(part).map((box) => [box.scrollLeft, box.scrollTop]);
  const open = Array.from(part.querySelectorAll("details"), (each) => each.open);
  const active = document.activeElement, at = focusable(part).indexOf(active);
  const caret = at >= 0 && active.type === "text" ? [active.selectionStart, active.selectionEnd] : null;
  const after = change() || part;
  after.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(open[i]); });
  boxesOf(after).forEach((box, i) => { if (scrolled[i]) box.scrollTo(...scrolled[i]); });
  const next = at >= 0 ? focusable(after)[at] : null;
  if (!next) return;
  next.focus({preventScroll: true});
  if (caret && next.type === "text") next.setSelectionRange(...caret);
}

// The first part that is seen, and how far below the top of the window.
function anchor() {
  for (const part of document.querySelectorAll("main > *")) {
    const box = part.getBoundingClientRect();
    if (box.bottom > 0) return {id: part.id, top: box.top};
  }
  return null;
}

function keepInPlace(before) {
  const part = before && scrollY > 0 ? document.getElementById(before.id) : null;
  if (part) scrollBy({top: part.getBoundingClientRect().top - before.top, behavior: "instant"});
}

// While something is dragged or marked, what is new waits.
function isBusy() {
  const marked = getSelection();
  return pointerIsDown || (marked && !marked.isCollapsed && marked.type === "Range");
}

// ---- what is new

function isNew(id, html) {
  if (had.get(id) === html) return false;
  had.set(id, html);
  return true;
}

function putPart({id, html}, before) {
  const old = document.getElementById(id);
  if (old && !isNew(id, html)) return old;
  had.set(id, html);
  const made = document.createRange().createContextualFragment(html).firstElementChild;
  if (old) {
    changed(old, () => {
      old.replaceWith(made);
      return made;
    });
  } else if (before) {
    before.after(made);
  } else {
    document.querySelector("main").prepend(made);
  }
  return made;
}

function show({page, report}) {
  const seen = anchor();
  for (const name of ["header", "nav"]) {
    const part = document.querySelector(name);
    if (isNew(name, page[name])) changed(part, () => { part.innerHTML = page[name]; });
  }
  const ids = new Set(page.main.map((part) => part.id));
  for (const part of document.querySelectorAll("main > *")) if (!ids.has(part.id)) part.remove();
  let last = null;
  for (const part of page.main) last = putPart(part, last);
  if (isNew("report", JSON.stringify(report))) {
    changed(document.querySelector("main"), () => drawAll(report));
  }
  watchCopies();
  keepInPlace(seen);
}

function showWhatWaits() {
  if (!waiting || isBusy()) return;
  const next = waiting;
  waiting = null;
  show(next);
}
document.addEventListener("selectionchange", () => setTimeout(showWhatWaits));

async function ask() {
  const headers = version ? {"If-None-Match": version} : {};
  const answer = await fetch("data.json", {headers, cache: "no-store"});
  if (answer.status === 304) return tellState();
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  state = JSON.parse(text);
  version = answer.headers.get("ETag");
  if (state.page) waiting = {page: state.page, report: state.report};
  showWhatWaits();
  tellState();
}

// A page that nobody sees asks nothing.
let isAsking = false;

async function follow() {
  if (isAsking || document.hidden) return;
  isAsking = true;
  try {
    await ask();
  } catch (error) {
    tell("away", "connection lost, trying again");
  }
  isAsking = false;
}
setInterval(follow, ASK_EVERY);
document.addEventListener("visibilitychange", follow);
follow();
