// SPDX-License-Identifier: Apache-2.0
// A chart: a canvas for marks, which may be ten thousand, and an SVG above it for axes and words.
// It is drawn anew when its width, the colours or the paper change.

const SVG = "http://www.w3.org/2000/svg";
const plots = [];

function svgElement(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function htmlElement(name, attributes = {}, text) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// The value of a colour of report.css.
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

class Plot {
  // draw(plot) draws everything; `label` is what a screen reader says.
  constructor(parent, {height, label, draw}) {
    this.box = htmlElement("div", {class: "chart"});
    this.canvas = htmlElement("canvas", {"aria-hidden": "true"});
    this.svg = svgElement("svg", {role: "group", "aria-label": label});
    this.box.append(this.canvas, this.svg);
    parent.append(this.box);
    this.height = height;
    this.draw = draw;
    plots.push(this);
    // Not at once: drawing changes the size of what is observed.
    new ResizeObserver(() => requestAnimationFrame(() => {
      if (Math.round(this.box.clientWidth) !== this.width) this.redraw();
    })).observe(this.box);
    this.redraw();
  }

  redraw() {
    this.width = Math.round(this.box.clientWidth) || 600;
    const height = typeof this.height === "function" ? this.height(this.width) : this.height;
    this.pixels = {width: this.width, height};
    this.box.style.aspectRatio = this.width + " / " + height;
    const ratio = Math.max(window.devicePixelRatio || 1, 2);
    this.canvas.width = this.width * ratio;
    this.canvas.height = height * ratio;
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.replaceChildren();
    this.draw(this);
  }

  add(name, attributes, text) {
    const element = svgElement(name, attributes, text);
    this.svg.append(element);
    return element;
  }

  // An axis below, with its ticks.
  axisBelow(scale, y, {title, ticks = 6, text = tickText} = {}) {
    this.add("line", {class: "axis", x1: scale.from ?? 0, x2: this.width, y1: y, y2: y});
    for (const tick of scale.ticks(ticks)) {
      const x = scale(tick);
      this.add("line", {class: "axis", x1: x, x2: x, y1: y, y2: y + 4});
      const anchor = x > this.width - 16 ? "end" : "middle";
      this.add("text", {x, y: y + 18, "text-anchor": anchor}, text(tick));
    }
    if (title) this.add("text", {x: this.width, y: y + 36, "text-anchor": "end"}, title);
  }

  // An axis to the left: lines across, and the ticks.
  axisLeft(scale, x, right, {ticks = 5, text = tickText} = {}) {
    for (const tick of scale.ticks(ticks)) {
      const y = scale(tick);
      this.add("line", {class: "axis", x1: x, x2: right, y1: y, y2: y});
      this.add("text", {x: x - 8, y: y + 4, "text-anchor": "end"}, text(tick));
    }
  }

  // Shows a text beside the pointer when it is near one of the points: [{x, y, text}].
  tips(points) {
    if (!this.tip) {
      this.tip = htmlElement("div", {class: "tip", hidden: "", "aria-hidden": "true"});
      this.box.append(this.tip);
      this.box.addEventListener("pointermove", (event) => this.showTip(event));
      this.box.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    }
    this.points = points;
  }

  showTip(event) {
    const box = this.box.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    let nearest = null, least = 18 ** 2;
    for (const point of this.points) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance < least) [nearest, least] = [point, distance];
    }
    this.tip.hidden = !nearest;
    if (!nearest) return;
    this.tip.textContent = nearest.text();
    const left = Math.min(nearest.x + 10, this.width - this.tip.offsetWidth - 4);
    this.tip.style.left = Math.max(left, 0) + "px";
    this.tip.style.top = Math.max(nearest.y - this.tip.offsetHeight - 8, 0) + "px";
  }
}

// Buttons of which one is pressed: choices are [key, text].
function makeChoice(parent, label, choices, chosen, onChange) {
  const group = htmlElement("div", {class: "controls", role: "group", "aria-label": label});
  for (const [key, text] of choices) {
    const button = htmlElement("button", {type: "button", "aria-pressed": String(key === chosen)}, text);
    button.addEventListener("click", () => {
      for (const each of group.querySelectorAll("button")) {
        each.setAttribute("aria-pressed", String(each === button));
      }
      onChange(key);
    });
    group.append(button);
  }
  parent.append(group);
  return group;
}

function redrawAll() {
  for (const plot of plots) plot.redraw();
}

function watchColours() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "";
    redrawAll();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    redrawAll();
  });
}
